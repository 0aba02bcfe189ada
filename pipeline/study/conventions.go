package study

// Convention says who reports a variant, and why its number differs from the default's.
type Convention struct{ Who, Why string }

// Conventions are the published ways to compute what goes by one name, by metric and variant.
var Conventions = map[string]Convention{
	"cka debiased": {"our default", "It estimates the alignment of the kernels without bias, so unrelated layers give 0 on average at any number of rows"},
	"cka biased": {"Kornblith 2019, El Kheir 2024, Bolaños 2024, nearly every library",
		"Every row is also compared with itself, which lifts unrelated layers to about d/(n + d). Some codes average it over small batches, which lifts it further"},
	"cka grouped": {"ours", "Rows of one group share an effect, and pairs of them lift debiased CKA, of unrelated layers too. It takes rows of different groups alone"},
	"cca mean": {"our default; scikit-learn on full-rank data, Bolaños 2024",
		"It is the mean of the min(dx, dy) correlations. A sum over dimensions padded with zeros, divided by sqrt(dx dy) (netrep), is smaller where dx and dy differ"},
	"cca mean_squared": {"R² CCA in Kornblith 2019", "It squares the correlations, so weak directions count less"},
	"svcca textbook":   {"our default; Raghu 2017", "It keeps the components that together reach 99 % of the variance, including the one that crosses it. Units are not scaled"},
	"svcca elkheir2024": {"the code behind El Kheir 2024",
		"It scales every unit to unit variance and drops the component that crosses 99 %. This is another subspace, often much larger when units differ in scale"},
	"pwcca textbook":    {"our default; Morcos 2018", "It weights each direction by how much of the centred x side lies along it"},
	"pwcca elkheir2024": {"the code behind El Kheir 2024", "It uses the components of svcca elkheir2024 and weights from the raw activations, so a mean far from 0 changes the weights"},
	"pwcca pasad2021": {"layerwise-analysis code of Pasad 2021",
		"It weights the side with fewer units by its first units alone, with means added back, so the value depends on the order of the units and on offsets"},
	"neuron_neuron absolute":  {"our default; the code behind El Kheir 2024", "The best match has the correlation of largest magnitude. The published code gives NaN as soon as one unit is constant; here constant units are left out"},
	"neuron_neuron signed":    {"the equation in the paper", "The best match has the largest signed correlation, so a unit that is the negative of another is not a match"},
	"neuron_layer r":          {"our default; the code behind El Kheir 2024", "It is fitted and evaluated on the same rows, so it is near 1 whenever there are few rows for the units of y"},
	"neuron_layer heldout_r2": {"ours", "It is evaluated on held-out groups of rows, so it is about 0 for unrelated layers"},
	"procrustes score":        {"our default; Ding 2021 gives the distance, 2 - 2 score", "It is 1 for layers that a rotation and a scaling make equal"},
	"attention pearson":       {"our default", "It takes all cells of the maps at once"},
	"knn mutual":              {"our default", "It finds neighbours by cosine on centred rows. Uncentred inner products (Huh 2024) change when an offset is added"},
	"asif cosine":             {"our default; the text of Norelli 2023 and Bolaños 2024", "It takes similarities of rows of unit length"},
	"asif bolanos2024":        {"the code of Bolaños 2024", "It takes raw inner products, so long anchors are preferred"},
}
