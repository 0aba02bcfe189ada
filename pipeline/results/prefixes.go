package results

import (
	"io"
	"math"
	"slices"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// Prefix says how well the first rows stand for all rows: for two models, the
// correlation of the cells on the first rows with the same cells on all rows.
type Prefix struct {
	Comparison, Metric, Variant string
	Params                      Params // with First
	XModel, YModel              string
	Cells                       int     // that have both values; a layer with itself is left out
	Correlation                 float64 // Pearson's; NaN with fewer than two cells or no spread
}

// Prefixes compares the cells on first rows with those on all, in the order in
// which they appear.
func Prefixes(cells []Cell) []Prefix {
	whole := map[Key]*Cell{}
	for i := range cells {
		if cells[i].Params.First == 0 {
			whole[cells[i].Key()] = &cells[i]
		}
	}
	var list []Prefix
	place := map[Prefix]int{}
	var values [][2][]float64
	for i := range cells {
		c := &cells[i]
		key := c.Key()
		key.Params.First = 0
		all := whole[key]
		if c.Params.First == 0 || all == nil {
			continue
		}
		p := Prefix{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, Params: c.Params, XModel: c.X.Model, YModel: c.Y.Model}
		at, known := place[p]
		if !known {
			at = len(list)
			place[p] = at
			list, values = append(list, p), append(values, [2][]float64{})
		}
		if c.X != c.Y && c.OK() && all.OK() {
			values[at][0] = append(values[at][0], *c.Value)
			values[at][1] = append(values[at][1], *all.Value)
		}
	}
	for at := range list {
		list[at].Cells = len(values[at][0])
		list[at].Correlation = pearson(values[at][0], values[at][1])
	}
	return list
}

var prefixHeader = slices.Concat([]string{"comparison", "metric", "variant", "x_model", "y_model"}, paramColumns, []string{"cells", "correlation"})

// WritePrefixes writes prefixes.csv: a header, and one Prefix a row; a
// correlation that there is none of is an empty field.
func WritePrefixes(w io.Writer, list []Prefix) error {
	return writeTable(w, prefixHeader, func(write func([]string) error) error {
		for _, p := range list {
			correlation := ""
			if !math.IsNaN(p.Correlation) {
				correlation = number(&p.Correlation)
			}
			row := append([]string{p.Comparison, p.Metric, p.Variant, p.XModel, p.YModel}, p.Params.columns()...)
			if err := write(append(row, strconv.Itoa(p.Cells), correlation)); err != nil {
				return err
			}
		}
		return nil
	})
}

// WritePrefixesFile writes prefixes.csv as [WriteFile] writes results.jsonl.
func WritePrefixesFile(path string, list []Prefix) error {
	return files.Write(path, func(w io.Writer) error { return WritePrefixes(w, list) })
}

func pearson(x, y []float64) float64 {
	n := float64(len(x))
	var mx, my, xx, yy, xy float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return max(-1, min(1, xy/math.Sqrt(xx*yy)))
}
