package metrics

// registry lists every metric, in the order of the documentation.
var registry = []Info{
	{Name: "cka", Title: "linear CKA", Cost: Quadratic, Variants: []Variant{
		{Name: "debiased", Self: true, Norms: true, About: "HSIC by Song et al. 2012: 0 on average for independent layers"},
		{Name: "biased", Self: true, About: "Kornblith et al. 2019, as in El Kheir 2024 and Bolaños 2024"},
		{Name: "sketched", Self: true, Norms: true, Source: FromProjections, About: "debiased, approximately, with its standard error: rows are projected on 192 directions; for large maps"},
		{Name: "grouped", Self: true, Source: FromGroups, About: "debiased, from pairs of rows of different groups alone: 0 on average where rows of a group share an effect"},
	}},
	{Name: "cca", Title: "mean CCA", Cost: Cubic, Variants: []Variant{
		{Name: "mean", Self: true, About: "mean canonical correlation, exact"},
		{Name: "mean_squared", Self: true, About: "mean squared canonical correlation"},
	}},
	{Name: "svcca", Title: "SVCCA", Cost: Cubic, Variants: []Variant{
		{Name: "textbook", Self: true, About: "components that reach 99 % of the variance, centred"},
		{Name: "elkheir2024", Self: true, About: "components below 99 % of the variance, units scaled; as in the code of El Kheir 2024"},
	}},
	{Name: "pwcca", Title: "PWCCA", Cost: Cubic, Variants: []Variant{
		{Name: "textbook", Directed: true, Self: true, About: "Morcos et al. 2018, weights from the centred x side"},
		{Name: "elkheir2024", Directed: true, Self: true, About: "on svcca elkheir2024's components, weights from raw activations"},
		{Name: "pasad2021", Directed: true, Self: true, About: "weights from the first units, with means added; as in the layerwise-analysis code of Pasad 2021"},
	}},
	{Name: "neuron_neuron", Title: "neuron-neuron similarity", Cost: Quadratic, Variants: []Variant{
		{Name: "absolute", Directed: true, About: "largest magnitude of a correlation, as in the code of El Kheir 2024"},
		{Name: "signed", Directed: true, About: "largest correlation, as in the equation of El Kheir 2024"},
	}},
	{Name: "neuron_layer", Title: "neuron-layer similarity", Cost: Cubic, Variants: []Variant{
		{Name: "r", Directed: true, Self: true, About: "multiple correlation of each x unit on layer y, in sample"},
		{Name: "heldout_r2", Directed: true, Self: true, Source: FromGroups, About: "R² of each x unit predicted from layer y in groups left out"},
	}},
	{Name: "procrustes", Title: "Procrustes score", Cost: Cubic, Variants: []Variant{
		{Name: "score", About: "nuclear norm of X'Y over the Frobenius norms"},
	}},
	{Name: "attention", Title: "attention similarity", Cost: Quadratic, Variants: []Variant{
		{Name: "pearson", Directed: true, About: "best head by correlation over all cells"},
		{Name: "elkheir2024", Directed: true, Source: FromAttention, About: "correlation row by row, with the code's divisors T and T - 1"},
		{Name: "js", Directed: true, Source: FromAttention, About: "1 - Jensen-Shannon divergence of rows, in nats"},
		{Name: "frobenius", Directed: true, Source: FromAttention, About: "1 - Frobenius distance of maps, mean over utterances"},
	}},
	{Name: "knn", Title: "mutual nearest neighbours", Cost: Rowwise, Variants: []Variant{
		{Name: "mutual", Source: FromRows, About: "share of 10 nearest neighbours in common, cosine on centred rows"},
	}},
	{Name: "asif", Title: "ASIF zero-shot retrieval", Cost: Rowwise, Variants: []Variant{
		{Name: "cosine", Directed: true, Source: FromRows, About: "top-1 by word type, similarities of unit rows"},
		{Name: "bolanos2024", Directed: true, Source: FromRows, About: "raw inner products, as in the code of Bolaños 2024"},
	}},
	{Name: "word_distance", Title: "distance of word pairs", Cost: Rowwise, Variants: []Variant{
		{Name: "phonetic", Source: FromRows, About: "mean cosine distance of word pairs that sound alike"},
		{Name: "semantic", Source: FromRows, About: "mean cosine distance of word pairs that mean alike"},
		{Name: "random", Source: FromRows, About: "mean cosine distance of all word pairs"},
	}},
}

// ofMoments are the metrics that are functions of moments.
var ofMoments = map[string]func(m *Moments, i, j int, variant string) (Value, error){
	"cka":           CKA,
	"cca":           CCA,
	"svcca":         SVCCA,
	"pwcca":         PWCCA,
	"neuron_neuron": NeuronNeuron,
	"neuron_layer":  NeuronLayer,
	"procrustes":    Procrustes,
	"attention":     Attention,
}
