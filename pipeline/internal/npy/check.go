package npy

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// checkBytes is how much Check reads at once.
const checkBytes = 4 << 20

// Check reads all elements once, on some goroutines, and refuses a value that is
// not finite: the error names the first in the file by row and column, counted
// from 0, and says how many there are. It returns the largest magnitude.
// progress is told of the bytes read, by one goroutine at a time.
func (a *Array) Check(ctx context.Context, workers int, progress func(bytes int)) (largest float64, err error) {
	if a.sum != nil {
		intact := false
		if err := guard(func() { intact = a.sum.right() }); err != nil {
			return 0, a.errorf("%v", err)
		}
		if !intact {
			return 0, a.errorf("the archive is damaged: the member's checksum is wrong")
		}
	}
	per := checkBytes / a.Size
	total := a.Rows * a.Cols
	parts := make([]checked, (total+per-1)/per)
	var next atomic.Int64
	var group sync.WaitGroup
	var telling sync.Mutex
	for range min(workers, len(parts)) {
		group.Go(func() {
			buffer := make([]float64, 4096)
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(parts) {
					return
				}
				part := a.data[k*per*a.Size : min((k+1)*per, total)*a.Size]
				parts[k].err = guard(func() { parts[k].read(part, buffer, a) })
				forget(a.file.data, part)
				telling.Lock()
				progress(len(part))
				telling.Unlock()
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return a.judge(parts, per)
}

// checked is what was found in one part of the elements.
type checked struct {
	largest float64
	bad     int     // elements that are not finite
	first   int     // the first of them, in the part
	value   float64 // and what it is
	err     error
}

func (c *checked) read(part []byte, buffer []float64, a *Array) {
	if largest, ok := magnitude(part, a); ok && largest <= math.MaxFloat64 {
		c.largest = largest
		return
	}
	for at := 0; at*a.Size < len(part); at += len(buffer) {
		b := buffer[:min(len(buffer), len(part)/a.Size-at)]
		decode(b, 1, part[at*a.Size:], a.Size, a.BigEndian)
		for k, v := range b {
			switch v = math.Abs(v); {
			case v <= c.largest:
			case v <= math.MaxFloat64:
				c.largest = v
			default:
				if c.bad == 0 {
					c.first, c.value = at+k, b[k]
				}
				c.bad++
			}
		}
	}
}

// magnitude is the largest magnitude among elements in this machine's byte
// order, +Inf or NaN if one is not finite: positive floating point numbers sort
// like their bits, with infinity and NaN at the end, and integers are compared
// several times as fast.
func magnitude(part []byte, a *Array) (largest float64, ok bool) {
	if a.BigEndian != nativeBigEndian {
		return 0, false
	}
	switch a.Size {
	case 2:
		top := uint16(0)
		for ; len(part) >= 2; part = part[2:] {
			top = max(top, binary.NativeEndian.Uint16(part)&(1<<15-1))
		}
		return float64(half(top)), true
	case 4:
		top := uint32(0)
		for ; len(part) >= 4; part = part[4:] {
			top = max(top, binary.NativeEndian.Uint32(part)&(1<<31-1))
		}
		return float64(math.Float32frombits(top)), true
	case 8:
		top := uint64(0)
		for ; len(part) >= 8; part = part[8:] {
			top = max(top, binary.NativeEndian.Uint64(part)&(1<<63-1))
		}
		return math.Float64frombits(top), true
	}
	return 0, false
}

func (a *Array) judge(parts []checked, per int) (largest float64, err error) {
	bad, row, column, value := 0, 0, 0, 0.0
	for k, p := range parts {
		if p.err != nil {
			return 0, a.errorf("%v", p.err)
		}
		largest = max(largest, p.largest)
		if bad == 0 && p.bad > 0 {
			at := k*per + p.first
			row, column, value = at/a.Cols, at%a.Cols, p.value
			if a.Fortran {
				row, column = at%a.Rows, at/a.Rows
			}
		}
		bad += p.bad
	}
	if bad == 0 {
		return largest, nil
	}
	place := fmt.Sprintf("row %d, column %d", row, column)
	if a.Planes > 1 {
		each := a.Rows / a.Planes
		place = fmt.Sprintf("layer %d, row %d, column %d", row/each, row%each, column)
	}
	if bad == 1 {
		return 0, a.errorf("the value at %s (counted from 0) is %v; every value must be finite", place, value)
	}
	return 0, a.errorf("%d values are not finite; the first in the file is %v at %s (counted from 0); every value must be finite", bad, value, place)
}
