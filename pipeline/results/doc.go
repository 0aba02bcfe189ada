// Package results holds what a run found: one [Cell] for each metric, layer
// and layer, and the two files that carry cells, results.jsonl and results.csv.
//
// The pipeline makes cells, puts them into an order that does not depend on
// which worker was first, and writes them; figures, tables and the report are
// made from cells alone. The package imports the standard library and the
// pipeline's way to write files.
//
// A cell says what was compared (two layers, each named by model and layer),
// with which metric and variant, on which rows and how many, and what came out.
// A metric that could not be computed is a cell too: it has no value and says
// why in Error, so that nothing downstream can mistake it for a zero or a gap.
//
//	value := 0.31
//	cells := []results.Cell{{
//		Comparison: "figure-1", Metric: "cka", Variant: "debiased",
//		X: results.Layer{Model: "hubert-base", Layer: "7"},
//		Y: results.Layer{Model: "bert", Layer: "4"},
//		Rows: "word", N: 46906, DX: 768, DY: 768, Value: &value,
//	}}
//	if err := results.WriteFile("results.jsonl", cells); err != nil { ... }
//	back, err := results.ReadFile("results.jsonl")
package results
