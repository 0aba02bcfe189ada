package pipeline

import (
	"encoding/csv"
	"io"
	"sort"
	"strconv"

	"speechsim/extract"
	"speechsim/pipeline/internal/files"
)

// accounting says what became of the segments of one comparison: segments in = rows out + dropped, by reason.
type accounting struct {
	Comparison string         `json:"comparison"`
	Rows       string         `json:"rows"`
	In         int            `json:"segments"`
	Out        int            `json:"used"`
	Dropped    map[string]int `json:"dropped"`
	NotAligned int            `json:"words_not_aligned,omitempty"` // transcript words that the alignment lacks: no segments
	list       []extract.Dropped
}

// account adds up for a comparison on segments.
func (p *Plan) account(k *comparison, j *joinedRows) accounting {
	a := accounting{Comparison: k.Name, Rows: k.Rows.Unit, Out: len(j.rows), Dropped: map[string]int{}}
	a.list = append(append([]extract.Dropped{}, p.candidates[k.Rows.Unit].Dropped...), j.dropped...)
	sort.SliceStable(a.list, func(i, k int) bool {
		x, y := &a.list[i], &a.list[k]
		return x.Utterance < y.Utterance || x.Utterance == y.Utterance && x.Segment < y.Segment
	})
	for _, d := range a.list {
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

// writeDropped writes what dropped.csv holds: every segment that became no row of a comparison, every transcript word without a
// segment, and every utterance that can't be used, each with the reason.
func (p *Plan) writeDropped(path string, accounts []accounting, failed []extract.Failure) error {
	return files.Write(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"comparison", "utterance", "segment", "label", "start", "end", "reason"})
		for _, f := range failed {
			out.Write([]string{"", f.Utterance, "", "", "", "", f.Error})
		}
		for _, a := range accounts {
			for _, d := range a.list {
				segment, start, end := "", "", ""
				if d.Segment >= 0 {
					segment, start, end = strconv.Itoa(d.Segment), number(d.Start), number(d.End)
				}
				out.Write([]string{a.Comparison, p.Corpus.Utterances[d.Utterance].ID, segment, d.Label, start, end, d.Reason})
			}
		}
		out.Flush()
		return out.Error()
	})
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
