package figures

import (
	"strings"
	"testing"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// TestOnPaper: a figure of no width of its own is set for the narrowest of a paper that holds it, without what its caption says, and none is higher than a page.
func TestOnPaper(t *testing.T) {
	figures, ix := laidOutTables(t)
	want := map[string]float64{"demo-cka": ColumnWidth, "curve-one": ColumnWidth, "tree": ColumnWidth, "paper-74": FullWidth, "large-146": FullWidth}
	for i := range figures {
		f := &figures[i]
		p := f.onPaper(ix)
		if !p.Look.Bare || f.Look.Bare {
			t.Errorf("%s: bare %v, before %v", f.Name, p.Look.Bare, f.Look.Bare)
		}
		if mm, known := want[f.Name]; known && p.Look.Width != mm {
			t.Errorf("%s is set for %g mm, expected %g", f.Name, p.Look.Width, mm)
		}
		if h, isMap := layoutOf(p, ix).(*heatmap); isMap && h.y.length > mapSide+40 {
			t.Errorf("map %s is %v points high", f.Name, h.y.length)
		}
	}
	asked := figures[0]
	asked.Look.Width = 97
	if p := asked.onPaper(ix); p.Look.Width != 97 {
		t.Errorf("a width of 97 mm became %g", p.Look.Width)
	}
}

// TestHighMap: the cells of a map of many rows and one column are no wider than leaves the map on a page.
func TestHighMap(t *testing.T) {
	x, y := []Model{{Name: "x", Layers: []string{"0"}}}, []Model{{Name: "y", Layers: synthetic.Layers(0, 73)}}
	f := Figure{Name: "high", Kind: Heatmap, Metric: "cka", XModels: x, YModels: y, Look: Look{Width: ColumnWidth}}
	if _, high := newHeatmap(&f, newIndex(nil)).Size(); high > texHeight {
		t.Errorf("the map is %v points high", high)
	}
}

// TestValuesThatCanBeRead: cells carry their values where these are of 5 points or more.
func TestValuesThatCanBeRead(t *testing.T) {
	figures, cells := pick(t, "demo-cka")
	f := figures[0]
	f.Look = Look{Width: FullWidth}
	drawn := func() string {
		var svg strings.Builder
		if err := drawSVG(&svg, f, cells); err != nil {
			t.Fatal(err)
		}
		return svg.String()
	}
	value := `"` + shortValue(*newIndex(cells).find(&f, f.Measure(), results.Layer{Model: "hubert-tiny", Layer: "0"}, results.Layer{Model: "hubert-tiny", Layer: "3"}).Value) + `"`
	if !strings.Contains(drawn(), value) {
		t.Errorf("no cell says %s", value)
	}
	f.Look.Font = LeastFont
	if size := canvas.LabelSize.Points() * f.Look.scale(); size >= 5 {
		t.Fatalf("labels are of %.1f points", size)
	}
	if strings.Contains(drawn(), value) {
		t.Errorf("cells have text of less than 5 points")
	}
}

// TestPanelCaption says what holds for all panels once.
func TestPanelCaption(t *testing.T) {
	figures, cells := pick(t, "panels-curves")
	caption := captionOf(&figures[0], newIndex(cells), true)
	if n := strings.Count(caption, "95 % CI"); n != 1 {
		t.Errorf("the caption says %d times what bands are: %s", n, caption)
	}
	for _, want := range []string{"(a) Word vectors.", "(b) The middle layer of BERT, which is a longer title."} {
		if !strings.Contains(caption, want) {
			t.Errorf("the caption lacks %q: %s", want, caption)
		}
	}
}
