// Package answers says in words what a run found: for each comparison a short paragraph on which layer of each model is best and
// which others cannot be told from it, how far it is above its control and the acoustic baseline, which model is ahead, where the
// curve rises and falls, and what is not known.
//
// A sentence is made by a rule (rules.go, pairs.go) from cells and differences that the run has, and carries them as its
// evidence. Three things hold for all rules:
//
//   - two values are "above" and "below" each other only by the interval of their difference; without one, both are given and
//     nothing is said of them;
//   - each p of a value is named: family-wise, FDR-controlled or uncorrected as the run decides; that of one planned difference is
//     its own; those of many layers of a model, or of two runs, are corrected by Holm's method;
//   - a value is above chance where the p that decides is at most .05.
package answers
