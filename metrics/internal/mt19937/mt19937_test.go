package mt19937

import (
	"slices"
	"testing"
)

func TestMT19937(t *testing.T) {
	g := New(5489) // the reference implementation's default seed
	if first := []uint32{g.Uint32(), g.Uint32(), g.Uint32()}; !slices.Equal(first, []uint32{3499211612, 581869302, 3890346734}) {
		t.Error(first)
	}
}
