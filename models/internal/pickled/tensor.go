package pickled

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"speechsim/models/internal/elements"
)

// storage is a row of elements in the file, or a stretch of one.
type storage struct {
	key          string
	element      *elements.Type
	whole        int64 // elements of the row
	first, count int64 // the stretch
}

// region is where a row lies in the file, in bytes.
type region struct{ offset, size int64 }

// tensor is a view of a storage. Element [i, j, ...] is that at offset + i*strides[0] + j*strides[1] + ...
type tensor struct {
	storage *storage
	element *elements.Type
	offset  int64
	shape   []int
	strides []int
}

// maxRepeated is how many elements a tensor may have that looks at the same element several times (torch's expand), and so
// has more than its storage.
const maxRepeated = 1 << 24

// place checks that the tensor lies in its storage, and the storage in the file, and returns where in the file the
// elements begin that offset counts from.
func (t *tensor) place(where region) (int64, error) {
	s := t.storage
	width := int64(s.element.Size)
	if s.whole > math.MaxInt64/width || s.whole*width != where.size {
		return 0, fmt.Errorf("its storage %s should hold %d elements of %s, but has %d bytes in the file: the file is damaged",
			quote(s.key), s.whole, s.element.Name, where.size)
	}
	room := s.count * width / int64(t.element.Size)
	n, ok := elements.Count(t.shape, max(room, maxRepeated))
	if !ok {
		return 0, fmt.Errorf("its shape %v does not go with a storage of %d elements", t.shape, room)
	}
	start := where.offset + s.first*width
	if n == 0 {
		return start, nil
	}
	left := room - 1 - t.offset // elements behind the first
	for i, size := range t.shape {
		if left < 0 {
			break
		}
		if stride := int64(t.strides[i]); size > 1 && stride > 0 {
			if int64(size-1) > left/stride {
				left = -1
				break
			}
			left -= int64(size-1) * stride
		}
	}
	if left < 0 {
		return 0, fmt.Errorf("its shape %v with strides %v from element %d on goes beyond its storage of %d elements", t.shape, t.strides, t.offset, room)
	}
	return start, nil
}

// axis is a dimension of a tensor on its way from the file to memory.
type axis struct{ size, from, to int } // from is the stride in the file, to that in memory

// axes are the dimensions in the order in which the file has them, those that continue one another made one. So elements
// are read forwards, and a tensor that is stored in its own order is one axis.
func (t *tensor) axes() []axis {
	var all []axis
	to := 1
	for i, size := range slices.Backward(t.shape) {
		if size > 1 {
			all = append(all, axis{size, t.strides[i], to})
		}
		to *= size
	}
	slices.SortStableFunc(all, func(a, b axis) int { return cmp.Compare(a.from, b.from) })
	merged := []axis{{1, 1, 1}}
	for _, a := range all {
		inner := &merged[len(merged)-1]
		switch {
		case inner.size == 1:
			*inner = a
		case a.from == inner.from*inner.size && a.to == inner.to*inner.size:
			inner.size *= a.size
		default:
			merged = append(merged, a)
		}
	}
	return merged
}

// read reads the elements, row-major, from the file in which they begin at start.
func (t *tensor) read(r io.ReaderAt, start int64) ([]float32, error) {
	n, _ := elements.Count(t.shape, math.MaxInt64)
	out := make([]float32, n)
	if n == 0 {
		return out, nil
	}
	axes := t.axes()
	inner, outer := axes[0], axes[1:]
	index := make([]int, len(outer))
	from, to := t.offset, 0
	var buffer []byte
	for {
		var err error
		if buffer, err = t.readRun(r, start+from*int64(t.element.Size), inner, out[to:], buffer); err != nil {
			return nil, err
		}
		k := 0
		for ; k < len(outer); k++ {
			a := outer[k]
			from, to = from+int64(a.from), to+a.to
			if index[k]++; index[k] < a.size {
				break
			}
			from, to = from-int64(a.size*a.from), to-a.size*a.to
			index[k] = 0
		}
		if k == len(outer) {
			return out, nil
		}
	}
}

// sparse is the distance, in bytes, from which on elements are read one by one and not with what lies between them.
const sparse = 4096

// readRun reads along one axis, from a place in the file on. The buffer is used again.
func (t *tensor) readRun(r io.ReaderAt, start int64, a axis, out []float32, buffer []byte) ([]byte, error) {
	width := t.element.Size
	if a.from == 1 && a.to == 1 {
		return buffer, t.element.Read(r, start, out[:a.size])
	}
	step := a.from * width
	most := 1
	if step <= sparse {
		most = elements.Window / max(step, width)
	}
	for i := 0; i < a.size; {
		n := min(most, a.size-i)
		size := (n-1)*step + width
		buffer = slices.Grow(buffer[:0], size)[:size]
		if err := elements.ReadFull(r, start+int64(i)*int64(step), buffer); err != nil {
			return nil, err
		}
		for k := range n {
			t.element.Decode(out[(i+k)*a.to:(i+k)*a.to+1], buffer[k*step:], width)
		}
		i += n
	}
	return buffer, nil
}
