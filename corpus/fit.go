package corpus

import (
	"fmt"
	"math"

	"speechsim/textgrid"
)

// Labels may be of another recording than the audio beside them, or of another stretch of it. Here is what shows that before
// anything is computed: the lengths, the times at which a TextGrid starts, the words of the transcript and, where
// the lengths are suspicious, the energy of the sound.

const (
	shortLabels = 0.5 // the share of the audio that labels cover at least, or the words must say that they are its own
	shortBy     = 1.0 // seconds that must be missing, too
	fewestWords = 4   // of a transcript and its alignment that tell whether they are of one utterance
)

// Fits is an error where the alignment can't be that of audio of so many samples at the corpus's rate: speech after its end
// (see [Alignment.Within]), labels of less than half of it with other words than the transcript's, or labels that are longer and
// shifted against the sound.
func (c *Corpus) Fits(u *Utterance, a *Alignment, samples int) error {
	if f := c.misfit(u, a, samples); f != nil {
		return f.err()
	}
	return nil
}

func (c *Corpus) misfit(u *Utterance, a *Alignment, samples int) *Finding {
	f := &Finding{Severity: SeverityError, Utterance: u.ID, File: labelFile(a)}
	if err := a.Within(samples, c.Spec.Audio.Rate); err != nil {
		own := err.(*Error)
		f.Kind, f.File, f.Line, f.Message = KindPastEnd, own.File, own.Line, own.Msg
		return f
	}
	seconds := float64(samples) / float64(c.Spec.Audio.Rate)
	switch {
	case c.ctm != nil: // a CTM file does not say how long the audio is
		return nil
	case a.End < shortLabels*seconds && seconds-a.End > shortBy && !c.compareWords(u, a).alike():
		f.Kind = KindDuration
		f.Message = fmt.Sprintf("the labels end at %.3f s and the audio is %.3f s long: they are of another recording, or of a part of this one", a.End, seconds)
		return f
	case a.End > seconds+durationSlip:
		sound, err := c.Audio(u)
		if err != nil {
			return nil // which is told as a fault of the audio
		}
		if lag, clear := newShiftCurve(sound, a).lag(); clear {
			f.Kind = KindShift
			f.Message = fmt.Sprintf("the labels are of %.3f s, the audio is %.3f s long, and the sound comes %.0f ms %s than the labels say: cut or shift one of the two",
				a.End, seconds, math.Abs(lag)*1000, lateOrEarly(lag))
			return f
		}
	}
	return nil
}

// startOf is the time of a TextGrid at which its audio starts. A TextGrid that was cut out of a longer one keeps its times in
// Praat, and the audio that was cut out with it starts at 0: then the lengths agree, and the times are to be moved.
func (c *Corpus) startOf(v *findingList, u *Utterance, tg *textgrid.TextGrid) (float64, error) {
	if math.Abs(tg.Start) <= 0.001 {
		return 0, nil
	}
	info, err := c.AudioInfo(u)
	if err != nil {
		return 0, nil // which is told as a fault of the audio
	}
	seconds := info.Seconds()
	if seconds < 0 { // only decoding tells
		sound, err := c.Audio(u)
		if err != nil {
			return 0, nil
		}
		seconds = sound.Seconds()
	}
	switch moved, kept := math.Abs(tg.End-tg.Start-seconds), math.Abs(tg.End-seconds); {
	case moved <= durationSlip && moved < kept:
		v.add(KindMoved, SeverityWarning, u.WordsFile, tg.Line, "the TextGrid runs from %.4g to %.4g s and the audio is %.4g s long: %.4g s are taken off its times", tg.Start, tg.End, seconds, tg.Start)
		return tg.Start, nil
	case tg.Start < 0 || tg.End > seconds+durationSlip:
		return 0, &Error{File: u.WordsFile, Line: tg.Line, Msg: fmt.Sprintf("the TextGrid runs from %.4g to %.4g s and the audio is %.4g s long: expected a TextGrid of the audio, which starts at 0 or is as long as the audio",
			tg.Start, tg.End, seconds)}
	}
	return 0, nil
}

// wordMatch says how many words a transcript and an alignment have, and how many of each the other lacks.
type wordMatch struct {
	text, spoken   int
	lacking, extra int
	firstExtra     *Segment // nil if there is none
	firstLacking   string
}

// compareWords matches the words of an alignment with the transcript. It is zero if one of the two has none.
func (c *Corpus) compareWords(u *Utterance, a *Alignment) (m wordMatch) {
	transcript := SplitWords(u.Text)
	if len(a.Words) == 0 || len(transcript) == 0 {
		return m
	}
	match := MatchWords(transcript, a.Words)
	m.text = len(transcript)
	for i, t := range match {
		s := &a.Words[i]
		if s.Silent || s.Noise && t < 0 {
			continue
		}
		m.spoken++
		if t < 0 {
			if m.extra++; m.firstExtra == nil {
				m.firstExtra = s
			}
		}
	}
	if missing := Unaligned(transcript, a.Words, match); len(missing) > 0 {
		m.lacking, m.firstLacking = len(missing), transcript[missing[0]].Text
	}
	return m
}

// alike says whether nearly all words of the two are the same.
func (m wordMatch) alike() bool { return m.text > 0 && 4*m.lacking <= m.text && 4*m.extra <= m.spoken }

// tells says whether there are enough words to tell if they are of one utterance.
func (m wordMatch) tells() bool { return min(m.text, m.spoken) >= fewestWords }

// foreign says whether hardly a word of the two is the same, for which unlike spelling alone may be the reason.
func (m wordMatch) foreign() bool {
	return m.tells() && 4*m.lacking > 3*m.text && 4*m.extra > 3*m.spoken
}

// WordsTell says whether the words of an alignment tell if it is that of the utterance. The error says that they are those of
// another; whether it counts, [Foreign] decides over the corpus.
func (c *Corpus) WordsTell(u *Utterance, a *Alignment) (bool, error) {
	m := c.compareWords(u, a)
	if !m.foreign() {
		return m.tells(), nil
	}
	return true, &Error{File: a.WordsFile, Line: m.firstExtra.Line, Msg: m.aboutForeign()}
}

func (m wordMatch) aboutForeign() string {
	return fmt.Sprintf("the alignment is of another utterance: %d of its %d words are not in the transcript, the first is %q, and %d of the transcript's %d not in the alignment, the first is %q",
		m.extra, m.spoken, m.firstExtra.Label, m.lacking, m.text, m.firstLacking)
}

// Foreign decides whether alignments with the words of other utterances are faults: they are where most of the alignments whose words
// tell have those of their transcripts. Else transcripts and tiers are written in two ways, and the words tell nothing.
func Foreign(foreign, telling int) bool { return foreign > 0 && 2*foreign <= telling }
