package figures

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/results"
)

// Formats are the files that a figure can be written as: three pictures, and two tables of what it shows.
var Formats = []string{"svg", "pdf", "png", "csv", "tex"}

// Drawn is a figure that was drawn: its name, and its files in the folder of figures.
type Drawn struct {
	Name  string
	Files []string
}

// DrawAll writes dir/figures/NAME.FORMAT for each figure and each of the formats that [FormatsOf] says it has, and [Snippets]. Each file
// is written under a temporary name and renamed. Figures are drawn side by
// side; the error joins those of all figures, and one that can't be drawn does
// not keep the others from being written. A heat map with published values gets
// a second one, NAME.difference, of ours minus theirs. Only figures for which wanted is true are drawn, all
// where it is nil: the others lie there already. DrawAll returns what it drew, in the order given.
func DrawAll(dir string, figures []Figure, cells []results.Cell, formats []string, wanted func(name string) bool) ([]Drawn, error) {
	ix := newIndex(cells)
	figures, err := checked(figures, ix)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "figures")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var drawn []Drawn
	errs := make([]error, len(figures))
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range figures {
		f := &figures[i]
		if wanted != nil && !wanted(strings.TrimSuffix(f.Name, DifferenceEnding)) {
			continue
		}
		own := FormatsOf(f, figures, formats)
		if len(own) == 0 { // its table is another's
			continue
		}
		one := Drawn{Name: f.Name}
		for _, format := range own {
			one.Files = append(one.Files, f.Name+"."+format)
		}
		drawn = append(drawn, one)
		group.Go(func() {
			slots <- struct{}{}
			parts, err := render(f, ix, own, snippetsOf(formats))
			<-slots // waiting for the disk needs no processor
			if err == nil {
				err = store(dir, parts)
			}
			if err != nil {
				errs[i] = fmt.Errorf("figure %q: %w", f.Name, err)
			}
		})
	}
	group.Wait()
	if picture := snippetsOf(formats); picture != "" {
		text := snippets(figures, ix, picture)
		errs = append(errs, files.Write(filepath.Join(dir, Snippets), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }))
	}
	return drawn, errors.Join(errs...)
}

// Keeps says whether a file of the folder of figures is the snippets, where these formats have any.
func Keeps(name string, formats []string) bool { return name == Snippets && snippetsOf(formats) != "" }

// checked validates figures and adds the maps of differences.
func checked(figures []Figure, ix *index) ([]Figure, error) {
	seen := map[string]bool{}
	for i := range figures {
		if err := figures[i].Validate(); err != nil {
			return nil, err
		}
		if name := strings.ToLower(figures[i].Name); seen[name] {
			return nil, fmt.Errorf("figure %q: two figures have this name (files on some systems don't know capitals)", figures[i].Name)
		} else {
			seen[name] = true
		}
	}
	drawn := make([]Figure, len(figures))
	for i := range figures {
		drawn[i] = drawnAs(figures[i], ix)
	}
	return withDifferences(drawn, ix), nil
}

// file is a file in memory.
type file struct {
	name string
	data bytes.Buffer
}

// render makes the files of one figure; the picture of a format, which LaTeX takes in, is set for a paper.
func render(f *Figure, ix *index, formats []string, paper string) ([]*file, error) {
	whole := newDrawing(f, ix)
	desc := captionOf(f, ix, true)
	var parts []*file
	for _, format := range formats {
		part := &file{name: f.Name + "." + format}
		w := &part.data
		d := whole
		if format == paper {
			d = newDrawing(f.onPaper(ix), ix)
		}
		var err error
		switch format {
		case "svg":
			err = canvas.WriteSVG(w, d, f.Title, desc)
		case "pdf":
			err = canvas.WritePDF(w, d, f.Title, desc)
		case "png":
			err = canvas.WritePNG(w, d)
		case "csv":
			err = writeCSV(w, f, ix)
		case "tex":
			err = writeLaTeX(w, f, ix)
		default:
			err = fmt.Errorf("%q is none of %s", format, strings.Join(Formats, ", "))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// store writes files into a folder, side by side.
func store(dir string, parts []*file) error {
	errs := make([]error, len(parts))
	var group sync.WaitGroup
	for i, f := range parts {
		group.Go(func() {
			errs[i] = files.Write(filepath.Join(dir, f.name), func(w io.Writer) error { _, err := f.data.WriteTo(w); return err })
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// layout is a figure laid out.
type layout interface {
	Size() (width, height vg.Length)
	Draw(p *canvas.Pen)
}

// drawing is a layout at the size that its text is to have.
type drawing struct {
	layout
	scale float64
}

func (d drawing) Scale() float64 { return d.scale }

// newDrawing lays a figure out.
func newDrawing(f *Figure, ix *index) drawing {
	return drawing{layoutOf(f, ix), f.Look.scale()}
}

func layoutOf(f *Figure, ix *index) layout {
	switch f.Kind {
	case Curves:
		return newCurves(f, ix)
	case Tree:
		return newTree(f, ix)
	case MDS:
		return newMDS(f, ix)
	case Several:
		return newPanelGrid(f, ix)
	}
	return newHeatmap(f, ix)
}

// writeCSV writes what the figure shows: a row for each cell that is drawn,
// missing ones among them, in the order of its axes.
func writeCSV(w io.Writer, f *Figure, ix *index) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"metric", "variant", "params", "x_model", "x_layer", "y_model", "y_layer", "value", "lo", "hi", "p", "n",
		"null_mean", "null_q95", "published", "status", "note"}}
	if f.Kind == Several {
		rows[0] = append([]string{"panel"}, rows[0]...)
		for k := range f.Panels {
			for _, row := range csvRows(&f.Panels[k], ix) {
				rows = append(rows, append([]string{string(rune('a' + k))}, row...))
			}
		}
	} else {
		rows = append(rows, csvRows(f, ix)...)
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return out.Error()
}

func csvRows(f *Figure, ix *index) (rows [][]string) {
	for _, m := range f.Measures() {
		g := f.grid(ix, m)
		for i, x := range g.x {
			for j, y := range g.y {
				c, s := g.at(i, j)
				rows = append(rows, csvRow(f, m, x, y, c, s))
			}
		}
	}
	return rows
}

func csvRow(f *Figure, m results.Measure, x, y results.Layer, c *results.Cell, s state) []string {
	row := []string{m.Metric, m.Variant, m.Params.String(), x.Model, x.Layer, y.Model, y.Layer}
	var values [8]string
	note := ""
	if c != nil {
		n := ""
		if c.N > 0 {
			n = strconv.Itoa(c.N)
		}
		values = [8]string{exact(c.Value), exact(c.Lo), exact(c.Hi), exact(c.P), n}
		if c.Null != nil {
			values[5], values[6] = exact(&c.Null.Mean), exact(&c.Null.Q95)
		}
		note = strings.Join(append(c.Warnings[:len(c.Warnings):len(c.Warnings)], c.Error), "; ")
		note = strings.Trim(note, "; ")
	}
	values[7] = exact(f.published(m, x, y))
	return append(append(row, values[:]...), s.String(), note)
}

// exact writes a number with all its digits, and nothing for one that is absent.
func exact(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
