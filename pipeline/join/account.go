package join

import (
	"encoding/csv"
	"io"
	"sort"
	"strconv"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/extract/store"
)

// Account says what became of the segments of one comparison: segments in = rows out + dropped, by reason.
type Account struct {
	Comparison string            `json:"comparison"`
	Rows       string            `json:"rows"`
	In         int               `json:"segments"`
	Out        int               `json:"used"`
	Dropped    map[string]int    `json:"dropped"`
	NotAligned int               `json:"words_not_aligned,omitempty"` // transcript words that the alignment lacks: no segments
	Segments   []extract.Dropped `json:"-"`                           // each that became no row
}

// Account adds up for a comparison on segments of a unit, of which dropped were no candidates.
func (j *Rows) Account(comparison, unit string, dropped []extract.Dropped) Account {
	a := Account{Comparison: comparison, Rows: unit, Out: len(j.Rows), Dropped: map[string]int{}}
	a.Segments = append(append([]extract.Dropped{}, dropped...), j.Dropped...)
	sort.SliceStable(a.Segments, func(i, k int) bool {
		x, y := &a.Segments[i], &a.Segments[k]
		return x.Utterance < y.Utterance || x.Utterance == y.Utterance && x.Segment < y.Segment
	})
	for _, d := range a.Segments {
		if d.Segment < 0 {
			a.NotAligned++
		} else {
			a.Dropped[d.Reason]++
		}
	}
	a.In = a.Out
	for _, n := range a.Dropped {
		a.In += n
	}
	return a
}

// WriteDropped writes what dropped.csv holds: every segment that became no row of a comparison, every transcript word
// without a segment, and every utterance that can't be used, each with the reason.
func WriteDropped(w io.Writer, c *corpus.Corpus, accounts []Account, failed []store.Failure) error {
	out := csv.NewWriter(w)
	out.Write([]string{"comparison", "utterance", "segment", "label", "start", "end", "reason"})
	for _, f := range failed {
		out.Write([]string{"", f.Utterance, "", "", "", "", f.Error})
	}
	for _, a := range accounts {
		for _, d := range a.Segments {
			segment, start, end := "", "", ""
			if d.Segment >= 0 {
				segment, start, end = strconv.Itoa(d.Segment), number(d.Start), number(d.End)
			}
			out.Write([]string{a.Comparison, c.Utterances[d.Utterance].ID, segment, d.Label, start, end, d.Reason})
		}
	}
	out.Flush()
	return out.Error()
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// Distinct sorts failures, and leaves each once.
func Distinct(list []store.Failure) []store.Failure {
	sort.Slice(list, func(i, j int) bool {
		return list[i].Utterance < list[j].Utterance || list[i].Utterance == list[j].Utterance && list[i].Error < list[j].Error
	})
	var out []store.Failure
	for _, f := range list {
		if n := len(out); n == 0 || out[n-1] != f {
			out = append(out, f)
		}
	}
	return out
}
