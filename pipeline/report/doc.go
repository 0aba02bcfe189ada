// Package report turns the cells of a run into figures, tables and one page.
//
// It is the last phase of a run and needs nothing but its results: the
// pipeline hands over the cells ([speechsim/pipeline/results.Cell]) and says
// which of them to draw, as a list of [Figure]. [DrawAll] writes each figure
// as SVG, PDF, PNG (300 dpi), CSV and LaTeX table, and [WritePage] a
// report.html that holds everything in one file and works offline.
//
//	figures := []report.Figure{{
//		Name: "figure-1-cka", Title: "HuBERT and BERT agree most in the middle",
//		Kind: report.Heatmap, Metric: "cka", Variant: "debiased", Symmetric: true,
//		XModels: []report.Model{{Name: "hubert-base", Layers: []string{"0", "1", "2"}}},
//		YModels: []report.Model{{Name: "bert", Layers: []string{"0", "1", "2"}}},
//	}}
//	_, err := report.DrawAll("runs/demo", figures, cells)  // runs/demo/figures/figure-1-cka.svg ...
//
// A figure is a heat map, layer curves or a dendrogram ([Heatmap], [Curves],
// [Tree]). [Published] values from a paper are drawn beside ours, and
// [Differences] makes the cells of one run minus those of another.
//
// A figure never hides what is missing: a cell whose metric could not be
// computed is hatched, one that is not among the results is cross-hatched,
// one that is not significant is marked, and the line below the title says
// metric, variant, rows and n.
//
// The same cells give the same bytes, for every format.
package report
