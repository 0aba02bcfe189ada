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
	if len(of) == 0 {
		return nil
	}
	valued := countValued(cells)
	var list AllUndefined
	for reason, without := range of {
		list = append(list, Undefined{Reason: reason, Cells: len(without), Layer: valued.culprit(without)})
	}
	slices.SortFunc(list, func(a, b Undefined) int {
		return cmp.Or(cmp.Compare(b.Cells, a.Cells), strings.Compare(a.Reason, b.Reason))
	})
	return list
}

// metricKey tells metrics apart whose cells can be compared.
type metricKey struct {
	comparison, metric, variant string
	params                      Params
}

func keyOf(c *Cell) metricKey { return metricKey{c.Comparison, c.Metric, c.Variant, c.Params} }

// valued counts the cells with a value, of each metric, and of each layer in it.
type valued struct {
	all     map[metricKey]int
	ofLayer map[metricKey]map[Layer]int
}

func countValued(cells []Cell) valued {
	v := valued{map[metricKey]int{}, map[metricKey]map[Layer]int{}}
	for i := range cells {
		c := &cells[i]
		if c.Error != "" {
			continue
		}
		key := keyOf(c)
		v.all[key]++
		if v.ofLayer[key] == nil {
			v.ofLayer[key] = map[Layer]int{}
		}
		v.ofLayer[key][c.X]++
		if c.Y != c.X {
			v.ofLayer[key][c.Y]++
		}
	}
	return v
}

// culprit is the one layer that is in all of some cells without a value, where the same metrics have values without that layer and none
// with it; nil where there is no such layer.
func (v valued) culprit(without []*Cell) *Layer {
	metrics := map[metricKey]bool{}
	for _, c := range without {
		metrics[keyOf(c)] = true
	}
	for _, l := range []Layer{without[0].X, without[0].Y} {
		if slices.ContainsFunc(without, func(c *Cell) bool { return c.X != l && c.Y != l }) {
			continue
		}
		here, elsewhere := 0, 0
		for key := range metrics {
			here, elsewhere = here+v.ofLayer[key][l], elsewhere+v.all[key]-v.ofLayer[key][l]
		}
		if here == 0 && elsewhere > 0 {
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
