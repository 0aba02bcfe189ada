// Package corpus reads speech corpora as they lie on disks: who said what in which file, and when.
//
// It knows five layouts, each in a file of its own (layout_librispeech.go, layout_timit.go, ...), and all of
// them give the same thing: utterances, sorted by ID, with speaker, transcript, audio and labels. Nothing beyond file
// names and transcripts is read until it is asked for, so that a corpus of 300 000 utterances opens in seconds. The
// packages extract and pipeline take it from here; they never see a file format.
//
//	c, err := corpus.Open(ctx, corpus.Spec{Layout: "librispeech", Root: "LibriSpeech", Subset: "dev-clean"})
//	for i := range c.Utterances {
//		u := &c.Utterances[i]
//		a, err := c.Audio(u)      // one channel at 16 kHz, or an error that says what to configure
//		al, err := c.Align(u)     // word and phone segments in seconds and samples
//		match := corpus.MatchWords(corpus.SplitWords(u.Text), al.Words)
//	}
//
// # From seconds to samples
//
// Labels are in seconds (TextGrid, CTM) or in samples (TIMIT). They become samples of the corpus's rate in Align and
// nowhere else, by rounding; every frame rule downstream starts from these numbers.
//
// # Nothing is skipped in silence
//
// A file that is missing, a transcript that can't be read, a link that loops: each becomes a Finding with file and line.
// Open returns them with the utterances, and Check reads everything else (labels, headers, on request the sound) and
// reports all of it, before the first second of compute. A Finding of SeverityError means that the utterance is not
// used.
package corpus
