package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"speechsim/pipeline/report"
)

// draw makes the figures of a page.
func draw(progress Progress, page report.Page, o *Outcome) error {
	progress.Stage("drawing", float64(len(page.Figures)), "figures")
	names, err := report.DrawAll(o.Dir, page.Figures, page.Cells)
	if err != nil {
		return err
	}
	dir := filepath.Join(o.Dir, "figures")
	drawn := map[string]bool{}
	for _, name := range names {
		drawn[name] = true
		o.Figures = append(o.Figures, filepath.Join(dir, name+".png"))
	}
	return removeOthers(dir, drawn)
}

// removeOthers removes figures that an earlier config of the same name drew: beside the new ones they would mislead.
func removeOthers(dir string, drawn map[string]bool) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !drawn[strings.TrimSuffix(f.Name(), filepath.Ext(f.Name()))] {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// figures describes one figure for each comparison, metric and variant.
func (p *Plan) figures() []report.Figure {
	var out []report.Figure
	for _, b := range p.bases {
		measures := b.k.measuresOf(b.input)
		for _, m := range measures {
			f := report.Figure{
				Name: fileName(b.k.Name, m.Name), Comparison: b.k.Name, Metric: m.Name, Variant: m.variant.Name,
				Symmetric: !m.variant.Directed, Kind: report.Heatmap, Title: fmt.Sprintf("%s: %s", b.k.Name, m.Title),
				XModels: p.axis(b, b.x), YModels: p.axis(b, b.y),
			}
			if variantsOf(measures, m.Name) > 1 {
				f.Name = fileName(b.k.Name, m.Name, m.variant.Name)
			}
			if len(b.y) == 1 {
				f.Kind = report.Curves
			}
			if g := b.k.Figure; g != nil {
				if g.Kind != "" {
					f.Kind = report.Kind(g.Kind)
				}
				f.Title = firstOf(g.Title, f.Title)
				f.Caption = g.Caption
			}
			f.Published = b.k.publishedFor(&f)
			out = append(out, f)
		}
	}
	return out
}

func variantsOf(measures []measure, name string) int {
	n := 0
	for _, m := range measures {
		if m.Name == name {
			n++
		}
	}
	return n
}

// axis lists the layers of one side, model by model.
func (p *Plan) axis(b *basis, side []int) []report.Model {
	var out []report.Model
	for _, i := range side {
		l := b.stack[i]
		name := p.sources[l.source].Name
		if n := len(out); n == 0 || out[n-1].Name != name {
			out = append(out, report.Model{Name: name})
		}
		m := &out[len(out)-1]
		m.Layers = append(m.Layers, l.name)
	}
	return out
}

// fileName joins words to the name of a file.
func fileName(words ...string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, strings.Join(words, "-"))
}
