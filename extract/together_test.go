package extract

import (
	"slices"
	"testing"
)

// TestTogether: long utterances that lie far apart are never held at once; those that follow each other are.
func TestTogether(t *testing.T) {
	lengths := []int{9, 1, 1, 1, 8, 7, -1, 2}
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	for workers, want := range map[int][]int{1: {9, 7}, 2: {9, 7, 2, 1}, 3: {9, 8, 7, 1, 1, 1}, 10: {9, 8, 7, 2, 1, 1, 1}} {
		var got []int
		for _, u := range Together(all, lengths, workers) {
			got = append(got, lengths[u])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: %v, want %v", workers, got, want)
		}
	}
	if got := Together(nil, nil, 4); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
