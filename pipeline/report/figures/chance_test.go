package figures

import (
	"bytes"
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// chanceCells are a model of three layers, the middle one without a null, against word identity.
func chanceCells(model string, null float64) (cells []results.Cell) {
	for i, layer := range []string{"0", "1", "2"} {
		v := .2 + .1*float64(i)
		c := results.Cell{Metric: "cka", Variant: "debiased", X: results.Layer{Model: model, Layer: layer}, Y: results.Layer{Model: "types", Layer: "word"}, N: 9, Value: &v, Lo: new(v - .1), Hi: new(v + .1)}
		if layer != "1" {
			c.P, c.Null = new(.2), &results.Null{Mean: null, Q95: 2 * null, PMax: new(.2)}
		}
		cells = append(cells, c)
	}
	return cells
}

func chanceFigure(models ...string) Figure {
	f := Figure{Name: "f", Title: "f", Kind: Curves, Metric: "cka", Variant: "debiased", YModels: []Model{{Name: "types", Label: "word identity", Layers: []string{"word"}, Single: true}}}
	for _, m := range models {
		f.XModels = append(f.XModels, Model{Name: m, Layers: []string{"0", "1", "2"}})
	}
	return f
}

// TestExtremes: the nulls of many lines are drawn as what they lie between, with a gap where there is none.
func TestExtremes(t *testing.T) {
	cells := append(chanceCells("a", .1), chanceCells("b", .3)...)
	f := chanceFigure("a", "b")
	panels, _, naming := panelsOf(&f, newIndex(cells))
	ends := panels[0].extremes()
	if lo, hi := ends[0].points[0].cell.Null, ends[1].points[0].cell.Null; lo.Mean != .1 || lo.Q95 != .2 || hi.Mean != .3 || hi.Q95 != .6 {
		t.Errorf("from %+v to %+v", lo, hi)
	}
	if ends[0].points[1].cell != nil {
		t.Error("a layer without a null has one")
	}
	if n := len(ends[0].stretches(func(pt seriesPoint) bool { return pt.cell != nil })); n != 2 {
		t.Errorf("%d stretches, expected 2: no line crosses the gap", n)
	}
	if naming != "with word identity" {
		t.Errorf("the lines are %q", naming)
	}
}

// TestLegendOfCurves: what signs mean is said, and what an interval that does not hold its value is of.
func TestLegendOfCurves(t *testing.T) {
	cells := chanceCells("a", .1)
	cells[0].Hi = new(.15)
	f := chanceFigure("a")
	var svg bytes.Buffer
	if err := drawSVG(&svg, f, cells); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"95 % CI; of 1 value less its bias", "chance: 95th percentile", "not above chance, family-wise p &gt; 0.05 (2)", "a layer"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the figure does not say %q", want)
		}
	}
	caption := captionOf(&f, newIndex(cells), true)
	for _, want := range []string{"The CI of 1 cell does not hold the value", "A hollow marker is a value that is not above chance; 2 are (p > 0.05: family-wise"} {
		if !strings.Contains(caption, want) {
			t.Errorf("the caption does not say %q: %s", want, caption)
		}
	}
}

// TestReference: the value of a model of one layer is led past the layers of the others, and of one that stands alone it is not.
func TestReference(t *testing.T) {
	base := results.Cell{Metric: "cka", Variant: "debiased", X: results.Layer{Model: "logmel", Layer: "logmel"}, Y: results.Layer{Model: "types", Layer: "word"}, N: 9, Value: new(.25)}
	for _, c := range []struct {
		models []string
		want   bool
	}{{[]string{"a"}, true}, {nil, false}} {
		f := chanceFigure(c.models...)
		f.XModels = append(f.XModels, Model{Name: "logmel", Layers: []string{"logmel"}, Single: true, Colour: "#123456"})
		var cells []results.Cell
		for _, m := range c.models {
			cells = append(cells, chanceCells(m, .1)...)
		}
		var svg bytes.Buffer
		if err := drawSVG(&svg, f, append(cells, base)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(svg.String(), `stroke="#123456" stroke-opacity="0.67"`); got != c.want {
			t.Errorf("beside %v there is a line: %v", c.models, got)
		}
	}
}

// TestLayerWithItself: it has no colour, and its value does not stretch the scale.
func TestLayerWithItself(t *testing.T) {
	var cells []results.Cell
	for x, name := range []string{"0", "1"} {
		for y, other := range []string{"0", "1"} {
			v := .1 + .1*float64(x)
			if x == y {
				v = 1
			}
			cells = append(cells, results.Cell{Metric: "attention", X: results.Layer{Model: "a", Layer: name}, Y: results.Layer{Model: "a", Layer: other}, Value: &v})
		}
	}
	f := Figure{Name: "f", Title: "f", Kind: Heatmap, Metric: "attention", XModels: []Model{{Name: "a", Layers: []string{"0", "1"}}}, YModels: []Model{{Name: "a", Layers: []string{"0", "1"}}}}
	h := newHeatmap(&f, newIndex(cells))
	if h.hi > .21 {
		t.Errorf("the scale reaches to %v", h.hi)
	}
	if len(h.legend) != 1 || h.legend[0].text != "a layer with itself" {
		t.Errorf("the legend is %+v", h.legend)
	}
}
