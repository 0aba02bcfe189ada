// Package methods writes what a paper says of a run: a paragraph on the corpus, the models, the rows, the metrics and the statistics, as
// text and as LaTeX, and the BibTeX entries of what it cites. Everything in it stands in the manifest and the cells of the run; what these do
// not know, such as the papers of the models, is not in it.
package methods
