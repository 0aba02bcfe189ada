// Package load reads what a study rests on: the corpus with its labels and audio headers, the models with their cards, the
// linear algebra, and the digests of all of it. No other phase opens a corpus or a model.
//
//	files, err := load.Locate(ctx, st, options) // does everything exist, which utterances are there
//	inputs, err := load.Read(ctx, files)        // labels, headers, models, digests
package load
