//go:build !cgo

package editdistance

import "math/bits"

// compare sets out to the distances of the word to those from the given one on.
func (w *Words) compare(word []int32, from int, out []int32) {
	for k := range out {
		rises, falls := ^uint32(0), uint32(0)
		for _, y := range word {
			same := w.at[int(y)*w.stride+from+k]
			vertical := same | falls
			diagonal := ((same & rises) + rises) ^ rises | same
			up, down := (falls|^(diagonal|rises))<<1|1, (rises&diagonal)<<1
			rises = down | ^(vertical | up)
			falls = up & vertical
		}
		within := w.places[from+k]
		out[k] = int32(len(word) + bits.OnesCount32(rises&within) - bits.OnesCount32(falls&within))
	}
}
