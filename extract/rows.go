package extract

import (
	"sort"
	"unique"

	"speechsim/corpus"
)

// Row is one segment of one utterance that can be a sample of a comparison. Rows of different sources are the same sample
// when Utterance and Segment agree.
type Row struct {
	Utterance  int // index in the corpus
	Segment    int // index in its tier
	Label      string
	Start, End float64 // seconds, as the alignment says
	From, To   int     // samples at the corpus rate, [From, To)
	Word       int     // index in the transcript, -1 when the transcript has no such word
}

// Dropped is a segment (or a transcript word without one: Segment -1) that became no row, and why.
type Dropped struct {
	Utterance  int
	Segment    int
	Label      string
	Start, End float64
	Reason     string
}

// Reasons for which a segment becomes no row.
const (
	Silence        = "silence"
	NotAWord       = "not a word"
	NotAligned     = "word not aligned"
	NoTranscript   = "transcript mismatch"
	OutOfVocab     = "out of vocabulary"
	TooShort       = "audio too short for a frame"
	PastTheEnd     = "past the end of the audio"
	NoFeatures     = "where the features have no frame"
	Unreadable     = "utterance unreadable"
	TooManyTokens  = "transcript too long for the model"
	RepeatedWord   = "repeated in the utterance (select: bolanos2024)"
	ApostropheWord = "apostrophe (select: bolanos2024)"
)

// Table is a list of rows in corpus order, with what was dropped on the way. The rows of utterance u are
// Rows[Begin[u]:Begin[u+1]].
type Table struct {
	Rows    []Row
	Begin   []int
	Dropped []Dropped
}

// Of returns the rows of utterance u.
func (t *Table) Of(u int) []Row { return t.Rows[t.Begin[u]:t.Begin[u+1]] }

// Reason says why a segment of utterance u was dropped, "" when it was not.
func (t *Table) Reason(u, segment int) string {
	i := sort.Search(len(t.Dropped), func(i int) bool {
		d := &t.Dropped[i]
		return d.Utterance > u || d.Utterance == u && d.Segment >= segment
	})
	if i < len(t.Dropped) && t.Dropped[i].Utterance == u && t.Dropped[i].Segment == segment {
		return t.Dropped[i].Reason
	}
	return ""
}

// Segments lists the candidates of one utterance for a unit ("word" or "phone"), and what can't be one, from its alignment
// alone: a table of one utterance, to be joined by [Join]. Labels are interned, so that nothing holds the alignment's file.
func Segments(c *corpus.Corpus, u int, a *corpus.Alignment, unit string) *Table {
	t := &Table{Begin: []int{0}}
	segments := a.Words
	var match []int
	words := c.TranscriptWords(&c.Utterances[u])
	if unit == "phone" {
		segments = a.Phones
	} else {
		match = corpus.MatchWords(words, segments)
	}
	for i, s := range segments {
		r := Row{Utterance: u, Segment: s.Index, Label: intern(s.Label), Start: s.Start, End: s.End, From: s.From, To: s.To, Word: -1}
		if match != nil {
			r.Word = match[i]
		}
		switch {
		case s.Silent:
			t.drop(r, Silence)
		case s.NotWord:
			t.drop(r, NotAWord)
		default:
			t.Rows = append(t.Rows, r)
		}
	}
	if unit == "word" {
		for _, i := range corpus.Unaligned(words, segments, match) {
			t.drop(Row{Utterance: u, Segment: -1, Label: intern(words[i])}, NotAligned)
		}
	}
	t.Begin = append(t.Begin, len(t.Rows))
	return t
}

func intern(s string) string { return unique.Make(s).Value() }

// Concat puts the tables of all utterances, in corpus order, into one. A nil table stands for an utterance that can't be
// read: its segments are unknown and not listed.
func Concat(utterances []*Table) *Table {
	rows, dropped := 0, 0
	for _, t := range utterances {
		if t != nil {
			rows += len(t.Rows)
			dropped += len(t.Dropped)
		}
	}
	all := &Table{Rows: make([]Row, 0, rows), Begin: make([]int, 1, len(utterances)+1), Dropped: make([]Dropped, 0, dropped)}
	for _, t := range utterances {
		if t != nil {
			all.Rows = append(all.Rows, t.Rows...)
			all.Dropped = append(all.Dropped, t.Dropped...)
		}
		all.Begin = append(all.Begin, len(all.Rows))
	}
	return all
}

func (t *Table) drop(r Row, reason string) {
	t.Dropped = append(t.Dropped, Dropped{r.Utterance, r.Segment, r.Label, r.Start, r.End, reason})
}

// Rows says which candidates the source can serve. samples[u] is the length of utterance u at the corpus rate, -1 when it
// can't be read.
func (s *Source) Rows(c *corpus.Corpus, candidates *Table, samples []int, p Pooling) *Table {
	t := &Table{Begin: make([]int, 1, len(c.Utterances)+1)}
	for u := range c.Utterances {
		limit := s.wordLimit(c, u)
		for _, r := range candidates.Of(u) {
			if reason := s.refuses(c, r, p, samples[u], limit); reason != "" {
				t.drop(r, reason)
			} else {
				t.Rows = append(t.Rows, r)
			}
		}
		t.Begin = append(t.Begin, len(t.Rows))
	}
	return t
}

// wordLimit is how many words of utterance u a text model reads: those whose tokens all lie within its positions.
func (s *Source) wordLimit(c *corpus.Corpus, u int) int {
	if s.Text == nil {
		return 0
	}
	words := c.TranscriptWords(&c.Utterances[u])
	ids, _ := s.Text.EncodeWords(words)
	if m := s.Model.Card().MaxTokens; m > 0 && len(ids) > m {
		return 0 // the whole utterance is refused: a cut text would give other vectors than the full one
	}
	return len(words)
}

func (s *Source) refuses(c *corpus.Corpus, r Row, p Pooling, samples, wordLimit int) string {
	switch {
	case s.Vectors != nil:
		if _, ok := s.Vectors.Vector(r.Label); !ok {
			return OutOfVocab
		}
	case s.Text != nil:
		if r.Word < 0 {
			return NoTranscript
		}
		if r.Word >= wordLimit {
			return TooManyTokens
		}
	case !s.HasFrames(): // labels of the corpus
	case samples < 0:
		return Unreadable
	default:
		rate := c.Spec.Audio.Rate
		for _, l := range s.outputs() {
			frames := s.layerFrames(c, r.Utterance, l, samples)
			if frames < 1 {
				return TooShort
			}
			if lo, hi := p.FrameRange(s.Card(), l, r, rate, frames); lo >= hi || r.From >= samples {
				return PastTheEnd
			}
			if s.Features != nil && s.Features.beyond(r, rate, frames) {
				return NoFeatures
			}
		}
	}
	return ""
}

// Scale converts a number of samples between rates as resampling does: the new length is the ceiling.
func Scale(samples, from, to int) int {
	if from == to {
		return samples
	}
	return int((int64(samples)*int64(to) + int64(from) - 1) / int64(from))
}
