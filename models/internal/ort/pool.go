package ort

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pool lends the memory that outputs are written to and takes it back. Fresh
// memory costs the system a fault and a clearing a page, some 5 % of a run; the
// garbage collector would let the heap grow to twice what is live before it gave
// anything back. So blocks come from the system, outside Go's heap, and go round.
//
// Blocks have a few sizes, four to an octave. A block that no length asks for
// any more must not stay for ever: lent and idle blocks together never exceed
// what was lent at the same time at the peak.
//
// The zero pool is ready for use, by several goroutines.
type pool struct {
	mu     sync.Mutex
	idle   []*block // the last one was given back last
	lent   int      // elements
	kept   int      // elements of idle
	peak   int      // highest lent
	closed bool
}

// block is float32 memory outside Go's heap.
type block struct{ data []float32 }

// get lends a block of at least n elements, whose contents are undefined.
func (p *pool) get(n int) (*block, error) {
	size := blockSize(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	peak := max(p.peak, p.lent+size)
	for i := len(p.idle) - 1; i >= 0; i-- {
		if len(p.idle[i].data) == size {
			p.lent, p.peak = p.lent+size, peak
			return p.take(i), nil
		}
	}
	for len(p.idle) > 0 && p.lent+size+p.kept > peak {
		if err := p.take(0).free(); err != nil {
			return nil, err
		}
	}
	b, err := newBlock(size)
	if err != nil {
		return nil, err
	}
	p.lent, p.peak = p.lent+size, peak
	return b, nil
}

// put takes a block back.
func (p *pool) put(b *block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent -= len(b.data)
	if p.closed {
		b.free()
		return
	}
	p.idle = append(p.idle, b)
	p.kept += len(b.data)
}

// close frees the idle blocks, and later those that are still lent.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var err error
	for len(p.idle) > 0 {
		err = errors.Join(err, p.take(0).free())
	}
	return err
}

// take removes an idle block.
func (p *pool) take(i int) *block {
	b := p.idle[i]
	p.idle = append(p.idle[:i], p.idle[i+1:]...)
	p.kept -= len(b.data)
	return b
}

// blockSize rounds up to 4, 5, 6 or 7 times a power of two. What lies beyond the
// asked size is never touched, so it takes addresses, not memory.
func blockSize(n int) int {
	const smallest = 4 << 14 // elements: 256 KiB
	if n <= smallest {
		return smallest
	}
	shift := bits.Len(uint(n-1)) - 3
	return ((n-1)>>shift + 1) << shift
}

const elementSize = int(unsafe.Sizeof(float32(0)))

func newBlock(size int) (*block, error) {
	base, err := unix.MmapPtr(-1, 0, nil, uintptr(size*elementSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("getting %d MB of memory for the outputs: %w", size*elementSize>>20, err)
	}
	return &block{unsafe.Slice((*float32)(base), size)}, nil
}

func (b *block) free() error {
	base, size := unsafe.Pointer(unsafe.SliceData(b.data)), uintptr(len(b.data)*elementSize)
	b.data = nil
	return unix.MunmapPtr(base, size)
}
