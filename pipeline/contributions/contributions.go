// Package contributions asks which words or phones carry the values of a run and which pull them down, and where in the corpus they are said.
//
// It asks so of the best pair of layers of each two models in each comparison on words or phones, if its value is above chance or was not tested,
// for each metric that can be taken apart into rows: cka (biased and debiased), knn, and asif. What it computes the store keeps, as it keeps cells.
package contributions

import (
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"speechsim/corpus"
	"speechsim/metrics"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
	"speechsim/pipeline/sums"
)

// Of lists what contributes to the values of a run, token by token: of each pair of layers the types that carry its value, the one that carries most
// first, then those that pull it down, the one that does so most first.
func Of(ctx context.Context, p *plan.Plan, set *results.Set) ([]results.Contribution, error) {
	asked := questions(p, set)
	if len(asked) == 0 {
		return nil, nil
	}
	rows := map[rowsKey]*join.Rows{}
	for i := range asked {
		q := &asked[i]
		key := rowsKey{q.task.Comparison, q.task.RowSet.First}
		if rows[key] == nil {
			all, err := q.task.Join(q.task.RowsFrom)
			if err != nil {
				return nil, err
			}
			if rows[key] = all; key.first > 0 {
				rows[key] = all.First(key.first)
			}
		}
		q.rows = rows[key]
	}
	p.Progress.Stage("contributions of words and phones", float64(len(asked)), "layer pairs")
	found := make([][]results.Contribution, len(asked))
	err := progress.Each(ctx, atOnce(p, asked), len(asked), p.Progress, func(i int) error {
		types, err := asked[i].answer(ctx)
		found[i] = asked[i].named(types)
		return err
	})
	return slices.Concat(found...), err
}

// atOnce is how many questions the memory of a run has room for at once, no more than there are workers.
func atOnce(p *plan.Plan, asked []question) int {
	most := int64(1)
	for i := range asked {
		most = max(most, asked[i].bytes())
	}
	if p.Budget.Bytes == 0 {
		return p.Workers
	}
	return min(p.Workers, int(max(1, (p.Budget.Bytes-plan.ProcessBytes(p.Workers))/most)))
}

// bytes is about the memory that it takes to answer.
func (q *question) bytes() int64 {
	x, y := int64(q.task.Layers[q.at.X].Units), int64(q.task.Layers[q.at.Y].Units)
	switch q.measure.Name {
	case "cka": // sums of products in double precision, those of a block, and blocks of rows
		return 8 * (x*x + y*y + x*y + max(x, y)*max(x, y) + 3*metrics.BlockRows*(x+y))
	case "knn": // a layer as it is read, and once more of unit length
		return 3 * 4 * int64(len(q.rows.Rows)) * max(x, y)
	}
	return 0
}

// rowsKey is what the rows of a question depend on.
type rowsKey struct {
	comparison *study.Comparison
	first      int
}

// question is one cell of which the types are asked for.
type question struct {
	task    *plan.Task
	measure study.Measure
	cell    *results.Cell
	at      plan.Pair
	rows    *join.Rows

	retrieved []results.Retrieved // of asif: its answer
}

// questions are the best pairs of layers of each two models, for each measure that can be taken apart.
func questions(p *plan.Plan, set *results.Set) (list []question) {
	cells := set.Cells
	for _, t := range p.Tasks {
		for _, m := range t.Measures {
			own := cells[:len(t.Cells)]
			cells = cells[len(t.Cells):]
			if t.OnSegments() && m.Apart(t.RowSet) {
				list = append(list, best(t, m, own, set.Retrieved)...)
			}
		}
	}
	return list[:min(len(list), study.MostAsked)]
}

// best are the cells of a measure with the largest value between each two models. Of asif they are those of which the run lists the
// retrieved words.
func best(t *plan.Task, m study.Measure, cells []results.Cell, retrieved []results.Retrieved) (list []question) {
	at := map[[2]int]int{} // sources -> place in the list
	for c, pair := range t.Cells {
		x, y := t.Layers[pair.X].Source, t.Layers[pair.Y].Source
		if x == y || !cells[c].OK() || *cells[c].Value <= 0 || chance(&cells[c]) {
			continue
		}
		q := question{task: t, measure: m, cell: &cells[c], at: pair}
		if m.Name == "asif" {
			if q.retrieved = wordsOf(q.cell, retrieved); q.retrieved == nil {
				continue
			}
		}
		switch k, known := at[[2]int{x, y}]; {
		case !known:
			at[[2]int{x, y}] = len(list)
			list = append(list, q)
		case *q.cell.Value > *list[k].cell.Value:
			list[k] = q
		}
	}
	return list
}

// chance says whether a value was tested and may be one of chance: then nothing carries it.
func chance(c *results.Cell) bool {
	const alpha = .05
	p := c.Significance()
	return p != nil && *p > alpha
}

// wordsOf are the lines of retrieved words of a cell, the first of each word.
func wordsOf(c *results.Cell, retrieved []results.Retrieved) (list []results.Retrieved) {
	for _, r := range retrieved {
		if r.Rank == 1 && r.Comparison == c.Comparison && r.Metric == c.Metric && r.Variant == c.Variant && r.Params == c.Params && r.X == c.X && r.Y == c.Y {
			list = append(list, r)
		}
	}
	return list
}

// kind is what one word or phone type contributes, and some of its tokens, which are places among the rows.
type kind struct {
	Label         string
	Rows          int
	Share, Effect float64
	Tokens        []int
}

// answer takes the value of a question's cell apart, or reads it from the store.
func (q *question) answer(ctx context.Context) (types []kind, err error) {
	if q.retrieved != nil {
		return q.ofRetrieved(), nil
	}
	entry, err := plan.OpenContributions(q.task, q.measure, q.task.Layers[q.at.X], q.task.Layers[q.at.Y])
	if err != nil {
		return nil, err
	}
	if !entry.HasPart(0) {
		c, err := q.compute(ctx)
		var undefined *metrics.UndefinedError
		if err != nil && !errors.As(err, &undefined) {
			return nil, err
		}
		if err := entry.WriteSealed(0, func(w io.Writer) error { return gob.NewEncoder(w).Encode(q.ofRows(c)) }); err != nil {
			return nil, err
		}
	}
	return types, entry.ReadSealed(0, func(r io.Reader) error { return gob.NewDecoder(r).Decode(&types) })
}

// compute takes the value of a cell apart into rows.
func (q *question) compute(ctx context.Context) (*metrics.Contributions, error) {
	b, x, y := q.task.Inputs.Backend, q.task.Layers[q.at.X], q.task.Layers[q.at.Y]
	layers := sums.Layers(q.task.WholeTile(), []int{q.at.X, q.at.Y})
	if q.measure.Name == "cka" {
		r, err := q.rows.Open(layers)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return metrics.CKAContributions(b, q.measure.Variant.Name, x.Units, y.Units, func(visit func(x, y metrics.Matrix) error) error {
			return r.Blocks(q.rows.InOrder(), metrics.BlockRows, func(rows []metrics.Matrix) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return visit(rows[0], rows[1])
			})
		})
	}
	var near [2]*metrics.Neighbours
	for k := range near {
		var err error
		if near[k], err = q.neighbours(ctx, layers[k]); err != nil {
			return nil, err
		}
	}
	return metrics.KNNContributions(near[0], near[1])
}

// neighbours searches a layer, which is held only while it is.
func (q *question) neighbours(ctx context.Context, layer join.Layer) (*metrics.Neighbours, error) {
	r, err := q.rows.Open([]join.Layer{layer})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	whole, err := r.Whole(q.rows.InOrder())
	if err != nil {
		return nil, err
	}
	return metrics.FindNeighbours(ctx, q.task.Inputs.Backend, whole[0], metrics.KNNNeighbours, 1)
}

// ofRows adds rows up by type, and chooses types and tokens. c is nil where the value can't be taken apart.
func (q *question) ofRows(c *metrics.Contributions) []kind {
	if c == nil {
		return nil
	}
	of, labels := q.rows.Types()
	types := make([]kind, len(labels))
	for row, t := range of {
		k := &types[t]
		k.Label = labels[t]
		k.Rows++
		k.Share += c.Share[row]
		k.Effect += c.Effect[row]
		k.Tokens = append(k.Tokens, row)
	}
	return chosen(types, func(row int) float64 { return c.Effect[row] })
}

// ofRetrieved are the words of asif by the queries that they answered rightly. Which tokens these are is not kept, so the first are shown.
func (q *question) ofRetrieved() []kind {
	right, queries := 0, 0
	for _, r := range q.retrieved {
		right, queries = right+r.Right, queries+r.Queries
	}
	if right == 0 {
		return nil
	}
	of, labels := q.rows.Types()
	tokens := make([][]int, len(labels))
	for row, t := range of {
		tokens[t] = append(tokens[t], row)
	}
	var types []kind
	for _, r := range q.retrieved {
		k := kind{Label: r.Word, Rows: r.Queries, Share: float64(r.Right) / float64(right)}
		k.Effect = k.Share - float64(r.Queries)/float64(queries)
		if t := slices.Index(labels, r.Word); t >= 0 {
			k.Tokens = tokens[t]
		}
		types = append(types, k)
	}
	return chosen(types, func(int) float64 { return 0 })
}

// chosen are the types that carry a value most, and those that pull it down most, each with the tokens that do so most.
func chosen(types []kind, effect func(row int) float64) []kind {
	slices.SortStableFunc(types, func(a, b kind) int { return cmp.Compare(b.Effect, a.Effect) })
	var out []kind
	add := func(k kind, sign float64) {
		slices.SortStableFunc(k.Tokens, func(a, b int) int { return cmp.Compare(sign*effect(b), sign*effect(a)) })
		k.Tokens = k.Tokens[:min(len(k.Tokens), study.MostTokens)]
		out = append(out, k)
	}
	for i := 0; i < min(len(types), study.MostTypes) && types[i].Effect > 0; i++ {
		add(types[i], 1)
	}
	for i := len(types) - 1; i >= max(0, len(types)-study.MostTypes) && types[i].Effect < 0; i-- {
		add(types[i], -1)
	}
	return out
}

// named are the tokens of types as results name them.
func (q *question) named(types []kind) (list []results.Contribution) {
	in, c := q.task.Inputs, q.cell
	folder := Folder(in.Corpus)
	for _, k := range types {
		for _, row := range k.Tokens {
			r := q.rows.Rows[row]
			u := &in.Corpus.Utterances[r.Utterance]
			list = append(list, results.Contribution{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, Params: c.Params, X: c.X, Y: c.Y,
				Type: k.Label, Rows: k.Rows, Share: k.Share, Effect: k.Effect,
				Utterance: u.ID, File: Relative(folder, u.AudioPath), Start: u.From + r.Start, End: u.From + r.End})
		}
	}
	return list
}

// Folder is the folder of a corpus that the files of contributions are relative to.
func Folder(c *corpus.Corpus) string { return cmp.Or(c.Spec.Root, filepath.Dir(c.Spec.Table)) }

// Relative is the way from a folder to a file, with slashes.
func Relative(folder, file string) string {
	for _, path := range []*string{&folder, &file} {
		if whole, err := filepath.Abs(*path); err == nil {
			*path = whole
		}
	}
	if rel, err := filepath.Rel(folder, file); err == nil {
		file = rel
	}
	return filepath.ToSlash(file)
}
