package results

// Measure names a metric, its variant and its params.
type Measure struct {
	Metric  string `json:"metric"`
	Variant string `json:"variant,omitempty"`
	Params  Params `json:"params,omitzero"`
	Label   string `json:"label,omitempty"` // in the legend of a figure; "" = metric, variant and params
}

// Same says whether two measures differ in nothing but their labels.
func (m Measure) Same(o Measure) bool {
	m.Label, o.Label = "", ""
	return m == o
}

// Pair names two layers.
type Pair struct{ X, Y Layer }
