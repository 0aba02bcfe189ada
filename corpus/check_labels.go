package corpus

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// checkLabels looks at an alignment; seconds is the duration of the audio, or negative if it is not known.
func (c *Corpus) checkLabels(v *findingList, r *checked, u *Utterance, a *Alignment, seconds float64) {
	rate := c.Spec.Audio.Rate
	spoken := 0
	for i := range a.Words {
		s := &a.Words[i]
		if s.Silent {
			continue
		}
		spoken++
		if s.Noise {
			continue
		}
		r.words++
		r.wordTypes = append(r.wordTypes, s.Label)
		switch d := s.End - s.Start; {
		case s.To <= s.From: // a fault of its own
		case d > longestWord:
			v.add(KindLongWord, SeverityWarning, a.WordsFile, s.Line, "word %q is %.2f s long: words are seldom longer than %g s", s.Label, d, longestWord)
		case d < shortestWord-1e-9:
			v.add(KindShortWord, SeverityWarning, a.WordsFile, s.Line, "word %q is %.0f ms long: words are seldom shorter than %.0f ms", s.Label, 1000*d, 1000*shortestWord)
		}
	}
	for i := range a.Phones {
		if s := &a.Phones[i]; !s.Silent && !s.Noise {
			r.phones++
			r.phoneTypes = append(r.phoneTypes, s.Label)
		}
	}
	if spoken == 0 && r.phones == 0 {
		v.add(KindNoWords, SeverityWarning, labelFile(a), 0, "the alignment holds nothing but silence")
	}
	r.uses = a.uses()
	r.speech = speechSamples(a)
	r.labelled = r.samples
	if r.labelled == 0 {
		r.labelled = int(math.Round(a.End * float64(rate)))
	}
	if seconds >= 0 {
		if f := c.misfit(u, a, r.samples); f != nil {
			v.list = append(v.list, *f)
		} else if msg := c.durations(u, a, seconds); msg != "" {
			v.add(KindDuration, SeverityWarning, labelFile(a), 0, "%s", msg)
		}
	}
	v.checkTiers(a)
	v.checkTranscript(r, c.compareWords(u, a), a)
}

func labelFile(a *Alignment) string {
	if a.WordsFile != "" {
		return a.WordsFile
	}
	return a.PhonesFile
}

// durations compares the length that the labels give with the audio's. CTM files give none.
func (c *Corpus) durations(u *Utterance, a *Alignment, seconds float64) string {
	d := a.End - seconds
	switch {
	case c.ctm != nil:
		return ""
	case hasExt(u.WordsFile, ".textgrid"):
		if math.Abs(d) <= durationSlip {
			return ""
		}
	case a.Phones == nil || d <= endTolerance && d >= -tailSlip:
		return ""
	}
	return fmt.Sprintf("the labels are of %.3f s, the audio is %.3f s long", a.End, seconds)
}

// speechSamples counts the samples that the phones, or else the words, say are speech.
func speechSamples(a *Alignment) int {
	tier := a.Phones
	if tier == nil {
		tier = a.Words
	}
	n, end := 0, 0
	for i := range tier {
		s := &tier[i]
		if from := max(s.From, end); !s.Silent && s.To > from {
			n += s.To - from
			end = s.To
		}
	}
	return n
}

// checkTiers finds words without phones, phones outside words, and words that begin or end inside a phone: one finding,
// with the first place and the number.
func (v *findingList) checkTiers(a *Alignment) {
	if len(a.Words) == 0 || len(a.Phones) == 0 {
		return
	}
	var first *Segment
	var what string
	file, n := "", 0
	note := func(path string, s *Segment, format string, args ...any) {
		if n++; n == 1 {
			first, file, what = s, path, fmt.Sprintf(format, args...)
		}
	}
	bounds := make([]float64, 0, 2*len(a.Phones))
	for i := range a.Phones {
		bounds = append(bounds, a.Phones[i].Start, a.Phones[i].End)
	}
	slices.Sort(bounds)
	onBoundary := func(t float64) bool {
		i, _ := slices.BinarySearch(bounds, t-boundarySlip)
		return i < len(bounds) && bounds[i] <= t+boundarySlip
	}
	within := make([]bool, len(a.Phones)) // a word covers the phone's middle
	from := 0                             // phones before it end before every further word
	for i := range a.Words {
		w := &a.Words[i]
		if w.Silent || w.To <= w.From {
			continue
		}
		for from < len(a.Phones) && a.Phones[from].End <= w.Start-longestWord {
			from++
		}
		phones := 0
		for j := from; j < len(a.Phones) && a.Phones[j].Start < w.End; j++ {
			if p := &a.Phones[j]; middle(p) >= w.Start && middle(p) < w.End {
				phones++
				within[j] = true
			}
		}
		switch {
		case phones == 0:
			note(a.WordsFile, w, "word %q has no phones", w.Label)
		case !onBoundary(w.Start):
			note(a.WordsFile, w, "word %q begins inside a phone, at %.3f s", w.Label, w.Start)
		case !onBoundary(w.End):
			note(a.WordsFile, w, "word %q ends inside a phone, at %.3f s", w.Label, w.End)
		}
	}
	for j := range a.Phones {
		// TIMIT's glottal stop belongs to no word where it stands before one.
		if p := &a.Phones[j]; !p.Silent && !p.Noise && !within[j] && p.To > p.From && p.Label != "q" {
			note(a.PhonesFile, p, "phone %q at %.3f s is in no word", p.Label, p.Start)
		}
	}
	if n == 0 {
		return
	}
	if n > 1 {
		what += fmt.Sprintf("; %s in all", plural(n, "such place"))
	}
	v.add(KindTiers, SeverityWarning, file, first.Line, "%s", what)
}

func middle(s *Segment) float64 { return (s.Start + s.End) / 2 }

// checkTranscript compares the word tier with the transcript: one finding, with the first place and the numbers. Of words that
// seem to be those of another utterance the whole corpus decides.
func (v *findingList) checkTranscript(r *checked, m wordMatch, a *Alignment) {
	r.telling = m.tells()
	if m.foreign() {
		r.foreign = &Finding{Kind: KindMismatch, Utterance: v.utterance, File: a.WordsFile, Line: m.firstExtra.Line, Message: m.aboutForeign()}
		return
	}
	var parts []string
	line := 0
	if m.extra > 0 {
		parts = append(parts, fmt.Sprintf("%s not in the transcript, the first is %q at %.2f s", plural(m.extra, "aligned word"), m.firstExtra.Label, m.firstExtra.Start))
		line = m.firstExtra.Line
	}
	if m.lacking > 0 {
		parts = append(parts, fmt.Sprintf("%d of the transcript's %s not aligned, the first is %q", m.lacking, plural(m.text, "word"), m.firstLacking))
	}
	if len(parts) > 0 {
		v.add(KindMismatch, SeverityWarning, a.WordsFile, line, "%s", strings.Join(parts, "; "))
	}
}
