package results

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPositions: what is written is read again, and a mistake names its line.
func TestPositions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relative_positions.csv")
	layer := Layer{"a, \"model\"", "24.prenorm"}
	list := []HeadPosition{
		{Layer: layer, Head: 11, From: math.MinInt, To: -65, Pairs: 12, Mean: 1. / 3, Uniform: .25, Share: .1},
		{Layer: layer, Head: 11, From: -64, To: -64, Pairs: 1, Uniform: 1e-9},
		{Layer: layer, Head: 11, From: 65, To: math.MaxInt, Pairs: 1 << 40, Mean: 1, Uniform: 1, Share: 1},
	}
	if err := WritePositionsFile(path, list); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "model,layer,head,from,to,pairs,attention,uniform_attention,share\n" +
		"\"a, \"\"model\"\"\",24.prenorm,11,,-65,12,0.3333333333333333,0.25,0.1\n"
	if !strings.HasPrefix(string(data), want) {
		t.Errorf("the file begins %.200s", data)
	}
	back, err := ReadPositionsFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), ",0.25,", ",a quarter,", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err = ReadPositionsFile(path); err == nil || !strings.Contains(err.Error(), "relative_positions.csv:2: uniform_attention: \"a quarter\", expected a number") {
		t.Errorf("error %v", err)
	}
}
