package metrics

import (
	"fmt"
	"math"
	"testing"
)

// inBlocks visits rows of two layers, some at a time.
func inBlocks(x, y Matrix, size int) func(func(x, y Matrix) error) error {
	return func(visit func(x, y Matrix) error) error {
		for from := 0; from < x.Rows; from += size {
			to := min(from+size, x.Rows)
			if err := visit(x.rows(from, to), y.rows(from, to)); err != nil {
				return err
			}
		}
		return nil
	}
}

// without returns x without row r.
func without(x Matrix, r int) Matrix {
	y := x
	y.Rows, y.Data64 = x.Rows-1, append(append([]float64{}, x.Data64[:r*x.Cols]...), x.Data64[(r+1)*x.Cols:]...)
	return y
}

func ckaOf(t *testing.T, b Backend, variant string, x, y Matrix) float64 {
	t.Helper()
	m, err := NewMoments(b, []int{x.Cols, y.Cols}, Options{SquaredNorms: true, Float64: true})
	if err == nil {
		err = m.Add(t.Context(), []Matrix{x, y})
	}
	if err != nil {
		t.Fatal(err)
	}
	return value(t, m, "cka", variant, 0, 1).Value
}

// TestCKAContributions: the terms of rows give the value of CKA, by their definition over pairs of rows; shares add up to 1, effects to 0, and
// an effect is what leaving the row out does.
func TestCKAContributions(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		r := random(3)
		x := gaussian(r, 240, 6)
		for u := range x.Cols {
			x.Data64[17*x.Cols+u] *= 5 // a row that is large in both layers
		}
		y := mixed(r, x, 4, 1)
		for u := range y.Cols {
			y.Data64[40*y.Cols+u] += 6 // and one that is large in one
		}
		for _, variant := range []string{"biased", "debiased"} {
			c, err := CKAContributions(b, variant, x.Cols, y.Cols, inBlocks(x, y, 100))
			if err != nil {
				t.Fatal(err)
			}
			near(t, variant+": sum of shares", sum(c.Share), 1, 1e-12)
			near(t, variant+": sum of effects", sum(c.Effect), 0, 1e-12)
			want := gramShares(x, y, variant == "debiased")
			for i := range want {
				near(t, fmt.Sprintf("%s: share of row %d", variant, i), c.Share[i], want[i], 1e-12)
			}
			whole := ckaOf(t, b, variant, x, y)
			for _, row := range []int{0, 5, 40, 100} {
				got := 1 - ckaOf(t, b, variant, without(x, row), without(y, row))/whole
				near(t, fmt.Sprintf("%s: effect of row %d", variant, row), c.Effect[row], got, .01+.2*math.Abs(got))
			}
			if c.Effect[40] > -.01 {
				t.Errorf("%s: a row that is large in one layer alone has the effect %.3f", variant, c.Effect[40])
			}
		}
		if _, err := CKAContributions(b, "grouped", 6, 4, inBlocks(x, y, 100)); err == nil {
			t.Error("the grouped variant has been taken apart")
		}
	})
}

// TestCKAContributionsOfLabels: of labels, of which a row has one or two, the terms are the same as by their definition, on either side and on both.
func TestCKAContributionsOfLabels(t *testing.T) {
	eachBackend(t, func(t *testing.T, b Backend) {
		r := random(4)
		at := make([]float64, 150) // what both kinds of labels tell of
		for row := range at {
			at[row] = r.Float64() * r.Float64()
		}
		labels := func(classes int) Matrix {
			m := Matrix{Rows: 150, Cols: classes, Stride: classes, Data64: make([]float64, 150*classes)}
			for row := range m.Rows {
				first := int(float64(classes) * at[row])
				m.Data64[row*classes+first] = 1
				if row%7 == 0 { // a row that has a part of each of two
					m.Data64[row*classes+first] = .75
					m.Data64[row*classes+(first+1)%classes] = .25
				}
			}
			return m
		}
		words, phones := labels(40), labels(24)
		layer := mixed(r, words, 6, 1)
		for name, of := range map[string][2]Matrix{"layer and labels": {layer, words}, "labels and layer": {words, layer}, "labels and labels": {words, phones}} {
			for _, variant := range []string{"biased", "debiased"} {
				c, err := CKAContributions(b, variant, of[0].Cols, of[1].Cols, inBlocks(of[0], of[1], 64))
				if err != nil {
					t.Fatal(err)
				}
				cross := gramShares(of[0], of[1], variant == "debiased")
				x, y := gramShares(of[0], of[0], variant == "debiased"), gramShares(of[1], of[1], variant == "debiased")
				for i := range cross {
					near(t, fmt.Sprintf("%s, %s: share of row %d", name, variant, i), c.Share[i], cross[i], 1e-12)
					near(t, fmt.Sprintf("%s, %s: effect of row %d", name, variant, i), c.Effect[i], 2*cross[i]-x[i]-y[i], 1e-12)
				}
			}
		}
	})
}

// gramShares are the shares of rows by their definition, from matrices of all pairs of rows.
func gramShares(x, y Matrix, debiased bool) []float64 {
	gram := func(x Matrix) [][]float64 {
		rows := denseRows[float64](x, true)
		g := make([][]float64, rows.Rows)
		for i := range g {
			for j := range rows.Rows {
				g[i] = append(g[i], dot(rows.Row(i), rows.Row(j)))
			}
		}
		if !debiased {
			return g
		}
		n, all := float64(rows.Rows), 0.0
		sums := make([]float64, rows.Rows)
		for i := range g {
			g[i][i] = 0
			sums[i] = sum(g[i])
			all += sums[i]
		}
		for i := range g {
			for j := range g[i] {
				if i != j {
					g[i][j] += all/((n-1)*(n-2)) - (sums[i]+sums[j])/(n-2)
				}
			}
		}
		return g
	}
	a, b := gram(x), gram(y)
	shares := make([]float64, len(a))
	for i := range a {
		shares[i] = dot(a[i], b[i])
	}
	total := sum(shares)
	for i := range shares {
		shares[i] /= total
	}
	return shares
}

// TestKNNContributions: rows whose neighbours are the same in both layers carry the value.
func TestKNNContributions(t *testing.T) {
	x := &Neighbours{K: 2, Rows: [][]int32{{1, 2}, {0, 2}, {0, 1}, {0, 1}}}
	y := &Neighbours{K: 2, Rows: [][]int32{{2, 1}, {0, 3}, {3, 1}, {2, 3}}}
	c, err := KNNContributions(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{.5, .25, .25, 0} {
		near(t, fmt.Sprintf("share of row %d", i), c.Share[i], want, 1e-12)
		near(t, fmt.Sprintf("effect of row %d", i), c.Effect[i], want-.25, 1e-12)
	}
	if _, err := KNNContributions(x, &Neighbours{K: 2, Rows: [][]int32{{3, 3}, {3, 3}, {3, 3}, {2, 2}}}); err == nil {
		t.Error("no neighbour in common gives contributions")
	}
}
