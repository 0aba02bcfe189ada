//go:build cgo

package topk

// #cgo CFLAGS: -O2
// #include "kernels.h"
import "C"

import (
	"unsafe"

	"speechsim/metrics/internal/linalg"
)

// offer offers the similarities of a block, of rows r0... with candidates c0...,
// to its rows.
func (t *topKs) offer(p linalg.Dense[float32], r0, c0 int) { t.offerTo(p, r0, c0, false, false) }

// offerBoth offers the products of rows r0... with rows c0... to both; of a block
// on the diagonal, those above it and, if wanted, on it.
func (t *topKs) offerBoth(p linalg.Dense[float32], r0, c0 int, itself bool) {
	t.offerTo(p, r0, c0, true, itself)
}

func (t *topKs) offerTo(p linalg.Dense[float32], r0, c0 int, both, itself bool) {
	C.topk_offer(C.long(p.Rows), C.long(p.Cols), (*C.float)(unsafe.SliceData(p.Data)), C.long(p.Stride), C.long(r0), C.long(c0), C.bool(both), C.bool(itself),
		C.long(t.k), C.long(t.room), (*C.float)(unsafe.SliceData(t.least)), (*C.int32_t)(unsafe.SliceData(t.count)), (*C.uint64_t)(unsafe.SliceData(t.kept)))
}

// selectLargest moves the k largest, all different, to the front.
func selectLargest(s []Scored, k int) {
	C.topk_select((*C.uint64_t)(unsafe.SliceData(s)), C.long(len(s)), C.long(k))
}
