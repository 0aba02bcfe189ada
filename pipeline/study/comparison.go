package study

import (
	"fmt"
	"slices"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/pipeline/published"
	"speechsim/pipeline/results"
)

// Comparison is a comparison of the config with its metrics and its models looked up. The layers of the models are not known
// here.
type Comparison struct {
	*configs.Comparison
	Measures           []Measure
	Sources            []int // positions in the config of the models on either side, those of x first, each once
	XSources, YSources []int
	PublishedMaps      [][]published.Map // of each name in Published
}

// RowSet says which of the rows of a comparison on words or phones are compared, and whether they are taken one by one or as
// one mean row a word type.
type RowSet struct {
	Level string // "" = token, or results.TypeLevel
	First int    // 0 = all
}

// RowSets are those that a comparison on words or phones asks for, in the order of the config.
func (k *Comparison) RowSets() []RowSet {
	var out []RowSet
	for _, level := range k.Rows.Level {
		if level == "token" {
			level = ""
		}
		for _, first := range k.Rows.Firsts() {
			out = append(out, RowSet{level, first})
		}
	}
	return out
}

// MeasuresOf are the measures of the comparison that read some input.
func (k *Comparison) MeasuresOf(in Input) []Measure {
	return k.measuresThat(func(m Measure) bool { return m.Input() == in })
}

// MeasuresNamed are the variants and settings of one metric.
func (k *Comparison) MeasuresNamed(name string) []Measure {
	return k.measuresThat(func(m Measure) bool { return m.Name == name })
}

func (k *Comparison) measuresThat(is func(Measure) bool) []Measure {
	var out []Measure
	for _, m := range k.Measures {
		if is(m) {
			out = append(out, m)
		}
	}
	return out
}

// OnSegments says whether any metric reads words or phones.
func (k *Comparison) OnSegments() bool {
	return k.Rows.Unit != "frame" && len(k.MeasuresOf(HiddenStates))+len(k.MeasuresOf(Projections))+len(k.MeasuresOf(Rows)) > 0
}

// HasAttention says whether any metric reads attention maps.
func (k *Comparison) HasAttention() bool {
	return len(k.MeasuresOf(AttentionCells))+len(k.MeasuresOf(AttentionRows)) > 0
}

// AlignedPhones says whether the comparison takes pronunciations from the alignment.
func (k *Comparison) AlignedPhones(cfg *configs.Config) bool {
	return cfg.Corpus.Lexicon == nil && slices.ContainsFunc(k.MeasuresNamed("word_distance"), func(m Measure) bool { return m.Variant.Name == "phonetic" })
}

// WantsInterval says whether cells of a metric get an interval: on request always, by default where a cell is cheap.
func (k *Comparison) WantsInterval(m Measure) bool {
	switch {
	case k.Interval == "none" || !m.hasInterval():
		return false
	case k.Interval == "jackknife":
		return true
	}
	return m.Cost == metrics.Quadratic
}

// NullFromGram says whether the null of a measure of so many whole rows is drawn from Gram matrices.
func NullFromGram(m Measure, rows int) bool {
	return m.Name == "cka" && m.Input() == HiddenStates && !m.Grouped() && rows <= metrics.GramRows
}

// NullFromProjections says whether the null of a measure of so many whole rows is drawn from random projections of the rows of a set.
func (k *Comparison) NullFromProjections(m Measure, set RowSet, rows int) bool {
	return m.Grouped() || m.Name == "cka" && m.Input() == HiddenStates && !NullFromGram(m, rows) && (k.Null.Permute == "group" || set.Level == results.TypeLevel)
}

// VariantsOf counts the variants of a metric that the comparison asks for.
func (k *Comparison) VariantsOf(name string) int {
	variants := map[string]bool{}
	for _, m := range k.MeasuresNamed(name) {
		variants[m.Variant.Name] = true
	}
	return len(variants)
}

// SettingsOf counts the settings that the comparison asks a variant for.
func (k *Comparison) SettingsOf(m Measure) int {
	return len(k.measuresThat(func(o Measure) bool { return o.Name == m.Name && o.Variant.Name == m.Variant.Name }))
}

func (k *Comparison) has(m Measure) bool {
	return slices.ContainsFunc(k.Measures, func(o Measure) bool {
		return o.Name == m.Name && o.Variant.Name == m.Variant.Name && o.Params == m.Params
	})
}

// checkNull says what keeps a metric from a null that the comparison asks for.
func (k *Comparison) checkNull(m Measure) string {
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

// checkRows says what keeps a metric that reads rows from being computed for a comparison.
func (k *Comparison) checkRows(m Measure) string {
	switch {
	case m.Variant.Source != metrics.FromRows:
		return ""
	case k.Rows.Unit == "frame":
		return fmt.Sprintf("metric %s needs rows that are kept, and frames are reduced while they stream: use rows: {unit: word} or phone", m.Name)
	case m.PerToken() && !slices.Contains(k.Rows.Level, "token"):
		return fmt.Sprintf("metric %s takes the types of single rows itself, and rows.level leaves one row a type: add token to it", m.Name)
	case m.Name == "word_distance" && k.Rows.Unit != "word":
		return "metric word_distance compares words: use rows: {unit: word}"
	}
	return ""
}
