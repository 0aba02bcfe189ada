package linalg

// CentreRows sets z to x - centre, [rows, units], and adds z and z² to the sums of
// the units. Unless distances is nil, it is set to |x - from|² of each row. Where x
// and z are float32, so are the elements of centre.
func CentreRows[T, S Float](z Dense[T], x Dense[S], centre, sum, square, from, distances []float64) {
	centre, sum, square = centre[:x.Cols], sum[:x.Cols], square[:x.Cols]
	if distances != nil {
		from, distances = from[:x.Cols], distances[:x.Rows]
	}
	if z, ok := any(z).(Dense[float32]); ok {
		if x, ok := any(x).(Dense[float32]); ok {
			centreRows32(z, x, centre, sum, square, from, distances)
			return
		}
	}
	centreRows(z, x, centre, sum, square, from, distances)
}

func centreRows[T, S Float](z Dense[T], x Dense[S], centre, sum, square, from, distances []float64) {
	for r := range x.Rows {
		row := x.Row(r)
		to := z.Row(r)[:len(row)]
		for u, v := range row {
			d := T(float64(v) - centre[u])
			to[u] = d
			f := float64(d)
			sum[u] += f
			square[u] += f * f
		}
		if distances != nil {
			distances[r] = squaredDistance(row, from)
		}
	}
}

// squaredDistance returns |x - from|².
func squaredDistance[S Float](x []S, from []float64) float64 {
	from = from[:len(x)]
	// Four sums, so that one addition need not wait for the one before.
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x, from = x[4:], from[4:] {
		d0, d1 := float64(x[0])-from[0], float64(x[1])-from[1]
		d2, d3 := float64(x[2])-from[2], float64(x[3])-from[3]
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
	}
	for u, v := range x {
		d := float64(v) - from[u]
		s0 += d * d
	}
	return s0 + s1 + s2 + s3
}

// Moved says, of the columns of a product, how they move from the centre that it
// was made about to another: Delta is what is added to each element, and Sum the
// sum of the elements before.
type Moved struct{ Delta, Sum []float64 }

// AddMoved adds to sum the product of two sides of n rows, moved:
//
//	sum[u][v] += product[u][v] + Delta_u Sum_v + (Sum_u + n Delta_u) Delta_v
//
// with the elements of u for the rows of the product and those of v for its
// columns; if upper, on and above the diagonal alone.
func AddMoved[P Float](sum Dense[float64], product Dense[P], upper bool, n int, u, v Moved) {
	rows, cols := product.Rows, product.Cols
	u, v = Moved{u.Delta[:rows], u.Sum[:rows]}, Moved{v.Delta[:cols], v.Sum[:cols]}
	if product, ok := any(product).(Dense[float32]); ok {
		addMoved32(sum, product, upper, n, u, v)
		return
	}
	addMoved(sum, product, upper, n, u, v)
}

func addMoved[P Float](sum Dense[float64], product Dense[P], upper bool, n int, u, v Moved) {
	for r := range product.Rows {
		first := 0
		if upper {
			first = r
		}
		from := product.Row(r)[first:]
		to, delta, local := sum.Row(r)[first:][:len(from)], v.Delta[first:][:len(from)], v.Sum[first:][:len(from)]
		du := u.Delta[r]
		su := u.Sum[r] + float64(n)*du
		for c, p := range from {
			to[c] += float64(p) + du*local[c] + su*delta[c]
		}
	}
}
