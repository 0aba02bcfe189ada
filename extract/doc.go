// Package extract turns utterances into rows: it runs models over a corpus, pools frames into words and phones by the
// alignment. Package store below it keeps the rows.
//
// Its words: a [Source] is anything that gives activations for an utterance (an ONNX model, word vectors). A [Row] is one
// segment that can be a sample of a comparison; [Segments] lists them from the labels alone, before anything is computed, and
// [Source.Rows] says which of them a source can serve and why not the others. [Walk] runs sources over utterances in parallel
// and hands the activations over in order.
//
//	candidates := extract.Segments(c, 0, alignment, "word") // of utterance 0
//	rows := source.Rows(c, extract.Concat([]*extract.Table{candidates}), samples, extract.Centre)
//	err := extract.Walk(ctx, c, utterances, []*extract.Source{source}, 2, visitor)
//
// Nothing here knows what is compared with what: that is package pipeline's.
package extract
