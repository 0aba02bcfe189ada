package pipeline

import (
	"fmt"
	"slices"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/published"
	"speechsim/pipeline/results"
)

// comparison is a comparison of the config with its metrics and its models looked up. Layers are known once the models
// are loaded; see bases.
type comparison struct {
	*configs.Comparison
	metrics []measure
	sources []int // indices of the sources on either side, x first, each once
	x, y    []int

	published [][]published.Map // of each name in Published
}

// measure is one metric in one variant.
type measure struct {
	metrics.Info
	variant metrics.Variant
	params  results.Params // of the metric; those of the rows are the view's
}

// input is what the rows of a basis are made of.
type input string

const (
	layers  input = "layers"                      // rows of hidden states: frames, words or phones
	heads   input = "attention maps"              // rows are (query, key) cells, units are heads
	queries input = "attention maps by the query" // each query's row of a map by itself
	kept    input = "rows"                        // rows of hidden states, all at once
)

// input says what the metric reads.
func (m measure) input() input {
	switch {
	case m.variant.Source == metrics.FromAttention:
		return queries
	case m.variant.Source == metrics.FromRows:
		return kept
	case m.Name == "attention":
		return heads
	}
	return layers
}

// resolve looks up what the comparisons name. Mistakes that need no file to be seen are all found here.
func resolve(cfg *configs.Config) ([]*comparison, error) {
	var errs configs.Errors
	report := func(err error) { errs = append(errs, err.(*configs.Error)) }
	index := map[string]int{}
	for i, m := range cfg.Models {
		index[m.Name] = i
	}
	var out []*comparison
	for i := range cfg.Comparisons {
		k := &comparison{Comparison: &cfg.Comparisons[i]}
		for _, n := range k.X {
			k.x = append(k.x, index[n])
		}
		for _, n := range k.Y {
			k.y = append(k.y, index[n])
		}
		seen := map[int]bool{}
		for _, s := range append(append([]int{}, k.x...), k.y...) {
			if !seen[s] {
				seen[s] = true
				k.sources = append(k.sources, s)
			}
		}
		for _, m := range k.Metrics {
			found, err := lookup(cfg, m)
			if err != nil {
				report(err)
				continue
			}
			said := map[string]bool{} // once for all settings of a metric
			for _, f := range found {
				for _, why := range []string{k.checkNull(f), k.checkRowwise(f)} {
					if why != "" && !said[why] {
						said[why] = true
						report(cfg.Errorf(m.Pos, "comparison %q: %s", k.Name, why))
					}
				}
			}
			for _, f := range found {
				if k.has(f) {
					report(cfg.Errorf(m.Pos, "comparison %q has metric %s %s twice", k.Name, f.Name, f.variant.Name))
				}
			}
			k.metrics = append(k.metrics, found...)
		}
		for _, name := range k.Published {
			maps, err := loadPublished(cfg, name)
			if err != nil {
				report(cfg.Errorf(k.Pos, "comparison %q: published: %v", k.Name, err))
			}
			k.published = append(k.published, maps)
		}
		if len(k.measuresNamed("word_distance")) > 0 {
			for _, s := range k.y {
				if m := cfg.Models[s]; m.Vectors == "" {
					report(cfg.Errorf(k.Pos, "comparison %q: word_distance takes from y what words mean, and y has model %q, which is no word vectors: put word vectors in y", k.Name, m.Name))
				}
			}
		}
		for _, s := range k.sources {
			m := cfg.Models[s]
			if m.Vectors != "" && (k.Rows.Unit != "word" || k.hasAttention()) {
				report(cfg.Errorf(k.Pos, "comparison %q compares %ss, and model %q is word vectors: use rows: {unit: word} and no attention metric", k.Name, k.Rows.Unit, m.Name))
			}
			if m.Labels != "" && k.hasAttention() {
				report(cfg.Errorf(k.Pos, "comparison %q: model %q is labels, which have no attention maps", k.Name, m.Name))
			}
		}
		if n := k.Null; n != nil && n.Permute == "word_type" {
			for _, s := range k.y {
				if cfg.Models[s].Vectors == "" {
					report(cfg.Errorf(n.Pos, "comparison %q: null.permute: word_type gives each word type of y the vector of another, and y has model %q, whose rows differ from token to token; put the word vectors in y, or permute: group", k.Name, cfg.Models[s].Name))
				}
			}
		}
		if k.Rows.Unit == "frame" && !slices.ContainsFunc(k.sources, func(s int) bool { return cfg.Models[s].Labels == "" }) {
			report(cfg.Errorf(k.Pos, "comparison %q: labels have no frames of their own: add a speech model, or compare words or phones: rows: {unit: word}", k.Name))
		}
		out = append(out, k)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

func lookup(cfg *configs.Config, m configs.Metric) ([]measure, error) {
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
			variants = append(variants, v.Name)
		}
	}
	var out []measure
	for _, name := range variants {
		v, err := info.Variant(name)
		if err != nil {
			return nil, cfg.Errorf(m.Pos, "%v", err)
		}
		for _, params := range settings(m, v.Name) {
			out = append(out, measure{info, v, params})
		}
	}
	return out, nil
}

// settings lists those that a variant is asked for with: asif's powers, each with each number of anchors, and the thresholds
// of word_distance.
func settings(m configs.Metric, variant string) []results.Params {
	var out []results.Params
	switch {
	case m.Name == "asif":
		for _, p := range orDefault(m.P, asif.Power) {
			for _, k := range orDefault(m.K, asif.Anchors) {
				out = append(out, results.Params{P: p, K: k})
			}
		}
	case m.Name == "word_distance" && variant != "random":
		for _, t := range orDefault(m.Thresholds, metrics.WordThresholds()...) {
			out = append(out, results.Params{Threshold: t})
		}
	default:
		out = append(out, results.Params{})
	}
	return out
}

// checkNull says what keeps a metric from a null that the comparison asks for.
func (k *comparison) checkNull(m measure) string {
	const elsewhere = "take it to a comparison without null"
	switch {
	case k.Null == nil:
		return ""
	case m.Name == "attention":
		return "attention has no null: maps of utterances of different length can't stand for each other; " + elsewhere
	case m.Name == "word_distance":
		return "word_distance has no null: its variant random is what it takes by chance; " + elsewhere
	case m.Name == "knn" && k.Null.Permute == "word_type" && slices.Contains(k.Rows.Level, "token"):
		return "knn has no null by word type on rows that repeat words, since identical rows have no nearest one; permute: group, or rows: {level: [type]}; or " + elsewhere
	case k.Rows.Unit == "frame" && m.Name != "cka":
		return fmt.Sprintf("on frames cka alone has a null: it is drawn from frames that are kept, one in so many, and what %s takes by chance depends on their number; %s, or ask for words or phones: rows: {unit: word}", m.Name, elsewhere)
	}
	return ""
}

func orDefault[T any](list []T, otherwise ...T) []T {
	if len(list) == 0 {
		return otherwise
	}
	return list
}

func (k *comparison) has(m measure) bool {
	return slices.ContainsFunc(k.metrics, func(o measure) bool {
		return o.Name == m.Name && o.variant.Name == m.variant.Name && o.params == m.params
	})
}

// onSegments says whether any metric reads words or phones.
func (k *comparison) onSegments() bool {
	return k.Rows.Unit != "frame" && len(k.measuresOf(layers))+len(k.measuresOf(kept)) > 0
}

func (k *comparison) hasAttention() bool {
	return len(k.measuresOf(heads))+len(k.measuresOf(queries)) > 0
}

// measuresNamed are the variants and settings of one metric.
func (k *comparison) measuresNamed(name string) []measure {
	var out []measure
	for _, m := range k.metrics {
		if m.Name == name {
			out = append(out, m)
		}
	}
	return out
}

// measuresOf are the metrics of the comparison that read layers, or those that read attention maps.
func (k *comparison) measuresOf(in input) []measure {
	var out []measure
	for _, m := range k.metrics {
		if m.input() == in {
			out = append(out, m)
		}
	}
	return out
}
