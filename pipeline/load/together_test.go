package load

import (
	"slices"
	"testing"
)

// TestTogether: long utterances that lie far apart are never held at once; those that follow each other are, over the end of a part too.
func TestTogether(t *testing.T) {
	lengths := []int{9, 1, 1, 1, 8, 7, -1, 2}
	parts := []Part{{Utterances: []int{0, 1, 2, 3, 4}}, {Utterances: []int{5, 6, 7}}}
	for count, want := range map[int][]int{1: {9}, 2: {9, 7}, 4: {9, 7, 2, 1}, 7: {9, 8, 7, 2, 1, 1, 1}, 20: {9, 8, 7, 2, 1, 1, 1}} {
		var got []int
		for _, u := range together(parts, lengths, count) {
			got = append(got, lengths[u])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d at once: %v, want %v", count, got, want)
		}
	}
	if got := together(nil, nil, 4); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
