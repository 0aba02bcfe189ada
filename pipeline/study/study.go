// Package study says what a config asks for: its comparisons, with their metrics, variants, models and published values
// looked up. It opens no corpus and no model, so what is wrong in the words of a config alone is found here, at once.
package study

import (
	"slices"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/results"
)

// Study is what a config asks for.
type Study struct {
	Config      *configs.Config
	Comparisons []*Comparison
}

// Resolve looks up what the comparisons of a config name. Mistakes that need no other file to be seen are all found, and
// returned together as [configs.Errors].
func Resolve(cfg *configs.Config) (*Study, error) {
	r := &resolver{cfg: cfg, models: map[string]int{}}
	for i, m := range cfg.Models {
		r.models[m.Name] = i
	}
	st := &Study{Config: cfg}
	for i := range cfg.Comparisons {
		st.Comparisons = append(st.Comparisons, r.comparison(&cfg.Comparisons[i]))
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return st, nil
}

// resolver gathers the mistakes of a config on its way through it.
type resolver struct {
	cfg    *configs.Config
	models map[string]int // position of each name
	errs   configs.Errors
}

func (r *resolver) refuse(at configs.Pos, format string, args ...any) {
	r.errs = append(r.errs, r.cfg.Errorf(at, format, args...))
}

func (r *resolver) comparison(c *configs.Comparison) *Comparison {
	k := &Comparison{Comparison: c}
	for _, n := range k.X {
		k.XSources = append(k.XSources, r.models[n])
	}
	for _, n := range k.Y {
		k.YSources = append(k.YSources, r.models[n])
	}
	for _, s := range slices.Concat(k.XSources, k.YSources) {
		if !slices.Contains(k.Sources, s) {
			k.Sources = append(k.Sources, s)
		}
	}
	for _, m := range k.Metrics {
		r.metric(k, m)
	}
	for _, name := range k.Published {
		maps, err := loadPublished(r.cfg, name)
		if err != nil {
			r.refuse(k.Pos.Of("published"), "comparison %q: published: %v", k.Name, err)
		}
		k.PublishedMaps = append(k.PublishedMaps, maps)
	}
	r.checkModels(k)
	return k
}

// metric adds one metric of the config to a comparison, in all its variants and settings.
func (r *resolver) metric(k *Comparison, m configs.Metric) {
	found, err := lookup(r.cfg, m)
	if err != nil {
		r.errs = append(r.errs, err.(*configs.Error))
		return
	}
	said := map[string]bool{} // once for all settings of a metric
	for _, f := range found {
		for _, why := range []string{k.checkNull(f), k.checkRows(f)} {
			if why != "" && !said[why] {
				said[why] = true
				r.refuse(configs.Blame(m.Pos, k.Pos.Of("null", "rows"), k.Rows.Pos.Of("unit", "level")), "comparison %q: %s", k.Name, why)
			}
		}
	}
	for _, f := range found {
		if k.has(f) {
			r.refuse(m.Pos, "comparison %q has metric %s %s twice", k.Name, f.Name, f.Variant.Name)
		}
	}
	k.Measures = append(k.Measures, found...)
}

// checkModels refuses models that can't give what the metrics of a comparison need.
func (r *resolver) checkModels(k *Comparison) {
	models := r.cfg.Models
	if len(k.MeasuresNamed("word_distance")) > 0 {
		for _, s := range k.YSources {
			if m := models[s]; m.Vectors == "" {
				r.refuse(k.Pos.Of("y", "models", "metrics"), "comparison %q: word_distance takes from y what words mean, and y has model %q, which is no word vectors: put word vectors in y", k.Name, m.Name)
			}
		}
	}
	for _, s := range k.Sources {
		m := models[s]
		if m.Vectors != "" && (k.Rows.Unit != "word" || k.HasAttention()) {
			r.refuse(configs.Blame(k.Pos.Of("models", "x", "y", "metrics", "rows"), k.Rows.Pos.Of("unit")), "comparison %q compares %ss, and model %q is word vectors: use rows: {unit: word} and no attention metric", k.Name, k.Rows.Unit, m.Name)
		}
		if m.Labels != "" && k.HasAttention() {
			r.refuse(k.Pos.Of("models", "x", "y", "metrics"), "comparison %q: model %q is labels, which have no attention maps", k.Name, m.Name)
		}
		if m.Features != "" && k.HasAttention() {
			r.refuse(k.Pos, "comparison %q: model %q is features, which have no attention maps", k.Name, m.Name)
		}
	}
	if n := k.Null; n != nil && n.Permute == "word_type" {
		for _, s := range k.YSources {
			if models[s].Vectors == "" {
				r.refuse(n.Pos.Of("permute"), "comparison %q: null.permute: word_type gives each word type of y the vector of another, and y has model %q, whose rows differ from token to token; put the word vectors in y, or permute: group", k.Name, models[s].Name)
			}
		}
	}
	if k.Rows.Unit == "frame" && !slices.ContainsFunc(k.Sources, func(s int) bool { return models[s].Labels == "" }) {
		r.refuse(configs.Blame(k.Pos.Of("models", "x", "y", "rows"), k.Rows.Pos.Of("unit")), "comparison %q: labels have no frames of their own: add a speech model or features, or compare words or phones: rows: {unit: word}", k.Name)
	}
}

// OnFrames says whether a comparison has the model on frames.
func (st *Study) OnFrames(model string) bool {
	return slices.ContainsFunc(st.Comparisons, func(k *Comparison) bool {
		return k.Rows.Unit == "frame" && (slices.Contains(k.X, model) || slices.Contains(k.Y, model))
	})
}

// NeedsAttention says whether a comparison needs the attention maps of the model.
func (st *Study) NeedsAttention(model string) bool {
	return slices.ContainsFunc(st.Comparisons, func(k *Comparison) bool {
		return k.HasAttention() && slices.ContainsFunc(k.Sources, func(s int) bool { return st.Config.Models[s].Name == model })
	})
}

// lookup finds the variants of a metric that a config asks for, with their settings.
func lookup(cfg *configs.Config, m configs.Metric) ([]Measure, error) {
	info, err := metrics.Lookup(m.Name)
	if err != nil {
		return nil, cfg.Errorf(m.Pos, "%v", err)
	}
	variants := m.Variants
	if len(variants) == 0 {
		variants = []string{info.Default().Name}
	}
	if len(variants) == 1 && variants[0] == "all" {
		variants = nil
		for _, v := range info.Variants {
			if v.Source != metrics.FromProjections { // it is no definition of its own
				variants = append(variants, v.Name)
			}
		}
	}
	var out []Measure
	for _, name := range variants {
		v, err := info.Variant(name)
		if err != nil {
			return nil, cfg.Errorf(m.Pos, "%v", err)
		}
		for _, params := range Settings(m.Name, v.Name, m.P, m.K, m.Thresholds) {
			out = append(out, Measure{info, v, params})
		}
	}
	return out, nil
}

// Settings lists those that a variant is asked for with: asif's powers, each with each number of anchors, and the
// thresholds of word_distance; of an empty list the defaults.
func Settings(metric, variant string, powers, anchors []int, thresholds []float64) []results.Params {
	var out []results.Params
	switch {
	case metric == "asif":
		for _, p := range orDefault(powers, asif.Power) {
			for _, k := range orDefault(anchors, asif.Anchors) {
				out = append(out, results.Params{P: p, K: k})
			}
		}
	case metric == "word_distance" && variant != "random":
		for _, t := range orDefault(thresholds, metrics.WordThresholds()...) {
			out = append(out, results.Params{Threshold: t})
		}
	default:
		out = append(out, results.Params{})
	}
	return out
}

func orDefault[T any](list []T, otherwise ...T) []T {
	if len(list) == 0 {
		return otherwise
	}
	return list
}
