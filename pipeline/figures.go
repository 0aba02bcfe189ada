package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/report"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// draw makes the figures of a page.
func draw(r progress.Reporter, page report.Page, o *Outcome) error {
	r.Stage("drawing", float64(len(page.Figures)), "figures")
	names, err := figures.DrawAll(o.Dir, page.Figures, page.Cells)
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

// figures describes the figures: for each comparison, metric, variant and level, one of each kind that is wanted. Kinds
// that show measures together (curves for several numbers of first rows, say) gather them in one figure; the others are
// one each.
func (p *Plan) figures() []figures.Figure {
	var out []figures.Figure
	for _, b := range p.bases {
		for _, m := range b.measures() {
			for i, wanted := range b.figuresWanted(m) {
				f := p.figure(b, m, wanted, i == 0)
				if at := slices.IndexFunc(out, func(o figures.Figure) bool { return o.Name == f.Name }); at >= 0 {
					out[at].Also = append(out[at].Also, f.Measure())
					continue
				}
				out = append(out, f)
			}
		}
	}
	for i := range out {
		at := slices.IndexFunc(p.comparisons, func(k *comparison) bool { return k.Name == out[i].Comparison })
		out[i].Published = p.comparisons[at].publishedFor(&out[i])
	}
	return out
}

// figuresWanted are those of the config, or what suits the cells.
func (b *basis) figuresWanted(m measure) []configs.Figure {
	if len(b.k.Figures) > 0 {
		return b.k.Figures
	}
	kind := figures.Heatmap
	switch {
	case m.Name == "word_distance":
		kind = figures.Sweep
	case len(b.x) == 1 && len(b.y) == 1 && b.k.settingsOf(m) > 1:
		kind = figures.Grid
	case len(b.y) == 1:
		kind = figures.Curves
	}
	list := []configs.Figure{{Kind: string(kind)}}
	if len(b.k.Rows.Firsts()) > 1 && len(b.x)*len(b.y) > 1 {
		list = append(list, configs.Figure{Kind: string(figures.Prefix)})
	}
	return list
}

// figure describes a figure of a metric on a basis. The first of a comparison's figures goes by the metric alone, the
// others by their kind too.
func (p *Plan) figure(b *basis, m measure, wanted configs.Figure, first bool) figures.Figure {
	f := figures.Figure{
		Comparison: b.k.Name, Metric: m.Name, Variant: m.variant.Name, Params: b.paramsOf(m), Kind: figures.Kind(wanted.Kind),
		Symmetric: !m.variant.Directed, Title: cmp.Or(wanted.Title, fmt.Sprintf("%s: %s", b.k.Name, m.Title)), Caption: wanted.Caption,
		Scale:   figures.Scale{Min: wanted.Scale.Min, Max: wanted.Scale.Max, Map: wanted.Scale.Map},
		XModels: p.axis(b, b.x), YModels: p.axis(b, b.y),
	}
	if note := p.Config.Note; note != "" {
		f.Title += " [" + note + "]"
	}
	words := []string{b.k.Name, m.Name}
	if b.k.variantsOf(m.Name) > 1 && f.Kind != figures.Sweep {
		words = append(words, m.variant.Name)
	}
	if b.view.level == results.TypeLevel {
		words = append(words, "types")
	}
	if !f.Kind.Gathers() {
		if b.view.first > 0 {
			words = append(words, fmt.Sprintf("first-%d", b.view.first))
		}
		if b.k.settingsOf(m) > 1 {
			words = append(words, fmt.Sprintf("p%d-k%d", m.params.P, m.params.K))
		}
	}
	if !first {
		words = append(words, wanted.Kind)
	}
	f.Name = text.FileName(words...)
	return f
}

// variantsOf counts the variants of a metric that the comparison asks for.
func (k *comparison) variantsOf(name string) int {
	variants := map[string]bool{}
	for _, m := range k.metrics {
		if m.Name == name {
			variants[m.variant.Name] = true
		}
	}
	return len(variants)
}

// settingsOf counts the settings that the comparison asks a variant for.
func (k *comparison) settingsOf(m measure) int {
	n := 0
	for _, o := range k.metrics {
		if o.Name == m.Name && o.variant.Name == m.variant.Name {
			n++
		}
	}
	return n
}

// axis lists the layers of one side, model by model.
func (p *Plan) axis(b *basis, side []int) []figures.Model {
	var out []figures.Model
	for _, i := range side {
		l := b.stack[i]
		name := p.sources[l.source].Name
		if n := len(out); n == 0 || out[n-1].Name != name {
			out = append(out, figures.Model{Name: name})
		}
		m := &out[len(out)-1]
		m.Layers = append(m.Layers, l.name)
	}
	return out
}
