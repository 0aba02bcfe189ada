package sums

import (
	"io"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
)

// NewPositions are empty sums of the attention of a source by relative position.
func NewPositions(h *plan.PositionProduct) *metrics.AttentionPositions {
	var heads []int
	for _, l := range h.Layers {
		heads = append(heads, l.Units)
	}
	return metrics.NewAttentionPositions(heads)
}

// Positions adds up the parts of a source's attention by relative position, and lists what they could not read.
func Positions(p *plan.Plan, h *plan.PositionProduct) (list []results.HeadPosition, failed []store.Failure, err error) {
	whole := NewPositions(h)
	for part := range p.Parts {
		more, err := h.Entry.ReadPart(part, func(in io.Reader) error {
			sums, err := metrics.ReadAttentionPositions(in)
			if err != nil {
				return err
			}
			return whole.Merge(sums)
		})
		if err != nil {
			return nil, nil, err
		}
		failed = append(failed, more...)
	}
	for i, l := range h.Layers {
		layer := results.Layer{Model: p.Sources[h.Source].Name, Layer: l.Name}
		for head := range l.Units {
			for _, at := range whole.Head(i, head) {
				list = append(list, results.HeadPosition{Layer: layer, Head: head, From: at.From, To: at.To, Pairs: at.Pairs, Mean: at.Mean, Uniform: at.Uniform, Share: at.Share})
			}
		}
	}
	return list, failed, nil
}
