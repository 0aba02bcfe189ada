package pipeline

import (
	"context"
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
)

// joinedRows are the segments that every source of a comparison has a row for, and where each source keeps it.
type joinedRows struct {
	rows    []extract.Row
	parts   [][]rowRange // the rows of each part
	cut     []bool       // parts that the view has less than all rows of; nil: none
	index   [][]int      // index[i][r]: row of comparison source i that belongs to rows[r]
	entries []*extract.Entry
	pooled  []*pooledRows
	dropped []extract.Dropped // by source refusals, unreadable utterances and the selection
}

// rowRange is rows [from, to), which messages know by a name.
type rowRange struct {
	from, to int
	name     string
}

// join matches rows of a comparison's sources as they are in the store.
func (p *Plan) join(k *comparison, pooled []*pooledRows) (*joinedRows, error) {
	var entries []*extract.Entry
	var failed []map[string]string
	for _, r := range pooled {
		entry := r.entry
		f, err := entry.Failures()
		if err != nil {
			return nil, err
		}
		entries, failed = append(entries, entry), append(failed, f)
	}
	j, begin := p.match(k, pooled, failed)
	j.entries = entries
	for _, part := range p.parts {
		var ranges []rowRange
		for _, u := range part.utterances {
			ranges = append(ranges, rowRange{begin[u], begin[u+1], "utterance " + p.Corpus.Utterances[u].ID})
		}
		j.parts = append(j.parts, ranges)
	}
	return j, nil
}

// match says which segments all sources of a comparison serve, by (utterance, segment), and why not the others. failed has
// the utterances that each source could not read. The rows of utterance u are [begin[u], begin[u+1]).
func (p *Plan) match(k *comparison, pooled []*pooledRows, failed []map[string]string) (j *joinedRows, begin []int) {
	j, begin = &joinedRows{pooled: pooled}, []int{0}
	j.index = make([][]int, len(j.pooled))
	at := make([]int, len(j.pooled)) // rows of each source before this utterance
	for u := range p.Corpus.Utterances {
		id := p.Corpus.Utterances[u].ID
		where := make([]map[int]int, len(j.pooled)) // segment -> row
		for i, r := range j.pooled {
			rows := r.table.Of(u)
			if _, bad := failed[i][id]; bad {
				rows = nil
			}
			where[i] = make(map[int]int, len(rows))
			for n, row := range rows {
				where[i][row.Segment] = at[i] + n
			}
			at[i] += len(rows)
		}
		kept := p.commonRows(j, u, where, failed)
		if k.Rows.Select == "bolanos2024" {
			kept = extract.SelectBolanos2024(kept, func(r extract.Row, why string) { j.drop(r, why) })
		}
		for _, row := range kept {
			j.rows = append(j.rows, row)
			for i := range j.pooled {
				j.index[i] = append(j.index[i], where[i][row.Segment])
			}
		}
		begin = append(begin, len(j.rows))
	}
	return j, begin
}

// commonRows are the candidates of an utterance that all sources have; the others are dropped with the first reason.
func (p *Plan) commonRows(j *joinedRows, u int, where []map[int]int, failed []map[string]string) []extract.Row {
	var kept []extract.Row
	for _, row := range p.candidates[j.pooled[0].unit].Of(u) {
		missing := -1
		for i := range where {
			if _, ok := where[i][row.Segment]; !ok {
				missing = i
				break
			}
		}
		if missing < 0 {
			kept = append(kept, row)
			continue
		}
		reason := extract.Unreadable
		if _, bad := failed[missing][p.Corpus.Utterances[u].ID]; !bad {
			reason = j.pooled[missing].table.Reason(u, row.Segment)
		}
		j.drop(row, fmt.Sprintf("%s (%s)", reason, p.sources[j.pooled[missing].source].Name))
	}
	return kept
}

func (j *joinedRows) drop(r extract.Row, reason string) {
	j.dropped = append(j.dropped, extract.Dropped{Utterance: r.Utterance, Segment: r.Segment, Label: r.Label, Start: r.Start, End: r.End, Reason: reason})
}

// openLayers opens the stored layers of the stack. sourceAt says, for each, which of the comparison's sources it is of.
func (p *Plan) openLayers(b *basis, j *joinedRows) (readers []*extract.LayerReader, sourceAt []int, err error) {
	for _, l := range b.stack {
		at := slices.Index(b.k.sources, l.source)
		r, err := j.entries[at].OpenLayer(extract.Layer{Name: l.name, Units: l.units})
		if err != nil {
			closeAll(readers)
			return nil, nil, err
		}
		readers, sourceAt = append(readers, r), append(sourceAt, at)
	}
	return readers, sourceAt, nil
}

func closeAll(readers []*extract.LayerReader) {
	for _, r := range readers {
		r.Close()
	}
}

// storedMoments makes the moments of a basis from the stored rows, for the parts that lack them.
func (p *Plan) storedMoments(ctx context.Context, b *basis) error {
	j := b.rows
	readers, sourceAt, err := p.openLayers(b, j)
	if err != nil {
		return err
	}
	defer closeAll(readers)
	var m *metrics.Moments
	k := p.newBlock(b)
	for part, ranges := range j.parts {
		entry := b.entryOf(part)
		if entry == nil || entry.HasPart(part) {
			continue
		}
		if m, err = p.emptyMoments(b, m); err != nil {
			return err
		}
		for _, rows := range ranges {
			for from := rows.from; from < rows.to; {
				n := min(rows.to-from, k.room())
				for i, r := range readers {
					rows, err := gather(r, j.index[sourceAt[i]][from:from+n], b.stack[i].units)
					if err != nil {
						return err
					}
					k.fill(i, rows)
				}
				k.advance(n, rows.name)
				from += n
				if k.room() == 0 {
					if err := p.flush(ctx, b, m, k); err != nil {
						return err
					}
				}
			}
		}
		if err := p.flush(ctx, b, m, k); err != nil {
			return err
		}
		if err := p.writeSums(entry, part, nil, m); err != nil {
			return p.diskError(err)
		}
	}
	return nil
}

// gather reads rows of one layer, neighbours together.
func gather(r *extract.LayerReader, index []int, units int) ([]float32, error) {
	rows := make([]float32, len(index)*units)
	for a := 0; a < len(index); {
		e := a + 1
		for e < len(index) && index[e] == index[e-1]+1 {
			e++
		}
		if err := r.Read(index[a], rows[a*units:e*units]); err != nil {
			return nil, err
		}
		a = e
	}
	return rows, nil
}
