package measure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// retrievedWords is how many words are listed for each query.
const retrievedWords = 5

// retrieval is what the asif cells of a tile share: the searches of each layer, and the best retrieval so far between two
// models, whose lists are written.
type retrieval struct {
	tasks map[string]*asif.Task // by variant
	sides map[retrievalSide]*retrievalSearch

	mu      sync.Mutex
	best    map[retrievalPair]*retrieved
	answers map[*results.Cell]*asif.Answers // for a null; nil where none is asked for
}

type retrievalSide struct {
	variant string
	layer   int // of the tile
}

type retrievalSearch struct {
	queries    lazy[*asif.Queries]
	candidates lazy[*asif.Candidates]
}

// retrievalPair is two models in one variant.
type retrievalPair struct {
	variant string
	x, y    int // sources
}

// retrieved is one cell's retrieval; at tells apart those that are equally good.
type retrieved struct {
	cell   *results.Cell
	at     [2]int
	result *asif.Result
}

func (w *rowwise) newRetrieval() (*retrieval, error) {
	r := &retrieval{tasks: map[string]*asif.Task{}, sides: map[retrievalSide]*retrievalSearch{}, best: map[retrievalPair]*retrieved{}}
	if w.tile.Comparison.Null != nil {
		r.answers = map[*results.Cell]*asif.Answers{}
	}
	most := map[string]int{}
	for _, m := range w.tile.Measures {
		if m.Name == "asif" {
			most[m.Variant.Name] = max(most[m.Variant.Name], m.Params.K)
		}
	}
	test := asif.Split(len(w.types))
	for variant, k := range most {
		if len(test) == 0 {
			continue // each cell says so
		}
		var err error
		if r.tasks[variant], err = asif.NewTask(variant, w.types, test, k); err != nil {
			return nil, err
		}
		for layer := range w.tile.Layers {
			r.sides[retrievalSide{variant, layer}] = &retrievalSearch{}
		}
	}
	return r, nil
}

// retrieve computes an asif cell.
func (w *rowwise) retrieve(ctx context.Context, c *results.Cell, m study.Measure, i, j int) (metrics.Value, error) {
	task := w.asif.tasks[m.Variant.Name]
	if task == nil {
		return metrics.Value{}, &metrics.UndefinedError{Metric: m.Name, Variant: m.Variant.Name, Reason: fmt.Sprintf("%d rows are too few to take queries from", len(w.types))}
	}
	queries, err := w.asif.sides[retrievalSide{m.Variant.Name, i}].queries.get(func() (*asif.Queries, error) {
		x, err := w.read(i)
		if err != nil {
			return nil, err
		}
		return task.Queries(ctx, w.tile.Inputs.Backend, x, w.workers)
	})
	if err != nil {
		return metrics.Value{}, err
	}
	candidates, err := w.asif.sides[retrievalSide{m.Variant.Name, j}].candidates.get(func() (*asif.Candidates, error) {
		y, err := w.read(j)
		if err != nil {
			return nil, err
		}
		return task.Candidates(ctx, w.tile.Inputs.Backend, y, w.workers)
	})
	if err != nil {
		return metrics.Value{}, err
	}
	r, err := task.Retrieve(ctx, queries, candidates, asif.Options{P: m.Params.P, K: m.Params.K, Top: retrievedWords, Workers: 1})
	if err != nil {
		return metrics.Value{}, err
	}
	c.Retrieval = inference.Retrieval(r)
	w.asif.keep(retrievalPair{m.Variant.Name, w.tile.Layers[i].Source, w.tile.Layers[j].Source}, &retrieved{c, [2]int{i, j}, r})
	if w.asif.answers != nil {
		w.asif.keepAnswers(c, r.Answers(w.types))
	}
	return inference.ASIFValue(r, len(w.types), w.tile.Layers[i].Units, w.tile.Layers[j].Units), nil
}

func (r *retrieval) keepAnswers(c *results.Cell, a *asif.Answers) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[c] = a
}

// keep remembers the retrieval if it is the best between its models so far; of equals, the first in the order of the cells.
func (r *retrieval) keep(pair retrievalPair, n *retrieved) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.best[pair]
	if o == nil || cmp.Or(cmp.Compare(o.result.Top1, n.result.Top1), n.cell.Params.Compare(o.cell.Params), slices.Compare(n.at[:], o.at[:])) < 0 {
		r.best[pair] = n
	}
}

// lists are the words that the best retrieval between each two models found, for each word that was asked for.
func (w *rowwise) lists() []results.Retrieved {
	var best []*retrieved
	for _, r := range w.asif.best {
		best = append(best, r)
	}
	slices.SortFunc(best, func(a, b *retrieved) int {
		return cmp.Or(cmp.Compare(a.cell.Variant, b.cell.Variant), a.cell.Params.Compare(b.cell.Params), slices.Compare(a.at[:], b.at[:]))
	})
	var out []results.Retrieved
	for _, r := range best {
		out = append(out, w.listsOf(r)...)
	}
	return out
}

// listsOf adds up the queries of each word: a word that was found counts once for each query that has it among its first
// five.
func (w *rowwise) listsOf(r *retrieved) []results.Retrieved {
	type vote struct {
		word, count int
		similarity  float64
	}
	isQuery := make([]bool, len(w.types))
	votes := make([][]vote, len(w.labels))
	queries, right, anchors := make([]int, len(w.labels)), make([]int, len(w.labels)), make([]int, len(w.labels))
	for _, q := range r.result.Retrieved {
		word := w.types[q.Row]
		isQuery[q.Row] = true
		queries[word]++
		if q.Right {
			right[word]++
		}
		for k, found := range q.Types {
			at := slices.IndexFunc(votes[word], func(v vote) bool { return v.word == found })
			if at < 0 {
				at = len(votes[word])
				votes[word] = append(votes[word], vote{word: found})
			}
			votes[word][at].count++
			votes[word][at].similarity += q.Similarities[k]
		}
	}
	for row, word := range w.types {
		if !isQuery[row] {
			anchors[word]++
		}
	}
	var out []results.Retrieved
	for word, list := range votes {
		slices.SortFunc(list, func(a, b vote) int {
			return cmp.Or(b.count-a.count, cmp.Compare(b.similarity, a.similarity), a.word-b.word)
		})
		for rank, v := range list[:min(len(list), retrievedWords)] {
			c := r.cell
			out = append(out, results.Retrieved{Comparison: c.Comparison, Metric: c.Metric, Variant: c.Variant, Params: c.Params, X: c.X, Y: c.Y,
				Word: w.labels[word], Anchors: anchors[word], Queries: queries[word], Right: right[word],
				Rank: rank + 1, Found: w.labels[v.word], Count: v.count, Similarity: v.similarity / float64(v.count)})
		}
	}
	return out
}
