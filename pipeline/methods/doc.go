// Package methods writes what a paper says of a run: a paragraph on the corpus, the models, the rows, the metrics and the statistics, as
// text and as LaTeX, and the BibTeX entries of what it cites. Everything in it stands in the manifest and the cells of the run; what these do
// not know is not in it: of a model they know the family, whose paper is cited.
package methods
