package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"speechsim/pipeline/published"
	"speechsim/pipeline/results"
)

// Agreement says how close two sets of values for the same pairs of layers
// are.
type Agreement struct {
	N       int          // pairs with both values; a layer with itself is left out
	Mean    float64      // mean of |a - b|
	Largest float64      // largest |a - b|
	At      results.Pair // where it is
	Rank    float64      // Spearman's rank correlation; NaN with fewer than three pairs or no spread
}

// Compare compares cells with published values. Cells without a value are
// left out.
func Compare(cells []*results.Cell, theirs map[results.Pair]float64) Agreement {
	var a Agreement
	var x, y []float64
	for _, c := range cells {
		if c == nil || c.Value == nil || c.X == c.Y {
			continue
		}
		at := results.Pair{X: c.X, Y: c.Y}
		v, ok := theirs[at]
		if !ok {
			continue
		}
		x, y = append(x, *c.Value), append(y, v)
		d := math.Abs(*c.Value - v)
		a.N++
		a.Mean += (d - a.Mean) / float64(a.N)
		if d > a.Largest || a.N == 1 {
			a.Largest, a.At = d, at
		}
	}
	a.Rank = spearman(x, y)
	return a
}

// String says it in words.
func (a Agreement) String() string {
	if a.N == 0 {
		return "no pair of layers has both values"
	}
	s := fmt.Sprintf("%s: mean difference %s, largest %s (%s and %s)", Plural(a.N, "pair")+" of layers", Short(a.Mean), Short(a.Largest), LayerName(a.At.X), LayerName(a.At.Y))
	if !math.IsNaN(a.Rank) {
		s += ", rank correlation " + Short(a.Rank)
	}
	return s
}

// spearman is the correlation of the ranks; ties share their mean rank.
func spearman(x, y []float64) float64 {
	if len(x) < 3 {
		return math.NaN()
	}
	return stat.Correlation(ranksOf(x), ranksOf(y), nil)
}

func ranksOf(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	ranks := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return ranks
}

// Mean is the mean of what was added.
type Mean struct {
	Value float64
	N     int
}

// Add takes a value into the mean.
func (m *Mean) Add(v float64) {
	m.N++
	m.Value += (v - m.Value) / float64(m.N)
}

// DifferenceEnding ends the name of a figure of differences from published values: that of the figure comes before.
const DifferenceEnding = ".difference"

// withDifferences adds, after each heat map that has published values, a map
// of ours minus theirs.
func withDifferences(figures []Figure, ix *index) []Figure {
	var list []Figure
	for _, f := range figures {
		list = append(list, f)
		if len(f.Published) == 0 || f.Kind != Heatmap {
			continue
		}
		d := f
		d.Name, d.Title = f.Name+DifferenceEnding, f.Title+": ours minus "+labelsOf(f.Published)
		d.Scale, d.Published, d.difference = Scale{Map: "diverging"}, nil, true
		d.own = newIndex(minusPublished(&f, ix))
		list = append(list, d)
	}
	return list
}

func minusPublished(f *Figure, ix *index) []results.Cell {
	var cells []results.Cell
	g := f.grid(ix, f.Measure())
	for i, x := range g.x {
		for j, y := range g.y {
			c, _ := g.at(i, j)
			v := f.published(f.Measure(), x, y)
			if c == nil || v == nil {
				continue
			}
			d := results.Cell{Comparison: f.Comparison, Metric: f.Metric, Variant: f.Variant, X: x, Y: y, Params: f.Params, Rows: c.Rows, N: c.N, DX: c.DX, DY: c.DY, Error: c.Error}
			if c.Value != nil {
				d.Value = ptrTo(*c.Value - *v)
			}
			cells = append(cells, d)
		}
	}
	return cells
}

// labelsOf joins "Paper, figure 1" and "Paper, figure 2" to "Paper, figure 1,
// figure 2".
func labelsOf(list []published.Matrix) string {
	text := ""
	for _, p := range list {
		paper, rest, ok := strings.Cut(p.Label, ", ")
		switch {
		case text == "":
			text = p.Label
		case ok && strings.HasPrefix(text, paper+", "):
			text += ", " + rest
		default:
			text += ", " + p.Label
		}
	}
	return text
}

func ptrTo(v float64) *float64 { return &v }
