package publish

import (
	"fmt"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/published"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// publishedFor lists the published values of a figure's measures and layers.
func publishedFor(k *study.Comparison, f *figures.Figure) []published.Matrix {
	var list []published.Matrix
	for _, maps := range k.PublishedMaps {
		for _, m := range maps {
			if values := valuesFor(f, m); len(values) > 0 {
				list = append(list, published.Matrix{Label: m.Label, Measure: m.Measure, Values: values})
			}
		}
	}
	return list
}

// valuesFor are the values at the figure's pairs of layers, those of a symmetric measure in either order.
func valuesFor(f *figures.Figure, m published.Map) map[results.Pair]float64 {
	values := map[results.Pair]float64{}
	if f.Kind == figures.Several || !slices.Contains(f.Measures(), m.Measure) {
		return values
	}
	for _, at := range f.Pairs() {
		v, ok := m.Values[at]
		if !ok && f.Symmetric {
			v, ok = m.Values[results.Pair{X: at.Y, Y: at.X}]
		}
		if ok {
			values[at] = v
		}
	}
	return values
}

// CheckPublished refuses published values of which none is drawn: a name mistyped in either file would else be silence.
func CheckPublished(p *plan.Plan) error {
	var errs configs.Errors
	all := figuresOf(p)
	for _, k := range p.Comparisons {
		for i, maps := range k.PublishedMaps {
			if !drawsAny(all, k.Name, maps) {
				errs = append(errs, p.Config.Errorf(k.Pos.Of("published"), "comparison %q: published: %s has no value of its metrics and layers; it holds %s",
					k.Name, k.Published[i], describeMaps(maps)))
			}
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

func drawsAny(list []figures.Figure, comparison string, maps []published.Map) bool {
	for i := range list {
		for _, m := range maps {
			if list[i].Comparison == comparison && len(valuesFor(&list[i], m)) > 0 {
				return true
			}
		}
	}
	return false
}

// describeMaps says what a file of published values holds: its first few measures with a pair of layers each.
func describeMaps(maps []published.Map) string {
	const shown = 3
	var parts []string
	for _, m := range maps[:min(len(maps), shown)] {
		x, y := m.First.X, m.First.Y
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s of %s and %s %s", m.Measure.Metric, m.Measure.Variant, x, y, m.Measure.Params)))
	}
	if len(maps) > shown {
		parts = append(parts, "and "+text.Count(len(maps)-shown, "more map", "more maps"))
	}
	return strings.Join(parts, "; ")
}
