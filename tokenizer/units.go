package tokenizer

import "slices"

// Units numbers a set of labels (phones, words, speakers) from 0 in sorted order,
// so that the numbers do not depend on the order in which labels were met. It never
// changes once made.
type Units struct {
	labels []string
	index  map[string]int32
}

// NewUnits numbers the distinct labels given.
func NewUnits(labels []string) *Units {
	sorted := slices.Clone(labels)
	slices.Sort(sorted)
	u := &Units{labels: slices.Compact(sorted)}
	u.index = make(map[string]int32, len(u.labels))
	for i, label := range u.labels {
		u.index[label] = int32(i)
	}
	return u
}

// Len is the number of units.
func (u *Units) Len() int { return len(u.labels) }

// Labels lists the units in their order. The caller must not change it.
func (u *Units) Labels() []string { return u.labels }

// Index is the number of a label, or -1 when it is not a unit.
func (u *Units) Index(label string) int {
	if i, ok := u.index[label]; ok {
		return int(i)
	}
	return -1
}

// Indices numbers a list of labels, -1 where a label is not a unit.
func (u *Units) Indices(labels []string) []int32 {
	out := make([]int32, len(labels))
	for i, label := range labels {
		out[i] = int32(u.Index(label))
	}
	return out
}
