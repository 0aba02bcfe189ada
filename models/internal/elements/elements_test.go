package elements

import (
	"bytes"
	"io"
	"math"
	"testing"
)

// TestHalf holds every float16 to its definition: (-1)^sign (1 + fraction) 2^(exponent - 15), subnormal at exponent 0.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		exponent, fraction := h>>10&31, float64(h&1023)/1024
		want := math.Ldexp(1+fraction, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction, -14)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if h>>15 == 1 {
			want = math.Copysign(want, -1)
		}
		if got := float64(half(uint16(h))); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("half(%#x) is %g, expected %g", h, got, want)
		}
	}
}

func TestTypes(t *testing.T) {
	ones := bytes.Repeat([]byte{0xff}, 8)
	for _, c := range []struct {
		kind *Type
		src  []byte
		want float32
	}{
		{Float64, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, -1.5},
		{Float32, []byte{0, 0, 0xc0, 0xbf}, -1.5},
		{Float16, []byte{0, 0xbe}, -1.5},
		{BFloat16, []byte{0xc0, 0xbf}, -1.5},
		{Int64, ones, -1}, {Int32, ones, -1}, {Int16, ones, -1}, {Int8, ones, -1},
		{Uint64, ones, 1 << 64}, {Uint32, ones, 1 << 32}, {Uint16, ones, 65535}, {Uint8, ones, 255}, {Bool, ones, 1},
	} {
		dst := make([]float32, 1)
		if err := c.kind.Read(bytes.NewReader(c.src), 0, dst); err != nil || dst[0] != c.want {
			t.Errorf("%s: %g (%v), expected %g", c.kind.Name, dst[0], err, c.want)
		}
	}
}

// TestReadInPieces reads more than one window.
func TestReadInPieces(t *testing.T) {
	src := make([]byte, 2*Window+10)
	for i := range src {
		src[i] = byte(i % 251)
	}
	dst := make([]float32, len(src)-3)
	if err := Uint8.Read(bytes.NewReader(src), 3, dst); err != nil {
		t.Fatal(err)
	}
	for i, x := range dst {
		if x != float32(src[i+3]) {
			t.Fatalf("element %d is %g, expected %d", i, x, src[i+3])
		}
	}
	if err := Uint8.Read(bytes.NewReader(src), 4, dst); err != io.ErrUnexpectedEOF {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int64
		ok    bool
	}{
		{nil, 1, true}, {[]int{2, 3}, 6, true}, {[]int{1 << 62, 1 << 62, 0}, 0, true},
		{[]int{1 << 62, 4}, 0, false}, {[]int{0, -1}, 0, false}, {[]int{101}, 0, false},
	} {
		if n, ok := Count(c.shape, 100); n != c.want || ok != c.ok {
			t.Errorf("Count(%v) is %d, %t", c.shape, n, ok)
		}
	}
}
