package matrices

import (
	"context"
	"hash/maphash"
	"unsafe"

	"speechsim/metrics"
)

// typeRows are one mean row a word type, of both sides.
type typeRows struct {
	means [2]metrics.Matrix
	// static says that all rows of a type are the same: word vectors.
	static [2]bool
}

// readTypes takes the mean row of each word type.
func (c *comparison) readTypes(ctx context.Context) (*typeRows, error) {
	t := &typeRows{static: [2]bool{true, true}}
	seed := maphash.MakeSeed()
	var first [2][]uint64 // a hash of the first row of each type; 0 before it came
	for k, a := range c.sides() {
		n := len(c.labels.names)
		t.means[k] = metrics.Matrix{Rows: n, Cols: a.Cols, Stride: a.Cols, Data64: make([]float64, n*a.Cols)}
		first[k] = make([]uint64, n)
	}
	err := c.stream(ctx, "means of word types", func(from int, block [2]metrics.Matrix) error {
		for k, b := range block {
			for r := range b.Rows {
				label := c.labels.of[from+r]
				row := rowsFrom(b, r, r+1)
				addRow(t.means[k].Data64[label*b.Cols:], row, 1/float64(c.labels.sizes[label]))
				if !t.static[k] {
					continue
				}
				switch hash := hashRow(seed, row); first[k][label] {
				case 0:
					first[k][label] = hash
				case hash:
				default:
					t.static[k] = false
				}
			}
		}
		return nil
	})
	return t, err
}

func addRow(to []float64, row metrics.Matrix, weight float64) {
	for u, v := range row.Data {
		to[u] += weight * float64(v)
	}
	for u, v := range row.Data64 {
		to[u] += weight * v
	}
}

// hashRow returns a hash of the row's bits, never 0.
func hashRow(seed maphash.Seed, row metrics.Matrix) uint64 {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(row.Data))), 4*len(row.Data))
	if row.Data64 != nil {
		bytes = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(row.Data64))), 8*len(row.Data64))
	}
	return max(1, maphash.Bytes(seed, bytes))
}
