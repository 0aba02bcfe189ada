package figures

import (
	"slices"
	"testing"
)

func TestUnionOfLayersKeepsOrder(t *testing.T) {
	got := unionOfLayers([]Model{{Name: "a", Layers: []string{"0", "1", "2"}}, {Name: "b", Layers: []string{"cnn.1", "0", "2", "3"}}, {Name: "c", Layers: []string{"1", "1b", "2"}}})
	want := []string{"cnn.1", "0", "1", "1b", "2", "3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 3000: "3000", 46906: "46\u00a0906", 1234567: "1\u00a0234\u00a0567", -12345: "-12\u00a0345"} {
		if got := Grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, expected %q", n, got, want)
		}
	}
}
