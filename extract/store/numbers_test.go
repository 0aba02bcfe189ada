package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// valueOfHalf is the definition of IEEE 754: (-1)^s 2^(e-15) 1.f, subnormal 2^-14 0.f.
func valueOfHalf(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)/1024
	switch {
	case exponent == 31 && fraction == 0:
		return math.Inf(int(sign))
	case exponent == 31:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, -14)
	}
	return sign * math.Ldexp(1+fraction, exponent-15)
}

// TestAllHalves: each of the 65536 halves is read as the value that it stands for, and written as itself.
func TestAllHalves(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want, got := valueOfHalf(h), fromHalf(h)
		if math.IsNaN(want) {
			if !math.IsNaN(float64(got)) || toHalf(got)&0x7fff <= 0x7c00 {
				t.Fatalf("%04x is NaN, and was read as %v, written as %04x", h, got, toHalf(got))
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("%04x is %v, and was read as %v", h, want, got)
		}
		if back := toHalf(got); back != h {
			t.Fatalf("%v was written as %04x, not %04x", got, back, h)
		}
	}
}

// nearestHalf searches all halves for the nearest, the even one of two.
func nearestHalf(x float64) uint16 {
	below := uint16(0)
	for step := uint16(1 << 14); step > 0; step >>= 1 { // magnitudes are ordered as their bits are
		if below+step < 0x7c00 && valueOfHalf(below+step) <= math.Abs(x) {
			below += step
		}
	}
	lower, upper := valueOfHalf(below), 65536.0
	if below+1 < 0x7c00 {
		upper = valueOfHalf(below + 1)
	}
	if d := (math.Abs(x) - lower) - (upper - math.Abs(x)); d > 0 || d == 0 && below&1 == 1 {
		below++
	}
	if math.Signbit(x) {
		below |= 0x8000
	}
	return below
}

// TestRounding: of random floats of all magnitudes, of those half-way between two halves and of their neighbours.
func TestRounding(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(x float32) {
		if math.IsNaN(float64(x)) {
			return
		}
		if got, want := toHalf(x), nearestHalf(float64(x)); got != want {
			t.Fatalf("%v (%08x) was written as %04x, the nearest is %04x", x, math.Float32bits(x), got, want)
		}
	}
	for range 200000 {
		check(math.Float32frombits(random.Uint32()))
		check(float32(math.Ldexp(random.Float64()*2-1, random.IntN(45)-28)))
	}
	for h := range uint16(0x7bff) {
		middle := float32((valueOfHalf(h) + valueOfHalf(h+1)) / 2)
		for _, x := range []float32{middle, -middle, math.Nextafter32(middle, 0), math.Nextafter32(middle, 1e6)} {
			check(x)
		}
	}
}

// TestFloat16Range: nothing becomes an infinity in silence.
func TestFloat16Range(t *testing.T) {
	inf := float32(math.Inf(1))
	if b, err := Float16.Bytes([]float32{65504, -65504, inf, -inf}); err != nil || !bytes.Equal(b, []byte{0xff, 0x7b, 0xff, 0xfb, 0x00, 0x7c, 0x00, 0xfc}) {
		t.Errorf("the largest numbers and infinities are % x, %v", b, err)
	}
	for _, x := range []float32{65505, -65520, 1e30, -math.MaxFloat32} {
		_, err := Float16.Bytes([]float32{1, x})
		var beyond *RangeError
		if !errors.As(err, &beyond) || beyond.Index != 1 || beyond.Value != x {
			t.Errorf("%v: %v", x, err)
		}
	}
}

// FuzzNumbers: what is stored is read as the nearest numbers, whatever they are; float32 exactly.
func FuzzNumbers(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x80, 1, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0x7f, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		for _, n := range []Numbers{Float32, Float16} {
			stored, err := n.Bytes(slices.Clone(x))
			if err != nil {
				continue
			}
			if len(stored) != n.Size()*len(x) {
				t.Fatalf("%d bytes for %d numbers of %s", len(stored), len(x), n)
			}
			got := make([]float32, len(x))
			if err := n.read(got, func(b []byte) error { copy(b, stored); return nil }); err != nil {
				t.Fatal(err)
			}
			for i, v := range x {
				want := v
				if n == Float16 && !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
					want = float32(valueOfHalf(nearestHalf(float64(v))))
				}
				if got[i] != want && !(math.IsNaN(float64(v)) && math.IsNaN(float64(got[i]))) {
					t.Errorf("%s: %v is read as %v, not %v", n, v, got[i], want)
				}
			}
		}
	})
}

func BenchmarkFloat16(b *testing.B) {
	x := make([]float32, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	stored, err := Float16.Bytes(x)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(4 * len(x)))
		for b.Loop() {
			if _, err := Float16.Bytes(x); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(4 * len(x)))
		for b.Loop() {
			if err := Float16.read(x, func(to []byte) error { copy(to, stored); return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
