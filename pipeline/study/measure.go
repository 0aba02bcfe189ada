package study

import (
	"speechsim/metrics"
	"speechsim/pipeline/results"
)

// Measure is one metric in one variant with one setting.
type Measure struct {
	metrics.Info
	Variant metrics.Variant
	Params  results.Params // of the metric; those of the rows are the row set's
}

// Input is what a measure reads.
type Input string

const (
	// HiddenStates are the layers of models, one row a frame, word or phone, summed up in moments.
	HiddenStates Input = "layers"
	// Projections are layers too, their rows projected on a few directions before they are summed up.
	Projections Input = "projections of layers"
	// AttentionCells are attention maps of which each (query, key) cell is a row and each head a unit, summed up in moments.
	AttentionCells Input = "attention maps"
	// AttentionRows are attention maps of which each query's row stands by itself.
	AttentionRows Input = "attention maps by the query"
	// Rows are the rows of hidden states themselves, all at once.
	Rows Input = "rows"
)

// OfAttention says whether maps are read, and not layers.
func (i Input) OfAttention() bool { return i == AttentionCells || i == AttentionRows }

// MomentsUnits are the units of a layer of so many in moments of its rows: of projected ones fewer.
func (i Input) MomentsUnits(units int) int {
	if i == Projections {
		return metrics.ProjectedUnits(units)
	}
	return units
}

// Input says what the measure reads.
func (m Measure) Input() Input {
	switch {
	case m.Variant.Source == metrics.FromAttention:
		return AttentionRows
	case m.Variant.Source == metrics.FromProjections:
		return Projections
	case m.Variant.Source == metrics.FromRows:
		return Rows
	case m.Name == "attention":
		return AttentionCells
	}
	return HiddenStates
}

// PerToken says that a metric takes the types of single rows itself, and so means nothing on one row a type.
func (m Measure) PerToken() bool { return m.Name == "asif" || m.Name == "word_distance" }

// hasInterval says whether groups can be taken from what the metric is computed from.
func (m Measure) hasInterval() bool {
	return m.Variant.Source == metrics.FromMoments || m.Variant.Source == metrics.FromAttention || m.Input() == Projections || m.Grouped()
}

// FromGroups says whether a metric needs the moments of groups apart.
func (m Measure) FromGroups() bool { return m.Variant.Source == metrics.FromGroups }

// Grouped says whether the metric is that on rows of different groups, which has its values without each group at hand.
func (m Measure) Grouped() bool { return m.FromGroups() && m.Name == "cka" }

// WantsGroups says whether the metric takes rows to be independent, and is checked against the one that does not.
func (m Measure) WantsGroups() bool { return m.Name == "cka" && m.Variant.Name == "debiased" }

// HasNull says whether the metric has a null distribution: its values on rows of which one side is permuted.
func (m Measure) HasNull() bool {
	return m.Variant.Source == metrics.FromMoments && m.Input() == HiddenStates || m.Input() == Projections || m.Grouped() || m.Name == "knn" || m.Name == "asif"
}
