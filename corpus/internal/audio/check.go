package audio

import (
	"fmt"
	"math"
)

// Severity tells what a finding means for the use of a file.
type Severity string

const (
	Warning Severity = "warning" // usable; someone should look
	Fatal   Severity = "error"   // features of this sound would be wrong or meaningless
)

// Finding is one suspicious thing about a sound.
type Finding struct {
	Severity Severity
	Kind     string // length, range, empty, non-finite, over-range, clipping, silence, quiet, dc
	Msg      string // one line, without the path
}

func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Severity, f.Kind, f.Msg) }

// The limits of Check.
const (
	clipRun    = 3      // samples in a row at full scale: one or two happen in loud undistorted speech
	silentPeak = 0.001  // -60 dB of full scale: below the noise of any room
	zeroShare  = 0.5    // of the samples exactly 0: no microphone does that
	dcOffset   = 0.01   // mean, of full scale
	overRange  = 1.0001 // floats a little above 1 come from rounding
)

// Check lists what is suspicious about decoded sound: a length other than declared, nothing in it, values that are not
// numbers or beyond full scale, clipping (runs of full-scale samples), silence, and a constant offset. It looks at every channel.
func Check(a *Audio) []Finding {
	out := append([]Finding(nil), a.notes...)
	if a.Samples() == 0 {
		return append(out, Finding{Fatal, "empty", "there is not one sample"})
	}
	for c, x := range a.Channels {
		where := ""
		if len(a.Channels) > 1 {
			where = fmt.Sprintf("channel %d: ", c+1)
		}
		for _, f := range checkChannel(x, fullScale(a.Info), a.Rate) {
			f.Msg = where + f.Msg
			out = append(out, f)
		}
	}
	return out
}

// fullScale is the largest value of a coding, above zero; below zero it reaches at least as far.
func fullScale(i Info) float32 {
	switch {
	case i.Encoding == "mulaw":
		return 32124. / (1 << 15)
	case i.Encoding == "alaw":
		return 32256. / (1 << 15)
	case i.Bits > 24 || i.Encoding == "float32le" || i.Encoding == "float64le":
		return 1 - 1.0/(1<<15) // of whatever width the integers were before they became floats
	case i.Bits < 2:
		return 1
	}
	return 1 - 1/float32(int64(1)<<(i.Bits-1))
}

// checkChannel checks the samples of one channel.
func checkChannel(x []float32, full float32, rate int) []Finding {
	var (
		sum, peak           float64
		zeros, clipped, run int
		bad, firstClip      = -1, -1
	)
	for i, v := range x {
		a := math.Abs(float64(v))
		if !(a <= math.MaxFloat32) {
			bad = i
			break
		}
		sum += float64(v)
		peak = max(peak, a)
		if v == 0 {
			zeros++
		}
		if float32(a) < full {
			run = 0
			continue
		}
		if run++; run == clipRun {
			clipped += clipRun
			if firstClip < 0 {
				firstClip = i - clipRun + 1
			}
		} else if run > clipRun {
			clipped++
		}
	}
	if bad >= 0 {
		return []Finding{{Fatal, "non-finite", fmt.Sprintf("sample %d (%.3f s) is %v", bad, float64(bad)/float64(rate), x[bad])}}
	}
	var out []Finding
	warn := func(kind, format string, args ...any) {
		out = append(out, Finding{Warning, kind, fmt.Sprintf(format, args...)})
	}
	if peak > overRange {
		warn("over-range", "the largest value is %.4g; expected at most 1: integers seem to be stored as floats", peak)
	}
	if clipped > 0 && peak <= overRange {
		warn("clipping", "%d of %d samples are in runs at full scale, the first at %.3f s", clipped, len(x), float64(firstClip)/float64(rate))
	}
	switch {
	case peak == 0:
		out = append(out, Finding{Fatal, "silence", "every sample is 0"})
	case peak < silentPeak:
		warn("quiet", "the peak is %.1f dB of full scale", 20*math.Log10(peak))
	case float64(zeros) > zeroShare*float64(len(x)):
		warn("silence", "%.0f %% of the samples are exactly 0", 100*float64(zeros)/float64(len(x)))
	}
	if mean := sum / float64(len(x)); peak <= overRange && math.Abs(mean) > dcOffset {
		warn("dc", "the mean is %+.4f of full scale; expected about 0", mean)
	}
	return out
}
