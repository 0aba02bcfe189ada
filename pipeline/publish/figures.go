package publish

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// figuresOf describes the figures: for each comparison, metric, variant and level, one of each kind that is wanted. Kinds
// that show measures together (curves for several numbers of first rows, say) gather them in one figure; the others are
// one each.
func figuresOf(p *plan.Plan) []figures.Figure {
	var out []figures.Figure
	for _, t := range p.Tasks {
		for _, m := range t.Measures {
			for i, wanted := range figuresWanted(t, m) {
				f := figureOf(t, m, wanted, i == 0)
				if at := slices.IndexFunc(out, func(o figures.Figure) bool { return o.Name == f.Name }); at >= 0 {
					out[at].Also = append(out[at].Also, f.Measure())
					continue
				}
				out = append(out, f)
			}
		}
	}
	for i := range out {
		at := slices.IndexFunc(p.Comparisons, func(k *study.Comparison) bool { return k.Name == out[i].Comparison })
		out[i].Published = publishedFor(p.Comparisons[at], &out[i])
	}
	for i := range p.Config.Panels {
		out = append(out, panelsOf(p, &p.Config.Panels[i], out))
	}
	return out
}

// panelsOf describes a figure of several of the run's.
func panelsOf(p *plan.Plan, asked *configs.Panels, all []figures.Figure) figures.Figure {
	f := figures.Figure{Name: asked.Name, Title: cmp.Or(asked.Title, asked.Name), Caption: asked.Caption, Kind: figures.Several, Columns: asked.Columns, Look: lookOf(&p.Config.Figure, "")}
	for _, name := range asked.Of {
		if i := slices.IndexFunc(all, func(o figures.Figure) bool { return o.Name == name }); i >= 0 {
			f.Panels = append(f.Panels, all[i])
		}
	}
	return f
}

// CheckPanels refuses panels of figures that the run does not have, and of such as can't share a scale.
func CheckPanels(p *plan.Plan) error {
	all := figuresOf(p)
	var names []string
	for _, f := range all[:len(all)-len(p.Config.Panels)] {
		names = append(names, f.Name)
	}
	var errs configs.Errors
	for i := range p.Config.Panels {
		asked := &p.Config.Panels[i]
		bad := func(key, format string, args ...any) {
			errs = append(errs, p.Config.Errorf(asked.Pos.Of(key), "panels %q: %s", asked.Name, fmt.Sprintf(format, args...)))
		}
		if slices.Contains(names, asked.Name) {
			bad("name", "a figure of the run has this name")
		}
		for _, name := range asked.Of {
			if !slices.Contains(names, name) {
				bad("of", "the run draws no figure %q; it draws %s", name, strings.Join(names, ", "))
			}
		}
		if f := all[len(names)+i]; len(f.Panels) == len(asked.Of) {
			if err := f.Validate(); err != nil {
				bad("of", "%v", err)
			}
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// figuresWanted are those of the config, or what suits the cells.
func figuresWanted(t *plan.Task, m study.Measure) []configs.Figure {
	if len(t.Comparison.Figures) > 0 {
		return t.Comparison.Figures
	}
	kind := figures.Heatmap
	switch {
	case m.Name == "word_distance":
		kind = figures.Sweep
	case len(t.X) == 1 && len(t.Y) == 1 && t.Comparison.SettingsOf(m) > 1:
		kind = figures.Grid
	case len(t.Y) == 1:
		kind = figures.Curves
	}
	list := []configs.Figure{{Kind: string(kind)}}
	if len(t.Comparison.Rows.Firsts()) > 1 && len(t.X)*len(t.Y) > 1 {
		list = append(list, configs.Figure{Kind: string(figures.Prefix)})
	}
	return list
}

// figureOf describes a figure of a metric on a task. The first of a comparison's figures goes by the metric alone, the
// others by their kind too.
func figureOf(t *plan.Task, m study.Measure, wanted configs.Figure, first bool) figures.Figure {
	f := figures.Figure{
		Comparison: t.Comparison.Name, Metric: m.Name, Variant: m.Variant.Name, Params: t.ParamsOf(m), Kind: figures.Kind(wanted.Kind),
		Symmetric: !m.Variant.Directed, Title: cmp.Or(wanted.Title, fmt.Sprintf("%s: %s", t.Comparison.Name, m.Title)), Caption: wanted.Caption,
		Scale:   figures.Scale{Min: wanted.Scale.Min, Max: wanted.Scale.Max, Map: wanted.Scale.Map},
		XModels: axis(t, t.X), YModels: axis(t, t.Y), XTitle: wanted.XLabel, YTitle: wanted.YLabel, Look: lookOf(&t.Inputs.Config.Figure, wanted.Width),
	}
	f.Resampled = resampled(t)
	if note := t.Inputs.Config.Note; note != "" {
		f.Title += " [" + note + "]"
	}
	words := []string{t.Comparison.Name, m.Name}
	if t.Comparison.VariantsOf(m.Name) > 1 && f.Kind != figures.Sweep {
		words = append(words, m.Variant.Name)
	}
	if t.RowSet.Level == results.TypeLevel {
		words = append(words, "types")
	}
	if !f.Kind.Gathers() {
		if t.RowSet.First > 0 {
			words = append(words, fmt.Sprintf("first-%d", t.RowSet.First))
		}
		if t.Comparison.SettingsOf(m) > 1 {
			words = append(words, fmt.Sprintf("p%d-k%d", m.Params.P, m.Params.K))
		}
	}
	if !first {
		words = append(words, wanted.Kind)
	}
	f.Name = text.FileName(words...)
	return f
}

// resampled says what the intervals of a task leave out one at a time.
func resampled(t *plan.Task) string {
	k, of := t.Inputs.Counts(), "speakers"
	if len(k.Groups) > k.Speakers || len(k.Groups) == 1 { // of one group, the utterances are left out
		of = "utterances"
	}
	switch n := plan.CountGroups(t, load.MaxParts); {
	case t.RowSet.Level == results.TypeLevel:
		return fmt.Sprintf("at most %d bundles of %s types", n, t.RowUnit)
	case n < len(k.Groups):
		return fmt.Sprintf("%d bundles of the %d groups of %s", n, len(k.Groups), of)
	default:
		return text.Count(n, "group", "groups") + " of " + of
	}
}

// lookOf is how a figure is set: as all are, but for a width of its own.
func lookOf(all *configs.Look, width string) figures.Look {
	mm, _ := configs.Millimetres(cmp.Or(width, all.Width)) // it was read when the config was
	return figures.Look{Width: mm, Font: all.Font, Legend: all.Legend, Bare: all.Bare}
}

// single says whether a source has one layer by its nature: not a model of which one layer was asked for.
func single(s *extract.Source) bool { return s.Vectors != nil || s.Labels != nil || s.Features != nil }

// axis lists the layers of one side, model by model.
func axis(t *plan.Task, side []int) []figures.Model {
	var out []figures.Model
	for _, i := range side {
		l := t.Layers[i]
		name := t.Inputs.Sources[l.Source].Name
		if n := len(out); n == 0 || out[n-1].Name != name {
			m := figures.Model{Name: name, Single: single(t.Inputs.Sources[l.Source])}
			if asked := t.Inputs.Config.Model(name); asked != nil {
				m.Label, m.Colour = cmp.Or(asked.Label, wordsOf[asked.Labels]), asked.Colour
			}
			out = append(out, m)
		}
		m := &out[len(out)-1]
		m.Layers = append(m.Layers, l.Name)
	}
	return out
}
