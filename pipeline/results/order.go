package results

import (
	"cmp"
	"strings"
)

// CompareLayers orders layers by model and layer in natural order.
func CompareLayers(a, b Layer) int {
	return cmp.Or(Natural(a.Model, b.Model), Natural(a.Layer, b.Layer))
}

// Stage is the part of its model that a layer belongs to: what its name has before the number. "cnn.3" is of the stage "cnn.", and "0" and
// "24.prenorm" are of the transformer, "". Layers of two stages are no neighbours: they have other units, and often another time step.
func Stage(layer string) string {
	if i := strings.IndexAny(layer, "0123456789"); i >= 0 {
		return layer[:i]
	}
	return layer
}

// Natural compares two names as a reader would: runs of digits by their
// number, the rest by bytes, so that "cnn.2" < "cnn.10" and "9" < "24" <
// "24.prenorm". Names that differ only in leading zeros are told apart by
// their bytes.
func Natural(a, b string) int {
	whole := strings.Compare(a, b)
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), strings.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits counts the decimal digits that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
