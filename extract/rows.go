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
	Word       int     // index in the words of the text, -1 when the text has no such word
	Place      [2]int  // code points [from, to) of the text that it stands for; from = to when the text has no such word
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
	NotAPhone      = "not a phone"
	NotAligned     = "word not aligned"
	NoTranscript   = "transcript mismatch"
	OutOfVocab     = "out of vocabulary"
	TooShort       = "audio too short for a frame"
	PastTheEnd     = "past the end of the audio"
	NoFeatures     = "where the features have no frame"
	Unreadable     = "utterance unreadable"
	TooManyTokens  = "transcript too long for the model"
	NoToken        = "no token of the model"
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
	var words []corpus.Word
	var match []int
	var places [][2]int
	if unit == "phone" {
		segments = a.Phones
	} else {
		text := c.Utterances[u].Text
		if text == "" {
			text = a.Text()
		}
		words = corpus.SplitWords(text)
		match = corpus.MatchWords(words, segments)
		places = corpus.Places(words, segments, match)
	}
	for i, s := range segments {
		r := Row{Utterance: u, Segment: s.Index, Label: intern(s.Label), Start: s.Start, End: s.End, From: s.From, To: s.To, Word: -1}
		if match != nil {
			r.Word, r.Place = match[i], places[i]
		}
		switch {
		case s.Silent:
			t.drop(r, Silence)
		case s.Noise && unit == "phone":
			t.drop(r, NotAPhone)
		case s.Noise:
			t.drop(r, NotAWord)
		default:
			t.Rows = append(t.Rows, r)
		}
	}
	if unit == "word" {
		for _, i := range corpus.Unaligned(words, segments, match) {
			t.drop(Row{Utterance: u, Segment: -1, Label: intern(words[i].Text)}, NotAligned)
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
		rows := candidates.Of(u)
		var tokens [][2]int
		if s.Text != nil && len(rows) > 0 {
			tokens = s.tokens(c, u)
		}
		for _, r := range rows {
			if reason := s.refuses(c, r, p, samples[u], tokens); reason != "" {
				t.drop(r, reason)
			} else {
				t.Rows = append(t.Rows, r)
			}
		}
		t.Begin = append(t.Begin, len(t.Rows))
	}
	return t
}

// tokens are the places of the tokens that a text model reads of utterance u; none where they are more than its positions,
// since a cut text would give other vectors than the whole.
func (s *Source) tokens(c *corpus.Corpus, u int) [][2]int {
	_, places := s.Text.Encode(TextOf(c, &c.Utterances[u]))
	if m := s.Model.Card().MaxTokens; m > 0 && len(places) > m {
		return nil
	}
	return places
}

func (s *Source) refuses(c *corpus.Corpus, r Row, p Pooling, samples int, tokens [][2]int) string {
	switch {
	case s.Vectors != nil:
		if _, ok := s.Vectors.Vector(r.Label); !ok {
			return OutOfVocab
		}
	case s.Text != nil:
		if r.Word < 0 {
			return NoTranscript
		}
		if tokens == nil {
			return TooManyTokens
		}
		if lo, hi := tokensOf(tokens, r.Place); lo >= hi {
			return NoToken
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
