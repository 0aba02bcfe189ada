package metrics

import "fmt"

// TypeMeans returns one row a word type: the mean of the rows of that type,
// [types, dim], and the number of rows of each. types holds the type of each row
// of x, from 0 and without gaps.
//
// Comparing layers on these is the type level: every word counts once, however
// often it is said. Beside the token level it tells similarity of words from
// similarity of word counts.
func TypeMeans(x Matrix, types []int) (Matrix, []int, error) { return typeMeans(x, types, false) }

// UnitTypeMeans is TypeMeans of the rows scaled to unit length. The mean cosine
// distance between all rows of type a and all rows of type b is one minus the
// inner product of these means, which is all that WordDistance needs.
func UnitTypeMeans(x Matrix, types []int) (Matrix, []int, error) { return typeMeans(x, types, true) }

func typeMeans(x Matrix, types []int, unit bool) (Matrix, []int, error) {
	x, err := finite(x, 0)
	if err != nil {
		return Matrix{}, nil, err
	}
	if len(types) != x.Rows {
		return Matrix{}, nil, fmt.Errorf("%d types for %d rows", len(types), x.Rows)
	}
	var counts []int
	for row, t := range types {
		if t < 0 || t >= x.Rows {
			return Matrix{}, nil, fmt.Errorf("row %d has type %d; types are numbered from 0, without gaps", row, t)
		}
		for len(counts) <= t {
			counts = append(counts, 0)
		}
		counts[t]++
	}
	for t, n := range counts {
		if n == 0 {
			return Matrix{}, nil, fmt.Errorf("no row has type %d; types must be numbered without gaps", t)
		}
	}
	rows := denseRows[float64](x, false)
	out := Matrix{Rows: len(counts), Cols: x.Cols, Stride: x.Cols, Data64: make([]float64, len(counts)*x.Cols)}
	for r, t := range types {
		if unit && !normalise(rows.Row(r)) {
			return Matrix{}, nil, fmt.Errorf("row %d is all zeros and has no direction", r)
		}
		to := out.Data64[t*x.Cols : (t+1)*x.Cols]
		for u, v := range rows.Row(r) {
			to[u] += v / float64(counts[t])
		}
	}
	return out, counts, nil
}
