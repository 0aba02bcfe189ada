//go:build cgo

package editdistance

// #cgo CFLAGS: -O2
// #include "kernels.h"
import "C"

import "unsafe"

// compare sets out to the distances of the word to those from the given one on.
func (w *Words) compare(word []int32, from int, out []int32) {
	if len(out) == 0 {
		return
	}
	C.edit_distances((*C.int32_t)(unsafe.SliceData(word)), C.long(len(word)), (*C.uint32_t)(&w.at[from]), C.long(w.stride), (*C.uint32_t)(&w.places[from]),
		C.long(len(out)), (*C.int32_t)(&out[0]))
}
