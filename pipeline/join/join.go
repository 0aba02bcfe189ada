// Package join says which rows all sources of a comparison have, and why not the others, and reads them: an inner join on
// (utterance, segment).
package join

import (
	"fmt"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/extract/store"
)

// Side is what one source of a comparison has.
type Side struct {
	Name   string            // of the source
	Table  *extract.Table    // the rows that it can serve
	Entry  *store.Entry      // where the store keeps them; nil where rows are only counted
	Failed map[string]string // utterances that it could not read, with the reasons
}

// Rows are the segments that every source of a comparison has a row for, and where each source keeps it.
type Rows struct {
	Rows    []extract.Row
	Parts   [][]Range // the rows of each part
	Index   [][]int   // Index[i][r]: the row of source i that belongs to Rows[r]
	Entries []*store.Entry
	Dropped []extract.Dropped // for want of a row in some source, or by the selection
}

// Range is rows [From, To), which messages know by a name.
type Range struct {
	From, To int
	Name     string
}

// Tables joins the rows of all sources. candidates are the segments that could be rows, selection is that of the config
// (bolanos2024 or none), and parts are the utterances of each part.
func Tables(c *corpus.Corpus, candidates *extract.Table, sides []Side, selection string, parts [][]int) *Rows {
	j := &Rows{Index: make([][]int, len(sides))}
	begin := []int{0}             // the rows of utterance u are [begin[u], begin[u+1])
	at := make([]int, len(sides)) // rows of each source before this utterance
	for u := range c.Utterances {
		id := c.Utterances[u].ID
		where := make([]map[int]int, len(sides)) // segment -> row
		for i, s := range sides {
			rows := s.Table.Of(u)
			if _, bad := s.Failed[id]; bad {
				rows = nil
			}
			where[i] = make(map[int]int, len(rows))
			for n, row := range rows {
				where[i][row.Segment] = at[i] + n
			}
			at[i] += len(rows)
		}
		common := j.common(candidates.Of(u), id, sides, where)
		if selection == "bolanos2024" {
			common = extract.SelectBolanos2024(common, j.drop)
		}
		for _, row := range common {
			j.Rows = append(j.Rows, row)
			for i := range sides {
				j.Index[i] = append(j.Index[i], where[i][row.Segment])
			}
		}
		begin = append(begin, len(j.Rows))
	}
	for _, s := range sides {
		j.Entries = append(j.Entries, s.Entry)
	}
	for _, utterances := range parts {
		var ranges []Range
		for _, u := range utterances {
			ranges = append(ranges, Range{begin[u], begin[u+1], "utterance " + c.Utterances[u].ID})
		}
		j.Parts = append(j.Parts, ranges)
	}
	return j
}

// common are the candidates of an utterance that all sources have; the others are dropped with the first reason.
func (j *Rows) common(candidates []extract.Row, utterance string, sides []Side, where []map[int]int) []extract.Row {
	var common []extract.Row
	for _, row := range candidates {
		missing := -1
		for i := range where {
			if _, ok := where[i][row.Segment]; !ok {
				missing = i
				break
			}
		}
		if missing < 0 {
			common = append(common, row)
			continue
		}
		s, reason := sides[missing], extract.Unreadable
		if _, bad := s.Failed[utterance]; !bad {
			reason = s.Table.Reason(row.Utterance, row.Segment)
		}
		j.drop(row, fmt.Sprintf("%s (%s)", reason, s.Name))
	}
	return common
}

func (j *Rows) drop(r extract.Row, reason string) {
	j.Dropped = append(j.Dropped, extract.Dropped{Utterance: r.Utterance, Segment: r.Segment, Label: r.Label, Start: r.Start, End: r.End, Reason: reason})
}

// First are the first n rows.
func (j *Rows) First(n int) *Rows {
	n = min(n, len(j.Rows))
	first := &Rows{Rows: j.Rows[:n], Entries: j.Entries}
	for _, index := range j.Index {
		first.Index = append(first.Index, index[:n])
	}
	for _, ranges := range j.Parts {
		var left []Range
		for _, r := range ranges {
			if r.From < n {
				left = append(left, Range{r.From, min(r.To, n), r.Name})
			}
		}
		first.Parts = append(first.Parts, left)
	}
	return first
}

// OfTypes are one row a word type, which every source has in the same place, cut into so many parts in their order.
func OfTypes(labels []string, parts int, entries []*store.Entry) *Rows {
	j := &Rows{Entries: entries}
	identity := make([]int, len(labels))
	for n, label := range labels {
		identity[n] = n
		j.Rows = append(j.Rows, extract.Row{Label: label})
	}
	for range entries {
		j.Index = append(j.Index, identity)
	}
	parts = min(parts, len(labels))
	for k := range parts {
		from, to := k*len(labels)/parts, (k+1)*len(labels)/parts
		j.Parts = append(j.Parts, []Range{{from, to, fmt.Sprintf("word types %s to %s", labels[from], labels[to-1])}})
	}
	return j
}

// Types numbers the word types of the rows in the order in which they appear.
func (j *Rows) Types() (of []int, labels []string) {
	number := map[string]int{}
	for _, r := range j.Rows {
		label := corpus.WordType(r.Label)
		t, known := number[label]
		if !known {
			t = len(labels)
			number[label] = t
			labels = append(labels, label)
		}
		of = append(of, t)
	}
	return of, labels
}

// InOrder are the places of all rows, in their order.
func (j *Rows) InOrder() []int {
	order := make([]int, len(j.Rows))
	for r := range order {
		order[r] = r
	}
	return order
}

// ByGroup is the order of the rows in which each group's stand together, and the rows of each group.
func (j *Rows) ByGroup() (order, sizes []int) {
	for _, ranges := range j.Parts {
		n := 0
		for _, rows := range ranges {
			for r := rows.From; r < rows.To; r++ {
				order = append(order, r)
				n++
			}
		}
		if n > 0 {
			sizes = append(sizes, n)
		}
	}
	return order, sizes
}
