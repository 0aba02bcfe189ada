package plan

import (
	"fmt"
	"slices"
	"strings"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/study"
)

// PositionProduct is the attention of all heads of one source by relative position, which the store keeps.
type PositionProduct struct {
	Source int
	Layers []extract.Layer // attention maps, with their heads
	Entry  *store.Entry
}

// positionsOf plans those of the sources of a comparison of attention, each once.
func (p *planner) positionsOf(k *study.Comparison) error {
	for _, s := range k.Sources {
		if slices.ContainsFunc(p.Heads, func(h *PositionProduct) bool { return h.Source == s }) {
			continue
		}
		h, err := openPositions(p.Inputs, s, p.layersOf(s, study.AttentionCells))
		if err != nil {
			return err
		}
		p.Heads = append(p.Heads, h)
	}
	return nil
}

// Again says which models run only to see where their heads look, because the store has all else; "" where that is not so.
func (p *Plan) Again() string {
	var names []string
	for part := range p.Parts {
		for _, product := range p.Pending(0, part) {
			if product.Heads == nil {
				return ""
			}
			names = append(names, p.Sources[product.Heads.Source].Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return fmt.Sprintf("the store has all but the attention of %s by relative position, for which alone models run again", strings.Join(slices.Compact(names), ", "))
}
