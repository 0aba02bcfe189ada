package ort

import (
	"math/rand/v2"
	"testing"
)

func TestBlockSize(t *testing.T) {
	for _, n := range []int{1, 65536, 65537, 1 << 20, 1<<20 + 1, 1000003, 5 << 18, 5<<18 + 1, 40_000_000} {
		size := blockSize(n)
		if size < n || n > 65536 && float64(size) > 1.25*float64(n) || blockSize(size) != size {
			t.Errorf("blockSize(%d) is %d, and again %d", n, size, blockSize(size))
		}
	}
}

// Whatever the lengths, the pool holds no more than was lent at the peak.
func TestPoolIsBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var p pool
	var held []*block
	lent, peak := 0, 0
	for range 3000 {
		if len(held) > 0 && (len(held) == 4 || random.IntN(2) == 0) {
			i := random.IntN(len(held))
			lent -= len(held[i].data)
			p.put(held[i])
			held = append(held[:i], held[i+1:]...)
		} else {
			n := 1 << (14 + random.IntN(8))
			b, err := p.get(n + random.IntN(n))
			if err != nil {
				t.Fatal(err)
			}
			b.data[0], b.data[len(b.data)-1] = 1, 1
			held = append(held, b)
			lent += len(b.data)
		}
		peak = max(peak, lent)
		kept := 0
		for _, b := range p.idle {
			kept += len(b.data)
		}
		if p.lent != lent || p.kept != kept || p.peak != peak || lent+kept > peak {
			t.Fatalf("the pool counts %d lent, %d kept, peak %d; it is %d, %d, %d", p.lent, p.kept, p.peak, lent, kept, peak)
		}
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	for _, b := range held {
		p.put(b)
	}
	if len(p.idle) != 0 || p.kept != 0 || p.lent != 0 {
		t.Errorf("after close, %d blocks, %d kept, %d lent", len(p.idle), p.kept, p.lent)
	}
}

func TestPoolWithoutMemory(t *testing.T) {
	var p pool
	if _, err := p.get(1 << 55); err == nil {
		t.Error("2^57 bytes were lent")
	}
	if p.lent != 0 || p.peak != 0 {
		t.Errorf("%d elements are lent, at the peak %d", p.lent, p.peak)
	}
}
