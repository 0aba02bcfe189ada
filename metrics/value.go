package metrics

import "fmt"

// Value is one cell of a result: a metric of two layers.
type Value struct {
	Value float64
	// N is the number of rows, DX and DY the units that were compared: dead
	// ones are left out.
	N, DX, DY int
	// Warnings say in words what the number must be read with: dead units, a
	// sample that is small for its dimensions, a deficient rank.
	Warnings []string
	// Approximation is the standard error of a value that is approximate, for
	// what was left out of the rows; nil where a metric is exact.
	Approximation *float64
	// Match tells, for the metrics that look at each unit or head of x, how it
	// fared, and which one of y it was matched to.
	Match []Match
}

// Match is a unit (or head) of x, the one of y that is most like it, and their
// similarity: a correlation with its sign, or what else the metric's units
// have. Y is -1 where all of y serves each unit of x.
type Match struct {
	X, Y  int
	Value float64
}

// newValue fills in what all metrics of moments share, and warns of dead units.
func newValue(m *Moments, i, j int) Value {
	v := Value{N: m.n}
	for k, layer := range []int{i, j} {
		dead := len(m.DeadUnits(layer))
		live := m.dims[layer] - dead
		if k == 0 {
			v.DX = live
		} else {
			v.DY = live
		}
		if dead > 0 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("%d of the %d units of %s are constant and were left out",
				dead, m.dims[layer], [2]string{"x", "y"}[k]))
		}
	}
	return v
}

// warn adds a warning.
func (v *Value) warn(format string, args ...any) {
	v.Warnings = append(v.Warnings, fmt.Sprintf(format, args...))
}

// check refuses what no metric of moments can do with: too few rows, a layer
// without a unit that varies, numbers beneath the products' precision.
func (m *Moments) check(metric, variant string, i, j, rows int) error {
	if m.broken != nil {
		return m.broken
	}
	for _, k := range []int{i, j} {
		if k < 0 || k >= len(m.dims) {
			return fmt.Errorf("%s: layer %d is outside 0 to %d", metric, k, len(m.dims)-1)
		}
	}
	if m.n < rows {
		return undefined(metric, variant, "it needs at least %d rows and there are %d", rows, m.n)
	}
	const smallest = 1e-34 // variance whose products float32 still holds with all digits
	for k, layer := range []int{i, j} {
		name := [2]string{"x", "y"}[k]
		alive := false
		for u, s := range m.scatters(layer) {
			alive = alive || s > 0
			if s > 0 && s < smallest*float64(m.n) && !m.float64 {
				return imprecise(metric, variant, "unit %d of %s varies by %.2g only, too little for float32 products; scale the layer or use float64 products",
					u, name, s)
			}
		}
		if !alive {
			return undefined(metric, variant, "every unit of %s is constant", name)
		}
	}
	return nil
}
