package audio

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"testing"
)

func floats(t *testing.T, name string) []float32 {
	t.Helper()
	b := readFile(t, "testdata/resample/"+name+".f32")
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

// largestDifference of two slices, infinite if their lengths differ.
func largestDifference(x, y []float32) float64 {
	if len(x) != len(y) {
		return math.Inf(1)
	}
	var d float64
	for i := range x {
		d = max(d, math.Abs(float64(x[i])-float64(y[i])))
	}
	return d
}

// TestTorchaudioGolden compares with what torchaudio computed.
func TestTorchaudioGolden(t *testing.T) {
	impulse := func(at int) []float32 {
		x := make([]float32, 41)
		x[at] = 1
		return x
	}
	for name, x := range map[string][]float32{"odd1601_24k": floats(t, "odd1601_16k"), "impulse20_24k": impulse(20), "impulse21_24k": impulse(21)} {
		if d := largestDifference(Resample(x, 16000, 24000, Torchaudio), floats(t, name)); d > 1e-6 {
			t.Errorf("%s differs from torchaudio by %g", name, d)
		}
	}
}

// resampleDense is torchaudio's algorithm as it is written there: zero-padding, a dense kernel a phase, a strided convolution.
func resampleDense(x []float32, from, to int) []float32 {
	length := len(x)
	g := gcd(from, to)
	from, to = from/g, to/g
	base := float64(min(from, to)) * 0.99
	width := int(math.Ceil(6 * float64(from) / base))
	padded := make([]float32, width+length+width+from)
	copy(padded[width:], x)
	var out []float32
	for start := 0; start+2*width+from <= len(padded); start += from {
		for p := range to {
			var sum float64
			for k := range 2*width + from {
				t := (float64(-p)/float64(to) + float64(k-width)/float64(from)) * base
				t = max(-6, min(6, t))
				window := math.Pow(math.Cos(t*math.Pi/6/2), 2)
				kernel := base / float64(from) * window
				if t *= math.Pi; t != 0 {
					kernel *= math.Sin(t) / t
				}
				sum += kernel * float64(padded[start+k])
			}
			out = append(out, float32(sum))
		}
	}
	return out[:int(math.Ceil(float64(to)*float64(length)/float64(from)))]
}

func TestTorchaudioDense(t *testing.T) {
	for _, r := range [][2]int{{16000, 24000}, {24000, 16000}, {44100, 16000}, {16000, 44100}, {8000, 16000}, {22050, 16000}, {16000, 16160}} {
		for _, n := range []int{0, 1, 17, 500} {
			x := scaled(speechLike(n, 16, 3), 16)
			want := resampleDense(x, r[0], r[1])
			if d := largestDifference(Resample(x, r[0], r[1], Torchaudio), want); d > 5e-7 {
				t.Errorf("%d samples from %d to %d Hz: differs by %g", n, r[0], r[1], d)
			}
		}
	}
}

// tone is a fifth of a second of a sine of amplitude 1.
func tone(hz float64, rate int) []float32 {
	x := make([]float32, rate/5)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
	}
	return x
}

// measure takes the middle half of y apart: into the sine of hz with its amplitude and its phase in radians,
// and the rest, which is noise, images and aliases. Both levels are in dB of a sine of amplitude 1.
func measure(y []float32, hz float64, rate int) (level, phase, rest float64) {
	lo, hi := len(y)/4, 3*len(y)/4
	angle := func(i int) (sin, cos float64) { return math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate)) }
	var ss, sc, cc, sy, cy float64
	for i := lo; i < hi; i++ {
		s, c := angle(i)
		v := float64(y[i])
		ss, sc, cc, sy, cy = ss+s*s, sc+s*c, cc+c*c, sy+s*v, cy+c*v
	}
	det := ss*cc - sc*sc
	a, b := (sy*cc-cy*sc)/det, (cy*ss-sy*sc)/det
	var squares float64
	for i := lo; i < hi; i++ {
		s, c := angle(i)
		d := float64(y[i]) - a*s - b*c
		squares += d * d
	}
	return 20 * math.Log10(math.Hypot(a, b)), math.Atan2(b, a), decibels(squares / float64(hi-lo))
}

// decibels of a mean square; a sine of amplitude 1 has 0.
func decibels(square float64) float64 { return 10 * math.Log10(2*square+1e-20) }

// levelOf is the level of the middle half of y in dB.
func levelOf(y []float32) float64 {
	y = y[len(y)/4 : 3*len(y)/4]
	var squares float64
	for _, v := range y {
		squares += float64(v) * float64(v)
	}
	return decibels(squares / float64(len(y)))
}

// TestKaiserTones sweeps tones over the pass band and the stop band: as loud as they were or gone, in phase, and nothing beside them.
func TestKaiserTones(t *testing.T) {
	for _, r := range [][2]int{{44100, 16000}, {48000, 16000}, {32000, 16000}, {24000, 16000}, {22050, 16000}, {22051, 16000}, {11025, 16000},
		{8000, 16000}, {16000, 24000}, {11025, 24000}, {16000, 16001}, {96000, 8000}, {8000, 96000}} {
		from, to := r[0], r[1]
		nyquist := float64(min(from, to)) / 2
		var ripple, shift, rest, stop = 0.0, 0.0, -300.0, -300.0
		for f := 0.013; f < 1; f += 0.023 {
			level, phase, other := measure(Resample(tone(f*nyquist, from), from, to, Kaiser), f*nyquist, to)
			if f <= 0.913 {
				ripple, shift = max(ripple, math.Abs(level)), max(shift, math.Abs(phase))
			}
			rest = max(rest, other)
		}
		for f := 1.0005; f*nyquist < float64(from)/2; f *= 1.021 {
			stop = max(stop, levelOf(Resample(tone(f*nyquist, from), from, to, Kaiser)))
		}
		t.Logf("%d to %d Hz: pass band within %.5f dB and %.1g rad, images %.1f dB, stop band %.1f dB", from, to, ripple, shift, rest, stop)
		if ripple > 0.001 || shift > 1e-6 || rest > -120 || stop > -120 {
			t.Errorf("%d to %d Hz: pass band within %g dB and %g rad, expected .001 and 1e-6; images %.1f dB and stop band %.1f dB, expected -120", from, to, ripple, shift, rest, stop)
		}
	}
}

// TestKaiserBesideSoxr holds tones and speech to what soxr makes of them at its quality HQ.
func TestKaiserBesideSoxr(t *testing.T) {
	lines, err := csv.NewReader(bytes.NewReader(readFile(t, "testdata/resample/soxr_tones.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		var v [5]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(line[i], 64); err != nil {
				t.Fatal(err)
			}
		}
		from, to, hz, level, rest := int(v[0]), int(v[1]), v[2], v[3], v[4]
		y := Resample(tone(hz, from), from, to, Kaiser)
		if level < -100 {
			if left := levelOf(y); left > max(rest, -120) {
				t.Errorf("%d to %d Hz: %.1f dB are left of %g Hz, soxr leaves %.1f", from, to, left, hz, rest)
			}
			continue
		}
		if ours, _, other := measure(y, hz, to); math.Abs(ours-level) > 0.01 || other > max(rest, -120) {
			t.Errorf("%d to %d Hz: %g Hz comes out at %.4f dB with %.1f dB beside it, of soxr at %.4f with %.1f", from, to, hz, ours, other, level, rest)
		}
	}
	speech := floats(t, "odd1601_16k")
	for _, to := range []int{24000, 44100, 8000} {
		want := floats(t, fmt.Sprintf("soxr_%d", to))
		if d := largestDifference(Resample(speech, 16000, to, Kaiser), want); d > 3e-6 { // of a peak of .016: transition bands differ
			t.Errorf("speech at %d Hz differs from soxr's by %g", to, d)
		}
	}
}

// TestTorchaudioTones: what the short filter loses and lets through is what was chosen.
func TestTorchaudioTones(t *testing.T) {
	if level, _, _ := measure(Resample(tone(7000, 44100), 44100, 16000, Torchaudio), 7000, 16000); math.Abs(level - -1.8) > 0.1 {
		t.Errorf("7 kHz comes out at %.2f dB, expected -1.8", level)
	}
	if level := levelOf(Resample(tone(8500, 44100), 44100, 16000, Torchaudio)); math.Abs(level - -10.8) > 0.1 {
		t.Errorf("of 8.5 kHz, %.2f dB are left, expected -10.8", level)
	}
}

// TestKaiserImpulse: the response to an impulse lies about its time and is the same on both sides.
func TestKaiserImpulse(t *testing.T) {
	for _, r := range [][2]int{{44100, 16000}, {8000, 16000}, {48000, 16000}, {11025, 24000}, {22051, 16000}} {
		g := gcd(r[0], r[1])
		from, to := r[0]/g, r[1]/g
		at := from * (1000/from + 1) // an input sample at whose time there is an output sample
		x := make([]float32, 2*at+1)
		x[at] = 1
		y, centre := Resample(x, r[0], r[1], Kaiser), at/from*to
		peak := float64(y[centre])
		if want := 0.9565 * float64(min(from, to)) / float64(from); math.Abs(peak-want) > 1e-5 {
			t.Errorf("%d to %d Hz: %g at the time of the impulse, expected %g", r[0], r[1], peak, want)
		}
		for i := 1; i <= min(centre, len(y)-1-centre); i++ {
			a, b := float64(y[centre-i]), float64(y[centre+i])
			if math.Abs(a-b) > 1e-6*peak || math.Abs(a) > peak {
				t.Fatalf("%d to %d Hz: %g and %g, %d samples before and after the peak of %g", r[0], r[1], a, b, i, peak)
			}
		}
	}
}

// TestKaiserConstant: a constant stays what it is; at the ends, where silence begins, it swings as any band-limited step does: 14 %.
func TestKaiserConstant(t *testing.T) {
	for _, r := range [][2]int{{44100, 16000}, {8000, 16000}, {22051, 16000}, {16000, 24000}} {
		x := make([]float32, r[0])
		for i := range x {
			x[i] = 0.25
		}
		y := Resample(x, r[0], r[1], Kaiser)
		for _, v := range y[len(y)/4 : 3*len(y)/4] {
			if math.Abs(float64(v)-0.25) > 5e-7 {
				t.Fatalf("%d to %d Hz: a constant of .25 became %v", r[0], r[1], v)
			}
		}
		for i, v := range y {
			if !(v > 0.1 && v < 0.285) {
				t.Fatalf("%d to %d Hz: sample %d of %d is %v", r[0], r[1], i, len(y), v)
			}
		}
	}
}

// TestResampleLength: the end of the sound is kept, and nothing is added.
func TestResampleLength(t *testing.T) {
	for _, k := range []struct{ n, from, to, want int }{
		{0, 44100, 16000, 0}, {1, 44100, 16000, 1}, {44100, 44100, 16000, 16000}, {44101, 44100, 16000, 16001}, {441, 44100, 16000, 160},
		{100, 8000, 16000, 200}, {3, 48000, 16000, 1}, {4, 48000, 16000, 2}, {22051, 22051, 16000, 16000}, {1000, 11025, 24000, 2177},
	} {
		for _, r := range Resamplers {
			if y := Resample(make([]float32, k.n), k.from, k.to, r); len(y) != k.want {
				t.Errorf("%s: %d samples at %d Hz became %d at %d Hz, expected %d", r, k.n, k.from, len(y), k.to, k.want)
			}
		}
	}
}

func TestResampleSameRate(t *testing.T) {
	x := []float32{1, 2}
	if y := Resample(x, 8000, 8000, Kaiser); &y[0] != &x[0] {
		t.Error("copied for nothing")
	}
}
