// Package figures makes figures of the cells of a run: it says what a figure
// is, lays it out, and writes it.
//
// The pipeline says which cells to draw as a list of [Figure]; [DrawAll] writes
// each as SVG, PDF, PNG (300 dpi), CSV and LaTeX table, and [Pictures] makes
// them for the page of [speechsim/pipeline/report]. The package draws with
// [speechsim/pipeline/report/canvas].
//
//	list := []figures.Figure{{
//		Name: "figure-1-cka", Title: "HuBERT and BERT agree most in the middle",
//		Kind: figures.Heatmap, Metric: "cka", Variant: "debiased", Symmetric: true,
//		XModels: []figures.Model{{Name: "hubert-base", Layers: []string{"0", "1", "2"}}},
//		YModels: []figures.Model{{Name: "bert", Layers: []string{"0", "1", "2"}}},
//	}}
//	_, err := figures.DrawAll("runs/demo", list, cells, figures.Formats)  // runs/demo/figures/figure-1-cka.svg ...
//
// A figure is a heat map, layer curves, a dendrogram or a map of layers
// ([Heatmap], [Curves], [Tree], [MDS]); the other kinds become one of those,
// of numbers that follow from the cells. Values from a paper
// ([speechsim/pipeline/published.Matrix]) are drawn next to ours.
//
// A figure never hides what is missing: a cell whose metric could not be
// computed is hatched, one that is not among the results is cross-hatched,
// one that is not significant is marked, and the line below the title says
// metric, variant, rows and n.
//
// The same cells give the same bytes, for every format.
package figures
