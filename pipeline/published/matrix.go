package published

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"speechsim/pipeline/results"
)

// Matrix is the values that a paper gives for one measure, to draw next to ours.
type Matrix struct {
	Label   string          // "Bolaños 2024, figure 4.2"
	Measure results.Measure // what they are values of
	Values  map[results.Pair]float64
}

// matrixJSON is a [Matrix] as a file holds it: a row of values for each
// layer of x, null where nothing was published.
type matrixJSON struct {
	Label   string          `json:"label"`
	Measure results.Measure `json:"measure"`
	X       []results.Layer `json:"x"`
	Y       []results.Layer `json:"y"`
	Values  [][]*float64    `json:"values"`
}

// MarshalJSON writes the values as a matrix, since a pair of layers can't be
// the key of a JSON object.
func (m Matrix) MarshalJSON() ([]byte, error) {
	xs, ys := map[results.Layer]bool{}, map[results.Layer]bool{}
	for at := range m.Values {
		xs[at.X], ys[at.Y] = true, true
	}
	out := matrixJSON{Label: m.Label, Measure: m.Measure, X: slices.SortedFunc(maps.Keys(xs), results.CompareLayers), Y: slices.SortedFunc(maps.Keys(ys), results.CompareLayers)}
	out.Values = make([][]*float64, len(out.X))
	for i, x := range out.X {
		for _, y := range out.Y {
			var value *float64
			if v, ok := m.Values[results.Pair{X: x, Y: y}]; ok {
				value = &v
			}
			out.Values[i] = append(out.Values[i], value)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Matrix) UnmarshalJSON(data []byte) error {
	var in matrixJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	m.Label, m.Measure, m.Values = in.Label, in.Measure, map[results.Pair]float64{}
	if len(in.Values) != len(in.X) {
		return errors.New("published: expected a row of values for each layer of x")
	}
	for i, row := range in.Values {
		if len(row) != len(in.Y) {
			return errors.New("published: expected a value for each layer of y in every row")
		}
		for j, v := range row {
			if v != nil {
				m.Values[results.Pair{X: in.X[i], Y: in.Y[j]}] = *v
			}
		}
	}
	return nil
}
