package inference

import (
	"fmt"

	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/results"
)

// ASIFValue is top-1 accuracy by word, with what it must be read with as warnings.
func ASIFValue(r *asif.Result, rows, dx, dy int) metrics.Value {
	v := metrics.Value{Value: r.Top1, N: rows, DX: dx, DY: dy, Warnings: []string{
		fmt.Sprintf("top-1 by word of %d queries among %d anchors; top-5 words %.4g, top-5 rows %.4g", r.Queries, r.Anchors, r.TopTypes, r.TopRows),
		fmt.Sprintf("at most %.4g can be right: the other queries' words have no anchor (of those that have one, %.4g are right); the most frequent word alone gives %.4g", r.Ceiling, r.InVocabulary, r.Majority),
	}}
	if r.ByType {
		v.Warnings = append(v.Warnings, "the rows of x are the same for all tokens of a word: a query finds its word among the anchors by that alone, so the value does not say that y is like x")
	}
	return v
}

// Retrieval is the same in numbers.
func Retrieval(r *asif.Result) *results.Retrieval {
	return &results.Retrieval{Queries: r.Queries, Anchors: r.Anchors, TopTypes: r.TopTypes, TopRows: r.TopRows,
		InVocabulary: r.InVocabulary, Ceiling: r.Ceiling, Majority: r.Majority}
}
