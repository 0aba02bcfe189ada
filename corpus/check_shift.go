package corpus

import (
	"fmt"
	"math"
)

// A shift between sound and labels is found by correlation: in frames of 10 ms, log energy against "the labels say
// speech", with the sound moved by -0.5 to 0.5 s. Where the labels are right the maximum is at 0, give or take a frame
// or two (voices fade, closures are silent).
const (
	shiftHop   = 0.010
	shiftReach = 50  // frames
	shiftRange = 6.0 // orders of magnitude of power below the maximum that count
)

// shiftCurve is the correlation for each lag from -shiftReach to shiftReach. A positive lag means that the sound comes
// later than the labels.
type shiftCurve [2*shiftReach + 1]float64

// newShiftCurve is nil when there is nothing to see: less than 100 ms of speech, or of silence.
func newShiftCurve(x *Audio, a *Alignment) *shiftCurve {
	hop := int(math.Round(shiftHop * float64(x.Rate)))
	frames := len(x.Samples) / hop
	energy := frameEnergy(x.Samples, hop, frames)
	speech := make([]float64, frames)
	tier := a.Phones
	if tier == nil {
		tier = a.Words
	}
	n := 0
	for i := range tier {
		if tier[i].Silent {
			continue
		}
		for f := max(tier[i].From/hop, 0); f < min(tier[i].To/hop, frames); f++ {
			if speech[f] == 0 {
				speech[f] = 1
				n++
			}
		}
	}
	if n < 10 || frames-n < 10 {
		return nil
	}
	var c shiftCurve
	for i := range c {
		c[i] = laggedCorrelation(energy, speech, i-shiftReach)
	}
	return &c
}

// frameEnergy is log10 of the power of each frame, cut shiftRange below the largest.
func frameEnergy(x []float32, hop, frames int) []float64 {
	e := make([]float64, frames)
	top := math.Inf(-1)
	for f := range e {
		sum := 0.0
		for _, v := range x[f*hop : (f+1)*hop] {
			sum += float64(v) * float64(v)
		}
		e[f] = math.Log10(sum/float64(hop) + 1e-20)
		top = max(top, e[f])
	}
	for f := range e {
		e[f] = max(e[f], top-shiftRange)
	}
	return e
}

// laggedCorrelation is Pearson's r of e[t+lag] and s[t] where both exist; 0 where one is constant.
func laggedCorrelation(e, s []float64, lag int) float64 {
	if lag >= 0 {
		if lag >= len(e) {
			return 0
		}
		e, s = e[lag:], s[:len(s)-lag]
	} else {
		if -lag >= len(e) {
			return 0
		}
		e, s = e[:len(e)+lag], s[-lag:]
	}
	n := float64(len(e))
	var me, ms float64
	for i := range e {
		me += e[i]
		ms += s[i]
	}
	me, ms = me/n, ms/n
	var ee, ss, es float64
	for i := range e {
		a, b := e[i]-me, s[i]-ms
		ee += a * a
		ss += b * b
		es += a * b
	}
	if ee <= 0 || ss <= 0 {
		return 0
	}
	return es / math.Sqrt(ee*ss)
}

// at is the correlation at a lag in frames.
func (c *shiftCurve) at(lag int) float64 { return c[lag+shiftReach] }

func (c *shiftCurve) peak() int {
	best := 0 // as labelled, unless another is better
	for lag := -shiftReach; lag <= shiftReach; lag++ {
		if c.at(lag) > c.at(best) {
			best = lag
		}
	}
	return best
}

// best is the largest correlation.
func (c *shiftCurve) best() float64 { return c.at(c.peak()) }

// lag returns the shift in seconds, and whether it is large and clear enough to be told: of one utterance, at least
// 100 ms with a correlation of 0.5, at least 0.2 better than as labelled.
func (c *shiftCurve) lag() (float64, bool) {
	if c == nil {
		return 0, false
	}
	p := c.peak()
	return float64(p) * shiftHop, (p >= 10 || p <= -10) && c.at(p) >= 0.5 && c.at(p)-c.at(0) >= 0.2
}

// shiftSum is the mean curve of a corpus, which shows smaller shifts.
type shiftSum struct {
	sum   shiftCurve
	peaks []int // of each utterance, in frames
}

func (s *shiftSum) add(c *shiftCurve) {
	if c == nil {
		return
	}
	s.peaks = append(s.peaks, c.peak())
	for i := range c {
		s.sum[i] += c[i]
	}
}

// shift returns the shift of the corpus, and whether it is to be told: at least 50 ms over at least 5 utterances, with a mean correlation
// 0.03 better than as labelled, and most utterances agree to 50 ms. With samples of 24 from LibriSpeech test-other and from the demo
// corpora, one of 80 ms is told in 98 of 100 and one of 30 ms never; reverberation of a second, noise as loud as the speech, and a tier
// of words alone are not taken for one.
func (s *shiftSum) shift() (Shift, bool) {
	p := s.sum.peak()
	f := Shift{Seconds: float64(p) * shiftHop, Utterances: len(s.peaks)}
	for _, peak := range s.peaks {
		if peak >= p-5 && peak <= p+5 {
			f.Agree++
		}
	}
	return f, f.Utterances >= 5 && 2*f.Agree > f.Utterances && (p >= 5 || p <= -5) && (s.sum.at(p)-s.sum.at(0))/float64(f.Utterances) >= 0.03
}

// Shift is a constant shift between the sound and the labels of a corpus.
type Shift struct {
	Seconds    float64 // by which the sound comes later than the labels say
	Utterances int     // that tell whether there is one
	Agree      int     // of them, whose own sound fits best within 50 ms of it
}

func (s Shift) String() string {
	return fmt.Sprintf("the sound comes %.0f ms %s than the labels say, in %d of %d utterances", math.Abs(s.Seconds)*1000, lateOrEarly(s.Seconds), s.Agree, s.Utterances)
}
