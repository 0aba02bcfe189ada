package pickled

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"speechsim/models/internal/elements"
)

// TestViews reads random views of a storage, and compares each element with the one at the sum of index times stride.
func TestViews(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*elements.Window) // so that a view takes several windows
	for i := range data {
		data[i] = byte(i % 253)
	}
	const start = 7
	s := &storage{element: elements.Uint8, whole: int64(len(data) - start), count: int64(len(data) - start)}
	checked := 0
	for checked < 100 {
		v := &tensor{storage: s, element: elements.Uint8, offset: random.Int64N(1000)}
		for range random.IntN(5) {
			stride := 0
			if random.IntN(6) > 0 {
				stride = 1 << random.IntN(21)
			}
			v.shape, v.strides = append(v.shape, 1+random.IntN(30)), append(v.strides, stride+random.IntN(3))
		}
		where, err := v.place(region{start, s.whole})
		if err != nil {
			continue // goes beyond the storage
		}
		checked++
		got, err := v.read(bytes.NewReader(data), where)
		if err != nil {
			t.Fatal(err)
		}
		want := []int64{start + v.offset}
		for i, size := range v.shape {
			var next []int64
			for _, at := range want {
				for k := range size {
					next = append(next, at+int64(k*v.strides[i]))
				}
			}
			want = next
		}
		if !slices.EqualFunc(got, want, func(x float32, at int64) bool { return x == float32(data[at]) }) {
			t.Fatalf("shape %v, strides %v, offset %d: %d values differ from those of the storage", v.shape, v.strides, v.offset, len(got))
		}
	}
}

// TestLongRows reads views with rows longer than a window.
func TestLongRows(t *testing.T) {
	const n = 2*elements.Window + 5
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i % 251)
	}
	s := &storage{element: elements.Uint8, whole: n, count: n}
	for _, v := range []*tensor{
		{s, s.element, 0, []int{n}, []int{1}},
		{s, s.element, 1, []int{n / 3}, []int{3}},
		{s, s.element, 0, []int{2, n / 2}, []int{1, 2}},
	} {
		got, err := v.read(bytes.NewReader(data), 0)
		if err != nil {
			t.Fatal(err)
		}
		last := v.shape[len(v.shape)-1]
		for i, x := range got {
			at := int(v.offset) + i%last*v.strides[len(v.strides)-1]
			if len(v.shape) == 2 {
				at += i / last * v.strides[0]
			}
			if x != float32(data[at]) {
				t.Fatalf("shape %v, strides %v: element %d is %g, expected %d", v.shape, v.strides, i, x, data[at])
			}
		}
	}
}
