package figures

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"speechsim/pipeline/published"
	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

func cellOf(x, y string, v float64) results.Cell {
	return results.Cell{Metric: "cka", X: results.Layer{Model: "a", Layer: x}, Y: results.Layer{Model: "b", Layer: y}, N: 9, Value: &v}
}

func TestCompare(t *testing.T) {
	cells := []results.Cell{cellOf("0", "0", 0.1), cellOf("0", "1", 0.2), cellOf("1", "0", 0.3), cellOf("1", "1", 0.9), cellOf("2", "2", 0.5)}
	cells[4].Value, cells[4].Error = nil, "singular"
	paper := map[results.Pair]float64{}
	var list []*results.Cell
	for i := range cells {
		list = append(list, &cells[i])
		if i < 3 {
			paper[results.Pair{X: cells[i].X, Y: cells[i].Y}] = *cells[i].Value + []float64{0.1, 0.1, 0.4}[i]
		}
	}
	a := Compare(list, paper)
	if a.N != 3 || math.Abs(a.Mean-0.2) > 1e-12 || math.Abs(a.Largest-0.4) > 1e-12 || a.At != (results.Pair{X: cells[2].X, Y: cells[2].Y}) || math.Abs(a.Rank-1) > 1e-12 {
		t.Errorf("got %+v", a)
	}
	if want := "3 pairs of layers: mean difference 0.200, largest 0.400 (a 1 and b 0), rank correlation 1.000"; a.String() != want {
		t.Errorf("got %q, expected %q", a, want)
	}
	if got := ranksOf([]float64{3, 1, 3, 2}); !slices.Equal(got, []float64{2.5, 0, 2.5, 1}) {
		t.Errorf("ranks with a tie are %v", got)
	}
}

func TestPublishedMapGetsDifferences(t *testing.T) {
	figures, cells := pick(t, "demo-cka")
	f := &figures[0]
	f.Published = []published.Matrix{{Label: "El Kheir 2024, figure 1", Measure: f.Measure(), Values: map[results.Pair]float64{}}}
	for _, x := range flatten(demoModels) {
		for _, y := range flatten(demoModels)[:9] {
			f.Published[0].Values[results.Pair{X: x, Y: y}] = 0.3
		}
	}
	list, err := checked(figures, newIndex(cells))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[1].Name != "demo-cka.difference" {
		t.Fatalf("got %d figures", len(list))
	}
	d := &list[1]
	if n := d.grid(newIndex(cells), d.Measure()).count(); n[shown] != 99 || n[absent] != 1 {
		t.Errorf("the map of differences has %v", n)
	}
	if got := captionOf(f, newIndex(cells), true); !strings.Contains(got, "Compared with El Kheir 2024, figure 1, 81 pairs of layers: mean difference") {
		t.Errorf("the caption says %q", got)
	}
	var svg bytes.Buffer
	if err := canvas.WriteSVG(&svg, newDrawing(d, newIndex(cells)), d.Title, ""); err != nil {
		t.Fatal(err)
	}
	if want := "difference of CKA, debiased (similarity)"; !strings.Contains(svg.String(), want) {
		t.Errorf("the colour bar does not say %q", want)
	}
}
