package report

import (
	"encoding/json"
	"errors"
	"slices"

	"speechsim/pipeline/results"
)

// publishedJSON is [Published] as a file holds it: a row of values for each
// layer of x, null where nothing was published.
type publishedJSON struct {
	Label   string          `json:"label"`
	Measure Measure         `json:"measure"`
	X       []results.Layer `json:"x"`
	Y       []results.Layer `json:"y"`
	Values  [][]*float64    `json:"values"`
}

// MarshalJSON writes the values as a matrix, since a pair of layers can't be
// the key of a JSON object.
func (p Published) MarshalJSON() ([]byte, error) {
	var xs, ys interner[results.Layer]
	for at := range p.Values {
		xs.id(at.X)
		ys.id(at.Y)
	}
	slices.SortFunc(xs.list, results.CompareLayers)
	slices.SortFunc(ys.list, results.CompareLayers)
	out := publishedJSON{Label: p.Label, Measure: p.Measure, X: xs.list, Y: ys.list, Values: make([][]*float64, len(xs.list))}
	for i, x := range out.X {
		for _, y := range out.Y {
			var value *float64
			if v, ok := p.Values[Pair{x, y}]; ok {
				value = &v
			}
			out.Values[i] = append(out.Values[i], value)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Published) UnmarshalJSON(data []byte) error {
	var in publishedJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	p.Label, p.Measure, p.Values = in.Label, in.Measure, map[Pair]float64{}
	if len(in.Values) != len(in.X) {
		return errors.New("published: expected a row of values for each layer of x")
	}
	for i, row := range in.Values {
		if len(row) != len(in.Y) {
			return errors.New("published: expected a value for each layer of y in every row")
		}
		for j, v := range row {
			if v != nil {
				p.Values[Pair{in.X[i], in.Y[j]}] = *v
			}
		}
	}
	return nil
}
