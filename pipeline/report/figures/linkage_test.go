package figures

import (
	"math"
	"slices"
	"testing"
)

// TestAverageLinkage joins five points on a line at 0, 1, 4, 6 and 20; the
// heights are worked out by hand.
func TestAverageLinkage(t *testing.T) {
	places := []float64{4, 0, 20, 1, 6}
	n := len(places)
	distance := make([]float64, n*n)
	for i, a := range places {
		for j, b := range places {
			distance[i*n+j] = math.Abs(a - b)
		}
	}
	got := averageLinkage(distance, n)
	want := []merge{{1, 3, 1}, {0, 4, 2}, {6, 5, 4.5}, {7, 2, 17.25}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	if order := leafOrder(got, n); !slices.Equal(order, []int{1, 3, 0, 4, 2}) && !slices.Equal(order, []int{0, 4, 1, 3, 2}) {
		t.Errorf("leaves stand in the order %v: branches cross", order)
	}
	distance[0*n+4], distance[4*n+0] = math.NaN(), math.NaN()
	for _, m := range averageLinkage(distance, n) {
		if math.IsNaN(m.height) {
			t.Errorf("an unknown pair makes an unknown height: %v", m)
		}
	}
	for i := range distance {
		distance[i] = math.NaN()
	}
	if got := averageLinkage(distance, n); len(got) != n-1 {
		t.Errorf("without any distance there are %d merges", len(got))
	}
}
