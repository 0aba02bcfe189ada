package plan

import (
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/study"
)

// makeTasks says, for each comparison, which cells are computed from what, and which stored rows that needs.
func (p *planner) makeTasks() error {
	for _, k := range p.Comparisons {
		for _, in := range []study.Input{study.HiddenStates, study.Projections, study.AttentionCells, study.AttentionRows, study.Rows} {
			if len(k.MeasuresOf(in)) == 0 {
				continue
			}
			p.noteNulls(k, k.MeasuresOf(in))
			if k.Null != nil && k.Null.Permute == "group" && len(p.Parts) < metrics.FewestGroups && slices.Contains(k.Rows.Level, "token") {
				return p.Config.Errorf(k.Null.Pos.Of("permute"), "comparison %q: null: %s too few to permute; at least %d are needed", k.Name, text.Count(len(p.Parts), "group is", "groups are"), metrics.FewestGroups)
			}
			sets := []study.RowSet{{}}
			if !in.OfAttention() {
				sets = k.RowSets()
			}
			for _, set := range sets {
				t, err := p.makeTask(k, in, set)
				if err != nil {
					return err
				}
				if len(t.Measures) > 0 {
					p.Tasks = append(p.Tasks, t)
				}
			}
		}
	}
	return nil
}

func (p *planner) makeTask(k *study.Comparison, in study.Input, set study.RowSet) (*Task, error) {
	t := &Task{Inputs: p.Inputs, Comparison: k, Input: in, RowUnit: k.Rows.Unit, RowSet: set}
	if in.OfAttention() {
		t.RowUnit = "attention"
	}
	for _, m := range k.MeasuresOf(in) {
		if set.Level == "" || !m.PerToken() {
			t.Measures = append(t.Measures, m)
		}
	}
	var err error
	if t.Grid, err = p.grid(k, in); err != nil {
		return nil, err
	}
	t.Tiles = []*Tile{t.WholeTile()}
	if t.OnSegments() {
		t.RowsFrom, err = p.rowsOf(k, k.Rows.Unit, extract.Pooling(k.Rows.Pooling))
		return t, err
	}
	if err := checkFrames(t); err != nil {
		return nil, err
	}
	if in.OfAttention() {
		return t, p.positionsOf(k)
	}
	if t.RowUnit == "frame" && k.Null != nil {
		t.NullFrames, err = p.nullFrames(t)
	}
	return t, err
}

// grid lists the layers of a comparison and the pairs of them that are compared.
func (p *planner) grid(k *study.Comparison, in study.Input) (Grid, error) {
	var g Grid
	at := map[int][2]int{} // source -> range of the layers
	for _, s := range k.Sources {
		from := len(g.Layers)
		for i, l := range p.layersOf(s, in) {
			g.Layers = append(g.Layers, Layer{s, i, l.Name, l.Units})
		}
		if from == len(g.Layers) {
			return g, p.Config.Errorf(k.Pos.Of("metrics", "models", "x", "y"), "comparison %q: model %q gives no %s", k.Name, p.Sources[s].Name, in)
		}
		at[s] = [2]int{from, len(g.Layers)}
	}
	side := func(sources []int) (out []int) {
		for _, s := range sources {
			for i := at[s][0]; i < at[s][1]; i++ {
				out = append(out, i)
			}
		}
		return out
	}
	g.X, g.Y = side(k.XSources), side(k.YSources)
	for _, i := range g.X {
		for _, j := range g.Y {
			g.Cells = append(g.Cells, Pair{i, j})
		}
	}
	g.Blocks = blocksOf(g.Cells)
	return g, nil
}

func (p *planner) layersOf(source int, in study.Input) []extract.Layer {
	s := p.Sources[source]
	if !in.OfAttention() {
		return s.Layers()
	}
	if s.Model == nil {
		return nil
	}
	var out []extract.Layer
	for _, l := range s.Model.Attentions() {
		out = append(out, extract.Layer{Name: l.Name, Units: s.Model.Card().Heads})
	}
	return out
}

// checkFrames refuses to match frames that do not stand for the same time.
func checkFrames(t *Task) error {
	k, cfg := t.Comparison, t.Inputs.Config
	first := frameModel(t)
	for _, i := range k.Sources {
		s := t.Inputs.Sources[i]
		if s.Features != nil && float64(s.Card().Hop)*float64(first.Card().SampleRate) > coarser*float64(first.Card().Hop)*float64(s.Card().SampleRate) {
			return cfg.Errorf(k.Pos, "comparison %q: the frames of %q (%s) are further apart than those of %q (%s), several of which would get the same one; compare words or phones: rows: {unit: word}",
				k.Name, s.Name, hopText(s), first.Name, hopText(first))
		}
		if s.InTime() {
			continue // it is asked at the frames of the others
		}
		if !s.IsAudio() {
			return cfg.Errorf(k.Pos.Of("models", "x", "y"), "comparison %q: model %q has tokens and no frames; compare words: rows: {unit: word}", k.Name, s.Name)
		}
		a, c := first.Card(), s.Card()
		if a.SampleRate != c.SampleRate || a.Centre(0) != c.Centre(0) || a.Hop != c.Hop || a.Patches != c.Patches || a.Chunk != c.Chunk {
			return cfg.Errorf(k.Pos.Of("models", "x", "y"), "comparison %q: the frames of %q (%s) and %q (%s) are not at the same times; compare words or phones: rows: {unit: word}",
				k.Name, first.Name, hopText(first), s.Name, hopText(s))
		}
		for _, l := range s.Model.Layers() {
			if !t.Input.OfAttention() && l.Hop > 0 && l.Hop != c.Hop {
				return cfg.Errorf(k.Pos.Of("models", "x", "y"), "comparison %q: layer %s of %q has a hop of its own (%d samples); leave it out by layers:, or compare words or phones", k.Name, l.Name, s.Name, l.Hop)
			}
		}
	}
	return nil
}

// coarser is by how much the hop of features may exceed that of a model because it was written with few digits.
const coarser = 1.0001

func hopText(s *extract.Source) string {
	c := s.Card()
	return fmt.Sprintf("%.4g ms, first centre %.4g ms", 1000*float64(c.Hop)/float64(c.SampleRate), 1000*float64(c.Centre(0))/float64(c.SampleRate))
}
