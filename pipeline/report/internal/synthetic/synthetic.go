// Package synthetic makes cells that look like those of a run, for the tests of figures and of the page.
package synthetic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"speechsim/pipeline/results"
)

// Run says of what measure cells are, and what they have in addition to their values.
type Run struct {
	Metric    string
	Variant   string
	Intervals bool
	Broken    bool // some cells could not be computed, some are not there
}

// Layers names layers by their numbers.
func Layers(from, to int) []string {
	var l []string
	for i := from; i <= to; i++ {
		l = append(l, fmt.Sprint(i))
	}
	return l
}

// Cells makes a cell for each pair of layers: similarity falls with the
// distance of the layers' relative depths, and between models.
func (r Run) Cells(pairs []results.Pair) []results.Cell {
	random := rand.New(rand.NewPCG(7, 11))
	xs, ys := models{}, models{}
	for _, at := range pairs {
		xs.add(at.X)
		ys.add(at.Y)
	}
	var cells []results.Cell
	for _, at := range pairs {
		i, da := xs.place(at.X)
		j, db := ys.place(at.Y)
		v := 0.25 + 0.7*math.Exp(-8*(da-db)*(da-db))
		if at.X.Model != at.Y.Model {
			v = 0.05 + 0.5*math.Exp(-6*(da-db)*(da-db))*da
		} else if i == j {
			v = 1
		}
		v += 0.01 * (random.Float64() - 0.5)
		c := results.Cell{Comparison: "figure-1", Metric: r.Metric, Variant: r.Variant, X: at.X, Y: at.Y,
			Rows: "word", N: 46906, DX: 768, DY: 768, Value: new(min(v, 1))}
		if r.Intervals {
			c.Lo, c.Hi = new(v-0.02-0.01*random.Float64()), new(v+0.02+0.01*random.Float64())
			c.P = new(0.005)
			if v < 0.12 {
				c.P = new(0.3)
			}
			c.Null = &results.Null{Mean: 0.08, Q95: 0.11, Draws: 200}
		}
		if r.Broken && at.X.Model != at.Y.Model && i == 1 && j < 2 {
			c = results.Cell{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, X: c.X, Y: c.Y, Rows: c.Rows, Error: "covariance of y is singular"}
		}
		if r.Broken && (i == 3 && j == 2 || i == 2 && j == 3) {
			continue
		}
		cells = append(cells, c)
	}
	return cells
}

// models holds the layers of each model in order.
type models map[string][]string

func (m models) add(l results.Layer) {
	if !slices.Contains(m[l.Model], l.Layer) {
		m[l.Model] = append(m[l.Model], l.Layer)
	}
}

// place returns the number of a layer in its model, and how deep that is.
func (m models) place(l results.Layer) (i int, depth float64) {
	i = slices.Index(m[l.Model], l.Layer)
	return i, float64(i+1) / float64(len(m[l.Model]))
}
