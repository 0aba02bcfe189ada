package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Undefined are cells that have no value for one reason.
type Undefined struct {
	Reason string `json:"reason"`
	Cells  int    `json:"cells"`
	Layer  *Layer `json:"layer,omitempty"` // that lies behind it, where one does
}

// AllUndefined are the cells of a run that have no value, by their reasons, the most frequent first.
type AllUndefined []Undefined

// UndefinedOf gathers the cells without a value.
func UndefinedOf(cells []Cell) AllUndefined {
	of := map[string][]*Cell{}
	for i := range cells {
		if c := &cells[i]; c.Error != "" {
			of[c.Error] = append(of[c.Error], c)
		}
	}
	var list AllUndefined
	for reason, without := range of {
		list = append(list, Undefined{Reason: reason, Cells: len(without), Layer: culprit(without, cells)})
	}
	slices.SortFunc(list, func(a, b Undefined) int {
		return cmp.Or(cmp.Compare(b.Cells, a.Cells), strings.Compare(a.Reason, b.Reason))
	})
	return list
}

// culprit is the one layer that is in all of some cells without a value, where the same metrics have values without that layer and none
// with it; nil where there is no such layer.
func culprit(without []*Cell, all []Cell) *Layer {
	type metric struct {
		comparison, name, variant string
		params                    Params
	}
	of := func(c *Cell) metric { return metric{c.Comparison, c.Metric, c.Variant, c.Params} }
	metrics := map[metric]bool{}
	for _, c := range without {
		metrics[of(c)] = true
	}
	for _, l := range []Layer{without[0].X, without[0].Y} {
		if slices.ContainsFunc(without, func(c *Cell) bool { return c.X != l && c.Y != l }) {
			continue
		}
		elsewhere, here := false, false
		for i := range all {
			if c := &all[i]; c.Error == "" && metrics[of(c)] {
				has := c.X == l || c.Y == l
				here, elsewhere = here || has, elsewhere || !has
			}
		}
		if elsewhere && !here {
			return &l
		}
	}
	return nil
}

// Cells is their number.
func (all AllUndefined) Cells() int {
	n := 0
	for _, u := range all {
		n += u.Cells
	}
	return n
}

// String is the reason, with the layer that lies behind it.
func (u Undefined) String() string {
	if u.Layer == nil {
		return u.Reason
	}
	return fmt.Sprintf("%s: %s", u.Layer, u.Reason)
}
