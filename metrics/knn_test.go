package metrics

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
)

func TestKNN(t *testing.T) {
	ctx := context.Background()
	r := random(92)
	x := gaussian(r, 200, 6)
	q := times(x, orthogonal(r, 6), 1000) // rotated, with an offset
	find := func(x Matrix) *Neighbours {
		n, err := FindNeighbours(ctx, PureGo(), x, 10, 2)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	nx := find(x)
	for row, list := range nx.Rows {
		if slices.Contains(list, int32(row)) || len(list) != 10 {
			t.Fatal("a row is its own neighbour, or there are not ten")
		}
	}
	mutual := func(a, b *Neighbours) float64 {
		v, err := MutualKNN(a, b)
		if err != nil {
			t.Fatal(err)
		}
		return v.Value
	}
	near(t, "itself", mutual(nx, nx), 1, 0)
	near(t, "rotated and shifted", mutual(nx, find(q)), 1, .005)
	near(t, "by unit", mutual(nx, find(byUnit(x))), 1, 0)
	near(t, "chance", mutual(nx, find(gaussian(r, 200, 6))), 10./199, .03)
	var e *UndefinedError
	if _, err := FindNeighbours(ctx, PureGo(), x.rows(0, 11), 10, 1); !errors.As(err, &e) {
		t.Error(err)
	}
	bad := x
	bad.Data64 = slices.Clone(x.Data64)
	bad.Data64[13] = math.Inf(1)
	var f *NonFiniteError
	if _, err := FindNeighbours(ctx, PureGo(), bad, 10, 1); !errors.As(err, &f) || f.Row != 2 || f.Unit != 1 {
		t.Error(err)
	}
}
