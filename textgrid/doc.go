// Package textgrid reads, checks and writes Praat TextGrids, the files in which
// most corpora of speech keep their words and phones with times.
//
// Praat's long and short text forms, in UTF-8 or UTF-16, and its binary form are
// read. Its chronological form, and a TextGrid within a collection, are refused
// with what to do in Praat. The text form follows Praat's own rule, by which only free-standing
// numbers, "strings" and <flags> count and all other words are comments, so that
// files of other programs read as they would in Praat. Faults are of type *Error
// and name file, line and column.
//
// The package knows times and labels and nothing of audio, samples or phones.
// Package corpus, its user, turns seconds into samples.
//
//	grid, err := textgrid.ReadFile("84-121123-0001.TextGrid")
//	if err != nil {
//		return err // 84-121123-0001.TextGrid:17:20: expected the end of interval 1 of ...
//	}
//	for _, f := range grid.Check(textgrid.CheckOptions{Duration: 15.2}) {
//		fmt.Printf("84-121123-0001.TextGrid:%d: %s\n", f.Line, f.Msg)
//	}
//	words := grid.Tier("words")
//	if words == nil {
//		return errors.New("no tier of words")
//	}
//	for _, w := range words.Intervals {
//		fmt.Println(w.Start, w.End, w.Label) // 0.48 0.71 go
//	}
//
// Reading is fast enough to check a corpus before anything is computed: see
// BenchmarkRead, and testdata/peers.py for the same files read by the Python
// packages praatio and textgrid.
package textgrid
