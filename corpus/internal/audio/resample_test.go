package audio

import (
	"encoding/binary"
	"math"
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

// TestResampleGolden compares with what torchaudio computed.
func TestResampleGolden(t *testing.T) {
	impulse := func(at int) []float32 {
		x := make([]float32, 41)
		x[at] = 1
		return x
	}
	for name, x := range map[string][]float32{"odd1601_24k": floats(t, "odd1601_16k"), "impulse20_24k": impulse(20), "impulse21_24k": impulse(21)} {
		if d := largestDifference(Resample(x, 16000, 24000), floats(t, name)); d > 1e-6 {
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

func TestResampleIsTorchaudios(t *testing.T) {
	for _, r := range [][2]int{{16000, 24000}, {24000, 16000}, {44100, 16000}, {16000, 44100}, {8000, 16000}, {22050, 16000}, {16000, 16160}} {
		for _, n := range []int{0, 1, 17, 500} {
			x := scaled(speechLike(n, 16, 3), 16)
			want := resampleDense(x, r[0], r[1])
			if d := largestDifference(Resample(x, r[0], r[1]), want); d > 5e-7 {
				t.Errorf("%d samples from %d to %d Hz: differs by %g", n, r[0], r[1], d)
			}
		}
	}
}

// TestResampleSine: a tone below both Nyquist frequencies keeps its frequency and phase; one above the new one goes.
func TestResampleSine(t *testing.T) {
	tone := func(hz float64, rate, n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
		}
		return x
	}
	middle := func(x []float32) []float32 { return x[len(x)/4 : 3*len(x)/4] }
	got := Resample(tone(1000, 44100, 44100), 44100, 16000)
	if d := largestDifference(middle(got), middle(tone(1000, 16000, 16000))); d > 5e-3 {
		t.Errorf("1000 Hz differs by %g", d)
	}
	got = Resample(tone(12000, 44100, 44100), 44100, 16000)
	if d := largestDifference(middle(got), make([]float32, len(middle(got)))); d > 5e-3 {
		t.Errorf("of 12 kHz, %g is left at a rate of 16 kHz", d)
	}
}

func TestResampleSameRate(t *testing.T) {
	x := []float32{1, 2}
	if y := Resample(x, 8000, 8000); &y[0] != &x[0] {
		t.Error("copied for nothing")
	}
}
