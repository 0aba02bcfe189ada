package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Layer names one side of a comparison: a hidden state (or an attention map)
// of a model, as the model's card names it ("cnn.1", "0", "7", "24.prenorm").
type Layer struct {
	Model string `json:"model"`
	Layer string `json:"layer"`
}

// String gives "model/layer".
func (l Layer) String() string { return l.Model + "/" + l.Layer }

// Cell is one value of a result: metric x layer x layer. In results.jsonl it
// is one line; fields that are absent (nil, empty or zero) are left out there,
// except the warnings, which are always a list.
//
// A directed metric (neuron_neuron, pwcca, ...) has a cell for each direction,
// with x and y exchanged.
type Cell struct {
	Comparison string `json:"comparison,omitempty"` // name of the comparison in the config
	Metric     string `json:"metric"`               // "cka", "svcca", ...
	Variant    string `json:"variant,omitempty"`    // "debiased", "elkheir2024", ...
	X          Layer  `json:"x"`
	Y          Layer  `json:"y"`
	Rows       string `json:"rows,omitempty"` // what a row is: "frame", "word", "phone", ...

	Params Params `json:"params,omitzero"` // settings that the comparison varies

	N  int `json:"n,omitempty"`  // rows that went in
	DX int `json:"dx,omitempty"` // units of x that went in (heads, for attention)
	DY int `json:"dy,omitempty"` // units of y that went in

	Value         *float64 `json:"value,omitempty"`         // nil when the metric could not be computed; Error says why
	Lo            *float64 `json:"lo,omitempty"`            // lower end of the 95 % confidence interval
	Hi            *float64 `json:"hi,omitempty"`            // upper end of the 95 % confidence interval
	Approximation *float64 `json:"approximation,omitempty"` // standard error of an approximate value: how far it is from the exact one

	P    *float64 `json:"p,omitempty"`    // permutation p-value of this cell, in (0, 1]
	Null *Null    `json:"null,omitempty"` // values of the same metric under permutation

	Retrieval *Retrieval `json:"retrieval,omitempty"` // of asif
	Groups    *Groups    `json:"groups,omitempty"`    // of debiased CKA, where rows come in groups

	Warnings []string `json:"warnings"`        // what to doubt about the value
	Error    string   `json:"error,omitempty"` // why there is no value
}

// Null summarises the permutation null: the values that a metric takes on
// permuted rows, where x and y are unrelated.
type Null struct {
	Mean float64  `json:"mean"`            // the chance level
	Q95  float64  `json:"q95"`             // 95th percentile of the permuted values
	PMax *float64 `json:"p_max,omitempty"` // family-wise p: against the largest standardised cell of each draw (max-T), over the cells drawn together

	PFDR *float64 `json:"p_fdr,omitempty"` // p with the false discovery rate controlled (Benjamini and Hochberg 1995), over the same cells

	// Correct says which p decides whether a value counts as significant: CorrectFDR, CorrectNone for that of the cell alone, or the family-wise one ("").
	Correct string `json:"correct,omitempty"`

	// Calibrated is the score above chance, (s - t)/(1 - t) or 0 with t the 95 % critical value: 0 is the chance level, 1 identity.
	Calibrated *float64 `json:"calibrated,omitempty"`

	Draws int    `json:"draws,omitempty"` // number of permutations
	About string `json:"about,omitempty"` // what was permuted
}

// Corrections for many tests, as configs name them.
const (
	CorrectFamily = "family"
	CorrectFDR    = "fdr"
	CorrectNone   = "none"
)

// Significance returns the p-value that decides whether the value of a cell counts as significant: a map is many tests at once, and is
// corrected for that where the run has it. nil: it was not tested.
func (c *Cell) Significance() *float64 {
	switch {
	case c.Null == nil || c.Null.Correct == CorrectNone:
		return c.P
	case c.Null.Correct == CorrectFDR && c.Null.PFDR != nil:
		return c.Null.PFDR
	case c.Null.PMax != nil:
		return c.Null.PMax
	}
	return c.P
}

// AtFloor says whether a p is the smallest that the cell's draws can give, which is only a bound: p is that or less.
func (c *Cell) AtFloor(p float64) bool {
	return c.Null != nil && c.Null.Draws > 0 && p*float64(c.Null.Draws+1) < 1+1e-9
}

// Groups says how much the rows of one group (a speaker) have in common, and what the metric is without pairs of such rows.
type Groups struct {
	ShareX  float64  `json:"share_x"`           // intra-class correlation of x: the share of variance between groups
	ShareY  float64  `json:"share_y"`           // of y
	Grouped *float64 `json:"grouped,omitempty"` // the same metric on rows of different groups alone
}

// Key is what tells cells apart: there is at most one cell a key in a run.
type Key struct {
	Comparison, Metric, Variant string
	X, Y                        Layer
	Params                      Params
}

// Key returns what tells the cell from all others of its run.
func (c *Cell) Key() Key {
	return Key{c.Comparison, c.Metric, c.Variant, c.X, c.Y, c.Params}
}

// OK reports whether the cell has a value.
func (c *Cell) OK() bool { return c.Value != nil }

// MarshalJSON writes the warnings as a list even when there are none.
func (c Cell) MarshalJSON() ([]byte, error) {
	line, err := c.line()
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// line is the cell as JSON, and a newline.
func (c *Cell) line() ([]byte, error) {
	type plain Cell
	p := plain(*c)
	if p.Warnings == nil {
		p.Warnings = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // "n < 5 (dx + dy)" is read by people too
	err := e.Encode(&p)
	return b.Bytes(), err
}

// Validate reports the first thing that no cell may have: a missing name,
// both or neither of value and error, or a number that is not one. The
// message names the field and its value.
func (c *Cell) Validate() error {
	switch {
	case c.Metric == "":
		return errors.New("metric: missing, a cell names its metric")
	case c.X.Layer == "" && c.X.Model == "":
		return errors.New("x: missing, a cell names the model and layer of both sides")
	case c.Y.Layer == "" && c.Y.Model == "":
		return errors.New("y: missing, a cell names the model and layer of both sides")
	case c.N < 0 || c.DX < 0 || c.DY < 0:
		return fmt.Errorf("n, dx, dy: %d, %d, %d, expected counts of 0 or more", c.N, c.DX, c.DY)
	case c.Value == nil && c.Error == "":
		return errors.New("value: missing, and there is no error that says why")
	case c.Value != nil && c.Error != "":
		return fmt.Errorf("value: %v, but the error says that there is none: %s", *c.Value, c.Error)
	}
	if err := c.Params.validate(); err != nil {
		return err
	}
	if err := c.validateNumbers(); err != nil {
		return err
	}
	if (c.Lo == nil) != (c.Hi == nil) {
		return errors.New("lo, hi: one is missing, an interval has both ends")
	}
	if c.Lo != nil && *c.Lo > *c.Hi {
		return fmt.Errorf("lo, hi: %v > %v, expected lo <= hi", *c.Lo, *c.Hi)
	}
	return nil
}

// validateNumbers checks that every number is finite and every probability or
// share lies in [0, 1].
func (c *Cell) validateNumbers() error {
	type number struct {
		name        string
		value       *float64
		probability bool
	}
	numbers := []number{{"value", c.Value, false}, {"lo", c.Lo, false}, {"hi", c.Hi, false}, {"approximation", c.Approximation, false}, {"p", c.P, true}}
	if n := c.Null; n != nil {
		numbers = append(numbers, number{"null.mean", &n.Mean, false}, number{"null.q95", &n.Q95, false},
			number{"null.p_max", n.PMax, true}, number{"null.p_fdr", n.PFDR, true}, number{"null.calibrated", n.Calibrated, false})
	}
	if g := c.Groups; g != nil {
		numbers = append(numbers, number{"groups.share_x", &g.ShareX, true}, number{"groups.share_y", &g.ShareY, true}, number{"groups.grouped", g.Grouped, false})
	}
	if r := c.Retrieval; r != nil {
		numbers = append(numbers, number{"retrieval.top_types", &r.TopTypes, true}, number{"retrieval.top_rows", &r.TopRows, true},
			number{"retrieval.in_vocabulary", &r.InVocabulary, true}, number{"retrieval.ceiling", &r.Ceiling, true}, number{"retrieval.majority", &r.Majority, true})
	}
	for _, f := range numbers {
		switch {
		case f.value == nil:
		case math.IsNaN(*f.value) || math.IsInf(*f.value, 0):
			return fmt.Errorf("%s: %v, expected a finite number (a metric that could not be computed has an error and no value)", f.name, *f.value)
		case f.probability && (*f.value < 0 || *f.value > 1):
			return fmt.Errorf("%s: %v, expected a probability between 0 and 1", f.name, *f.value)
		}
	}
	return nil
}

// Set is what a run finds.
type Set struct {
	Cells       []Cell
	Matches     []Match
	Differences []Difference
	Retrieved   []Retrieved
	Replicates  []Replicates

	Contributions []Contribution
	Positions     []HeadPosition
}

// Undefined are the cells without a value.
func (s *Set) Undefined() AllUndefined { return UndefinedOf(s.Cells) }

// Add adds what another part of the run found.
func (s *Set) Add(o Set) {
	for _, r := range o.Replicates {
		for k := range r.Cells {
			r.Cells[k] += len(s.Cells)
		}
		s.Replicates = append(s.Replicates, r)
	}
	s.Cells = append(s.Cells, o.Cells...)
	s.Matches = append(s.Matches, o.Matches...)
	s.Differences = append(s.Differences, o.Differences...)
	s.Retrieved = append(s.Retrieved, o.Retrieved...)
}
