package results

import (
	"cmp"
	"slices"
	"strings"
)

// Order is the order in which a run's cells stand in its files. The lists are
// given as the config and the model cards name things; a name that is not in
// its list comes after those that are, in natural order ("2" before "10"), so
// the order is total and the same from run to run whatever is given.
type Order struct {
	Comparisons []string
	Metrics     []string
	Variants    []string
	X, Y        []Layer // Y nil: as X
}

// Sort sorts cells by comparison, metric, variant, params, x and y. The sort is
// stable.
func (o Order) Sort(cells []Cell) {
	compare := o.comparer()
	slices.SortStableFunc(cells, func(a, b Cell) int { return compare(&a, &b) })
}

// comparer indexes the lists once, so that sorting costs a few map look-ups a
// comparison of two cells.
func (o Order) comparer() func(a, b *Cell) int {
	comparisons, metrics, variants := ranks(o.Comparisons), ranks(o.Metrics), ranks(o.Variants)
	x := ranks(o.X)
	y := x
	if o.Y != nil {
		y = ranks(o.Y)
	}
	return func(a, b *Cell) int {
		return cmp.Or(
			byRank(comparisons, a.Comparison, b.Comparison, Natural),
			byRank(metrics, a.Metric, b.Metric, Natural),
			byRank(variants, a.Variant, b.Variant, Natural),
			a.Params.Compare(b.Params),
			byRank(x, a.X, b.X, CompareLayers),
			byRank(y, a.Y, b.Y, CompareLayers),
		)
	}
}

// CompareLayers orders layers by model and layer in natural order.
func CompareLayers(a, b Layer) int {
	return cmp.Or(Natural(a.Model, b.Model), Natural(a.Layer, b.Layer))
}

// ranks maps each name to its first place in the list.
func ranks[T comparable](list []T) map[T]int {
	m := make(map[T]int, len(list))
	for i, name := range list {
		if _, ok := m[name]; !ok {
			m[name] = i
		}
	}
	return m
}

func byRank[T comparable](rank map[T]int, a, b T, otherwise func(a, b T) int) int {
	if a == b {
		return 0
	}
	i, inA := rank[a]
	j, inB := rank[b]
	switch {
	case inA && inB:
		return cmp.Compare(i, j)
	case inA:
		return -1
	case inB:
		return 1
	}
	return otherwise(a, b)
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
