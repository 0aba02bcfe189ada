package figures

import (
	"bytes"
	"encoding/xml"
	"flag"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

var update = flag.Bool("update", false, "write the golden files again")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got); look at the picture, and run with -update if the change is meant:\n%s", path, diff)
	}
}

// pick returns the figures of the gallery with the given names.
func pick(t *testing.T, names ...string) ([]Figure, []results.Cell) {
	t.Helper()
	figures, cells := gallery()
	var list []Figure
	for _, f := range figures {
		if slices.Contains(names, f.Name) {
			list = append(list, f)
		}
	}
	if len(list) != len(names) {
		t.Fatalf("the gallery has %d of %v", len(list), names)
	}
	return list, cells
}

// drawSVG draws one figure.
func drawSVG(w io.Writer, f Figure, cells []results.Cell) error {
	ix := newIndex(cells)
	f = drawnAs(f, ix)
	return canvas.WriteSVG(w, newDrawing(&f, ix), f.Title, captionOf(&f, ix, true))
}

// TestGallery draws every figure of the gallery into the folder that
// SPEECHSIM_GALLERY names, to be looked at.
func TestGallery(t *testing.T) {
	dir := os.Getenv("SPEECHSIM_GALLERY")
	if dir == "" {
		t.Skip("SPEECHSIM_GALLERY names no folder to draw into")
	}
	figures, cells := gallery()
	if _, err := DrawAll(dir, figures, cells, Formats, nil); err != nil {
		t.Fatal(err)
	}
}

func TestGoldenFigures(t *testing.T) {
	figures, cells := pick(t, "demo-broken", "row", "curve-one", "curve-models", "curve-panels", "tree", "mds", "profile", "sweep", "grid", "prefix", "panels-curves", "panels-maps")
	ix := newIndex(cells)
	for i := range figures {
		f := &figures[i]
		drawn := drawnAs(*f, ix)
		var svg, table, tex bytes.Buffer
		if err := drawSVG(&svg, *f, cells); err != nil {
			t.Fatal(err)
		}
		if err := writeCSV(&table, f, ix); err != nil {
			t.Fatal(err)
		}
		if err := writeLaTeX(&tex, &drawn, ix); err != nil {
			t.Fatal(err)
		}
		golden(t, f.Name+".svg", svg.Bytes())
		golden(t, f.Name+".csv", table.Bytes())
		golden(t, f.Name+".tex", tex.Bytes())
	}
}

// TestFilesAreTheSameBytes draws twice, the second time with the cells in
// another order.
func TestFilesAreTheSameBytes(t *testing.T) {
	figures, cells := pick(t, "demo-cka")
	f := &figures[0] // made small: pictures take long under the race detector
	f.Name, f.Comparison = "small", "figure-1"
	f.XModels, f.YModels = []Model{{Name: "hubert-tiny", Layers: []string{"0", "3"}}}, []Model{{Name: "wav2vec2-tiny", Layers: []string{"2"}}}
	read := func(cells []results.Cell) map[string][]byte {
		dir := t.TempDir()
		if _, err := DrawAll(dir, figures, cells, Formats, nil); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		entries, err := os.ReadDir(filepath.Join(dir, "figures"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, "figures", e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = data
		}
		return files
	}
	first := read(cells)
	turned := slices.Clone(cells)
	slices.Reverse(turned)
	second := read(turned)
	if len(first) != 6 || len(second) != 6 {
		t.Fatalf("%d and %d files, expected five formats and the snippets of LaTeX", len(first), len(second))
	}
	for name, data := range first {
		if !bytes.Equal(data, second[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
	picture, err := png.Decode(bytes.NewReader(first["small.png"]))
	if err != nil {
		t.Fatal(err)
	}
	d := newDrawing(&figures[0], newIndex(cells))
	w, h := d.Size()
	if at := bytes.Index(first["small.png"], []byte("pHYs")); at < 0 || !bytes.HasPrefix(first["small.png"][at+4:], []byte{0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1}) {
		t.Error("the PNG does not say that it has 11 811 pixels to the metre, 300 to the inch")
	}
	if tex := string(first[Snippets]); !strings.Contains(tex, `\includegraphics[width=\ifdim\linewidth<80mm\linewidth\else80mm\fi]{small.pdf}`) || !strings.Contains(tex, `\label{fig:small}`) {
		t.Errorf("the snippets are\n%s", tex)
	}
	if size := picture.Bounds().Size(); size.X != int(w/canvas.Pixel+0.5) || size.Y != int(h/canvas.Pixel+0.5) {
		t.Errorf("the PNG is %v, expected a pixel for each 1/300 inch of %v x %v points", size, w, h)
	}
	if !bytes.HasPrefix(first["small.pdf"], []byte("%PDF-")) {
		t.Error("the PDF is none")
	}
}

// TestNothingIsBlank checks that every cell of a map, and every layer of a
// curve, shows something.
func TestNothingIsBlank(t *testing.T) {
	figures, cells := pick(t, "demo-broken", "curve-panels")
	var svg bytes.Buffer
	if err := drawSVG(&svg, figures[0], cells); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"n.s.", "not above chance, p &gt; 0.05: 14 cells", "could not be computed: 4 cells", "not among the results: 8 cells"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the map does not say %q", want)
		}
	}
	if got := strings.Count(svg.String(), `"n.s."`); got != 15 {
		t.Errorf("%d signs of cells that are not significant, expected 14 and one in the legend", got)
	}
	h := newHeatmap(&figures[0], newIndex(cells))
	if n := h.g.count(); n[shown]+n[notSignificant]+n[notComputed]+n[absent] != 100 {
		t.Errorf("the map has %v cells by state, expected 100 in all", n)
	}
	svg.Reset()
	if err := drawSVG(&svg, figures[1], cells); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"could not be computed (4)", "not among the results (4)", "chance: lowest and highest 95th percentile"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the curves do not say %q", want)
		}
	}
}

// TestLargeMap checks what makes a map of 146 x 146 layers usable: its size in
// bytes, the width of a page, and labels of 6 points that don't touch.
func TestLargeMap(t *testing.T) {
	figures, cells := pick(t, "large-146")
	var svg bytes.Buffer
	if err := drawSVG(&svg, figures[0], cells); err != nil {
		t.Fatal(err)
	}
	if svg.Len() > 600<<10 {
		t.Errorf("the SVG has %d bytes, expected at most 600 KB", svg.Len())
	}
	h := newHeatmap(&figures[0], newIndex(cells))
	if w, _ := h.Size(); w > 700 {
		t.Errorf("the map is %v wide, expected at most a page of 700 points", w)
	}
	for _, a := range []*axis{h.x, h.y} {
		last := -100.0
		for i, at := range a.start {
			if !a.labels[i] {
				continue
			}
			if here := at.Points(); here-last < 6 {
				t.Errorf("labels of layer %d and the one before are %.1f points apart", i, here-last)
			}
			last = at.Points()
		}
	}
}

// TestStrangeFigures draws what is unusual but allowed.
func TestStrangeFigures(t *testing.T) {
	one := []Model{{Name: "a", Layers: []string{"0"}}}
	long := []Model{{Name: strings.Repeat("a-very-long-name-", 8), Layers: []string{"0", strings.Repeat("w", 60)}}, {Name: "<&\"'>é中", Layers: []string{"0"}}, {Name: "none"}}
	value := func(v float64) results.Cell {
		return results.Cell{Metric: "m<1>", X: results.Layer{Model: "a", Layer: "0"}, Y: results.Layer{Model: "a", Layer: "0"}, Value: &v}
	}
	for name, test := range map[string]struct {
		figure Figure
		cells  []results.Cell
	}{
		"no cells":        {Figure{Kind: Heatmap, XModels: one, YModels: one}, nil},
		"no curve":        {Figure{Kind: Curves, XModels: one, YModels: one}, nil},
		"zero":            {Figure{Kind: Heatmap, XModels: one, YModels: one}, []results.Cell{value(0)}},
		"one curve point": {Figure{Kind: Curves, XModels: one, YModels: one}, []results.Cell{value(0.5)}},
		"huge":            {Figure{Kind: Heatmap, XModels: one, YModels: one}, []results.Cell{value(1e300)}},
		"tiny":            {Figure{Kind: Curves, XModels: one, YModels: one}, []results.Cell{value(-1e-300)}},
		"negative":        {Figure{Kind: Heatmap, XModels: one, YModels: one, Scale: Scale{Map: "diverging"}}, []results.Cell{value(-0.25)}},
		"out of scale":    {Figure{Kind: Heatmap, XModels: one, YModels: one, Scale: Scale{Min: new(0.0), Max: new(0.1)}}, []results.Cell{value(0.5)}},
		"half a scale":    {Figure{Kind: Heatmap, XModels: one, YModels: one, Scale: Scale{Min: new(9.0)}}, []results.Cell{value(0.5)}},
		"long names":      {Figure{Kind: Heatmap, XModels: long, YModels: long}, nil},
		"long curves":     {Figure{Kind: Curves, XModels: long, YModels: long}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := test.figure
			f.Name, f.Metric, f.Title = "strange", "m<1>", "<b>&amp; \x00\n"+strings.Repeat("long ", 40)
			if err := f.Validate(); err != nil {
				t.Fatal(err)
			}
			var svg, pdf bytes.Buffer
			if err := drawSVG(&svg, f, test.cells); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "long") { // setting a PDF's fonts takes time
				if err := canvas.WritePDF(&pdf, newDrawing(&f, newIndex(test.cells)), f.Title, ""); err != nil {
					t.Fatal(err)
				}
			}
			d := xml.NewDecoder(&svg)
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("the SVG is not XML: %v", err)
				}
			}
		})
	}
}

func TestValidateNamesTheField(t *testing.T) {
	good := Figure{Name: "a", Kind: Heatmap, Metric: "cka", XModels: demoModels, YModels: demoModels}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(f *Figure){
		"the name is used for files":              func(f *Figure) { f.Name = "../a" },
		`kind "pie", expected one of`:             func(f *Figure) { f.Kind = "pie" },
		"metric: missing":                         func(f *Figure) { f.Metric = "" },
		"no layers: x has 0 and y has 10":         func(f *Figure) { f.XModels = nil },
		`colour map "jet", expected viridis`:      func(f *Figure) { f.Scale.Map = "jet" },
		"scale: min 1, max 0, expected min < max": func(f *Figure) { f.Scale.Min, f.Scale.Max = new(1.0), new(0.0) },
		"alpha 2, expected 0 < alpha < 1":         func(f *Figure) { f.Alpha = 2 },
		"also: a heatmap shows one metric":        func(f *Figure) { f.Also = []results.Measure{{}} },
	} {
		f := good
		change(&f)
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %q in it", err, want)
		}
	}
	twice := []Figure{good, good}
	twice[1].Name = "A"
	if _, err := DrawAll(t.TempDir(), twice, nil, Formats, nil); err == nil || !strings.Contains(err.Error(), "two figures have this name") {
		t.Errorf("two figures of one name: %v", err)
	}
}

func TestSymmetricCellsServeBothWays(t *testing.T) {
	v := 0.5
	cells := []results.Cell{{Metric: "cka", X: results.Layer{Model: "hubert-tiny", Layer: "0"}, Y: results.Layer{Model: "hubert-tiny", Layer: "1"}, Value: &v}}
	f := Figure{Name: "a", Kind: Heatmap, Metric: "cka", XModels: demoModels, YModels: demoModels}
	ix := newIndex(cells)
	if n := f.grid(ix, f.Measure()).count()[shown]; n != 1 {
		t.Errorf("a directed metric shows %d cells, expected 1", n)
	}
	f.Symmetric = true
	if n := f.grid(ix, f.Measure()).count()[shown]; n != 2 {
		t.Errorf("a symmetric metric shows %d cells, expected 2", n)
	}
}
