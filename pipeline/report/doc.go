// Package report makes the page of a run: one report.html that holds figures,
// numbers and what they rest on, and works offline.
//
// It is the last phase of a run and needs nothing but its results: the
// pipeline hands over a [Page] with the cells
// ([speechsim/pipeline/results.Cell]), the figures to draw of them
// ([speechsim/pipeline/report/figures], which also writes them as files) and
// the manifest, and [WritePage] writes it. What to doubt is
// worked out from the cells here, the answers in [speechsim/pipeline/report/answers]. [Versus] makes the page of the differences of
// two runs, whose manifests [Changes] compares.
package report
