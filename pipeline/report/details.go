package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// PairDetail is a table about two layers: what drives their similarity.
type PairDetail struct {
	X, Y    results.Layer
	Title   string
	Columns []string // names; that of a column of numbers begins with #
	Rows    [][]string
}

// Extra are the tables of a run other than its cells.
type Extra struct {
	Matches     []results.Match
	Differences []results.Difference
	Retrieved   []results.Retrieved

	Paired        []results.Difference // of layers of one name in two models
	Contributions []results.Contribution
	Positions     []results.HeadPosition
	Clips         []byte // WAV
}

// Take gives a page the tables of its run.
func (p *Page) Take(e *Extra) {
	p.Details, p.Differences, p.Paired, p.Contributions, p.Positions, p.Clips = e.Details(), e.Differences, e.Paired, e.Contributions, e.Positions, e.Clips
}

// mostDetails is how many matches a page holds in all, so that it stays one
// that can be mailed; every pair keeps a few. The tables of the run have all.
const mostDetails = 40000

// Details makes the tables for the view of a pair of layers.
func (e *Extra) Details() []PairDetail {
	return slices.Concat(e.matches(), e.differences(), e.retrieved())
}

// byPair groups a list by layers and title, in the order of first appearance.
type byPair struct {
	list []PairDetail
	at   map[string]int
}

func (b *byPair) add(x, y results.Layer, title string, columns []string, row []string) *PairDetail {
	key := strings.Join([]string{x.Model, x.Layer, y.Model, y.Layer, title}, "\x00")
	i, ok := b.at[key]
	if !ok {
		if b.at == nil {
			b.at = map[string]int{}
		}
		i = len(b.list)
		b.at[key] = i
		b.list = append(b.list, PairDetail{X: x, Y: y, Title: title, Columns: columns})
	}
	b.list[i].Rows = append(b.list[i].Rows, row)
	return &b.list[i]
}

func (e *Extra) matches() []PairDetail {
	var all byPair
	for _, m := range e.Matches {
		unit := "Unit of x"
		if m.Metric == "attention" {
			unit = "Head of x"
		}
		matched := "all units together"
		if m.MatchedUnit >= 0 {
			matched = strconv.Itoa(m.MatchedUnit)
		}
		label := figures.Label(results.Measure{Metric: m.Metric, Variant: m.Variant, Params: m.Params})
		all.add(m.X, m.Y, fmt.Sprintf("Matches in y, %s (%s)", label, m.Comparison), []string{unit, "Match in y", "#Value"},
			[]string{strconv.Itoa(m.Unit), matched, figures.Short(m.Value)})
	}
	if len(all.list) == 0 {
		return nil
	}
	keep := max(mostDetails/len(all.list), 3)
	for i := range all.list {
		d := &all.list[i]
		if len(d.Rows) > keep {
			// Both ends: the matches that drive the value most and, of those that the run lists, least.
			d.Title += fmt.Sprintf(": %d of %d", keep, len(d.Rows))
			d.Rows = slices.Concat(d.Rows[:keep-1], d.Rows[len(d.Rows)-1:])
		}
	}
	return all.list
}

func (e *Extra) differences() []PairDetail {
	var all byPair
	type asked struct {
		comparison string
		measure    results.Measure
		x, than, y results.Layer
	}
	key := func(d *results.Difference) asked {
		return asked{d.Comparison, results.Measure{Metric: d.Metric, Variant: d.Variant, Params: d.Params}, d.X, d.Than, d.Y}
	}
	said := map[asked]string{} // why two layers are compared: of several reasons, the one that says most
	for i := range e.Differences {
		d := &e.Differences[i]
		if old, ok := said[key(d)]; !ok || slices.Index(telling, d.Kind) < slices.Index(telling, old) {
			said[key(d)] = d.Kind
		}
	}
	for i := range e.Differences {
		d := &e.Differences[i]
		if said[key(d)] != d.Kind {
			continue
		}
		label := figures.Label(results.Measure{Metric: d.Metric, Variant: d.Variant, Params: d.Params})
		all.add(d.X, d.Y, fmt.Sprintf("Is x more similar to y than another layer is? %s (%s)", label, d.Comparison),
			[]string{"Other layer", "Which is", "#Difference", "#95 % CI", "#p"},
			[]string{figures.LayerName(d.Than), why[d.Kind], figures.Short(d.Value), figures.Short(d.Lo) + " to " + figures.Short(d.Hi), strconv.FormatFloat(d.P, 'g', 2, 64)})
	}
	return all.list
}

// telling are the kinds of differences, from that which says most of the other layer.
var telling = []string{results.Neighbours, results.Control, results.Baseline, results.Models, results.Best}

var why = map[string]string{results.Neighbours: "the layer before", results.Best: "another layer of its model", results.Models: "the best layer of another model",
	results.Control: "a layer of the model without training", results.Baseline: "an acoustic baseline"}

// mostWords is how many words of a retrieval the page shows from either end.
const mostWords = 20

// retrieved shows the words that were retrieved most and least often, among
// those that have an anchor.
func (e *Extra) retrieved() []PairDetail {
	type word struct {
		first *results.Retrieved
		found []string
	}
	type key struct {
		comparison, variant string
		x, y                results.Layer
		params              results.Params
	}
	words := map[key][]word{}
	var order []key
	for i := range e.Retrieved {
		r := &e.Retrieved[i]
		k := key{r.Comparison, r.Variant, r.X, r.Y, r.Params}
		if words[k] == nil {
			order = append(order, k)
		}
		if n := len(words[k]); n == 0 || words[k][n-1].first.Word != r.Word {
			words[k] = append(words[k], word{first: r})
		}
		w := &words[k][len(words[k])-1]
		w.found = append(w.found, r.Found)
	}
	var list []PairDetail
	for _, k := range order {
		can := slices.DeleteFunc(words[k], func(w word) bool { return w.first.Anchors == 0 })
		share := func(w word) float64 { return float64(w.first.Right) / float64(max(w.first.Queries, 1)) }
		slices.SortStableFunc(can, func(a, b word) int {
			return cmp.Or(cmp.Compare(share(b), share(a)), cmp.Compare(b.first.Queries, a.first.Queries))
		})
		add := func(title string, some []word) {
			d := PairDetail{X: k.x, Y: k.y, Title: fmt.Sprintf("%s, %s (%s)", title, figures.Label(results.Measure{Metric: "asif", Variant: k.variant, Params: k.params}), k.comparison),
				Columns: []string{"Word", "#Retrieved", "#Queries", "Five best words"}}
			for _, w := range some {
				d.Rows = append(d.Rows, []string{w.first.Word, strconv.Itoa(w.first.Right), strconv.Itoa(w.first.Queries), strings.Join(w.found, ", ")})
			}
			if len(d.Rows) > 0 {
				list = append(list, d)
			}
		}
		add("Words retrieved best", can[:min(mostWords, len(can))])
		rest := slices.Clone(can[min(mostWords, len(can)):])
		slices.Reverse(rest)
		add("Words retrieved worst", rest[:min(mostWords, len(rest))])
	}
	return list
}
