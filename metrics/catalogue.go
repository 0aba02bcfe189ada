package metrics

// registry lists every metric, in the order of the documentation.
var registry = []Info{
	{Name: "cka", Title: "linear CKA", Cost: Quadratic, Variants: []Variant{
		{Name: "debiased", Self: true, Norms: true, About: "HSIC by Song et al. 2012: 0 on average for independent layers"},
		{Name: "biased", Self: true, About: "Kornblith et al. 2019, as both papers print it"},
	}},
	{Name: "neuron_neuron", Title: "neuron-neuron similarity", Cost: Quadratic, Variants: []Variant{
		{Name: "absolute", Directed: true, About: "largest magnitude of a correlation, as the papers' code"},
		{Name: "signed", Directed: true, About: "largest correlation, as the paper's equation"},
	}},
	{Name: "attention", Title: "attention similarity", Cost: Quadratic, Variants: []Variant{
		{Name: "pearson", Directed: true, About: "best head by correlation over all cells"},
	}},
}

// ofMoments are the metrics that are functions of moments.
var ofMoments = map[string]func(m *Moments, i, j int, variant string) (Value, error){
	"cka":           CKA,
	"neuron_neuron": NeuronNeuron,
	"attention":     Attention,
}
