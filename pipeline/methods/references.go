package methods

import (
	"slices"
	"strings"
)

// reference is an entry of the bibliography.
type reference struct {
	key    string
	text   string // how it is cited in running text, in brackets
	bibtex string // the entry, with %s in the place of its key
}

// references are what the methods of the program come from, in the order in which they stand in a bibliography.
var references = []reference{
	{"benjamini1995", "Benjamini and Hochberg 1995", `@article{%s,
  author  = {Benjamini, Yoav and Hochberg, Yosef},
  title   = {Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple Testing},
  journal = {Journal of the Royal Statistical Society: Series B},
  volume  = {57}, number = {1}, pages = {289--300}, year = {1995}
}`},
	{"bolanos2024", "Bolaños 2024", `@misc{%s,
  author       = {Bola{\~n}os, Cecilia},
  title        = {Thesis, in Spanish},
  howpublished = {Code: github.com/\allowbreak{}ceciliabolanos/\allowbreak{}layer-analysis},
  year         = {2024}
}`},
	{"busing1999", "Busing et al. 1999", `@article{%s,
  author  = {Busing, Frank M. T. A. and Meijer, Erik and van der Leeden, Rien},
  title   = {Delete-m Jackknife for Unequal m},
  journal = {Statistics and Computing},
  volume  = {9}, pages = {3--8}, year = {1999}
}`},
	{"ding2021", "Ding et al. 2021", `@inproceedings{%s,
  author    = {Ding, Frances and Denain, Jean-Stanislas and Steinhardt, Jacob},
  title     = {Grounding Representation Similarity Through Statistical Testing},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2021}
}`},
	{"efron1981", "Efron and Stein 1981", `@article{%s,
  author  = {Efron, Bradley and Stein, Charles},
  title   = {The Jackknife Estimate of Variance},
  journal = {The Annals of Statistics},
  volume  = {9}, number = {3}, pages = {586--596}, year = {1981}
}`},
	{"elkheir2024", "El Kheir et al. 2024", `@inproceedings{%s,
  author    = {El Kheir, Yassine and Ali, Ahmed and Chowdhury, Shammur Absar},
  title     = {Speech Representation Analysis based on Inter- and Intra-Model Similarities},
  booktitle = {IEEE International Conference on Acoustics, Speech and Signal Processing Workshops},
  note      = {arXiv:2406.16099},
  year      = {2024}
}`},
	{"garofolo1993", "Garofolo et al. 1993", `@misc{%s,
  author       = {Garofolo, John S. and Lamel, Lori F. and Fisher, William M. and Fiscus, Jonathan G. and Pallett, David S. and Dahlgren, Nancy L. and Zue, Victor},
  title        = {{TIMIT} Acoustic-Phonetic Continuous Speech Corpus},
  howpublished = {Linguistic Data Consortium, LDC93S1},
  year         = {1993}
}`},
	{"halko2011", "Halko et al. 2011", `@article{%s,
  author  = {Halko, Nathan and Martinsson, Per-Gunnar and Tropp, Joel A.},
  title   = {Finding Structure with Randomness: Probabilistic Algorithms for Constructing Approximate Matrix Decompositions},
  journal = {SIAM Review},
  volume  = {53}, number = {2}, pages = {217--288}, year = {2011}
}`},
	{"hotelling1936", "Hotelling 1936", `@article{%s,
  author  = {Hotelling, Harold},
  title   = {Relations Between Two Sets of Variates},
  journal = {Biometrika},
  volume  = {28}, number = {3/4}, pages = {321--377}, year = {1936}
}`},
	{"huh2024", "Huh et al. 2024", `@inproceedings{%s,
  author    = {Huh, Minyoung and Cheung, Brian and Wang, Tongzhou and Isola, Phillip},
  title     = {Position: The Platonic Representation Hypothesis},
  booktitle = {International Conference on Machine Learning},
  year      = {2024}
}`},
	{"kornblith2019", "Kornblith et al. 2019", `@inproceedings{%s,
  author    = {Kornblith, Simon and Norouzi, Mohammad and Lee, Honglak and Hinton, Geoffrey},
  title     = {Similarity of Neural Network Representations Revisited},
  booktitle = {International Conference on Machine Learning},
  year      = {2019}
}`},
	{"mackinnon2023", "MacKinnon et al. 2023", `@article{%s,
  author  = {MacKinnon, James G. and Nielsen, Morten {\O}rregaard and Webb, Matthew D.},
  title   = {Fast and Reliable Jackknife and Bootstrap Methods for Cluster-Robust Inference},
  journal = {Journal of Applied Econometrics},
  volume  = {38}, year = {2023}
}`},
	{"morcos2018", "Morcos et al. 2018", `@inproceedings{%s,
  author    = {Morcos, Ari S. and Raghu, Maithra and Bengio, Samy},
  title     = {Insights on Representational Similarity in Neural Networks with Canonical Correlation},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2018}
}`},
	{"norelli2023", "Norelli et al. 2023", `@inproceedings{%s,
  author    = {Norelli, Antonio and Fumero, Marco and Maiorca, Valentino and Moschella, Luca and Rodol{\` + "`" + `a}, Emanuele and Locatello, Francesco},
  title     = {{ASIF}: Coupled Data Turns Unimodal Models to Multimodal Without Training},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2023}
}`},
	{"panayotov2015", "Panayotov et al. 2015", `@inproceedings{%s,
  author    = {Panayotov, Vassil and Chen, Guoguo and Povey, Daniel and Khudanpur, Sanjeev},
  title     = {Librispeech: An {ASR} Corpus Based on Public Domain Audio Books},
  booktitle = {IEEE International Conference on Acoustics, Speech and Signal Processing},
  pages     = {5206--5210}, year = {2015}
}`},
	{"pasad2021", "Pasad et al. 2021", `@inproceedings{%s,
  author    = {Pasad, Ankita and Chou, Ju-Chieh and Livescu, Karen},
  title     = {Layer-wise Analysis of a Self-supervised Speech Representation Model},
  booktitle = {IEEE Automatic Speech Recognition and Understanding Workshop},
  year      = {2021}
}`},
	{"raghu2017", "Raghu et al. 2017", `@inproceedings{%s,
  author    = {Raghu, Maithra and Gilmer, Justin and Yosinski, Jason and Sohl-Dickstein, Jascha},
  title     = {{SVCCA}: Singular Vector Canonical Correlation Analysis for Deep Learning Dynamics and Interpretability},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2017}
}`},
	{"song2012", "Song et al. 2012", `@article{%s,
  author  = {Song, Le and Smola, Alex and Gretton, Arthur and Bedo, Justin and Borgwardt, Karsten},
  title   = {Feature Selection via Dependence Maximization},
  journal = {Journal of Machine Learning Research},
  volume  = {13}, pages = {1393--1434}, year = {2012}
}`},
	{"westfall1993", "Westfall and Young 1993", `@book{%s,
  author    = {Westfall, Peter H. and Young, S. Stanley},
  title     = {Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment},
  publisher = {Wiley}, year = {1993}
}`},
	{"wu2020", "Wu et al. 2020", `@inproceedings{%s,
  author    = {Wu, John and Belinkov, Yonatan and Sajjad, Hassan and Durrani, Nadir and Dalvi, Fahim and Glass, James},
  title     = {Similarity Analysis of Contextual Word Representation Models},
  booktitle = {Annual Meeting of the Association for Computational Linguistics},
  year      = {2020}
}`},
}

// sourcesOf are the papers of metrics, and of the variants that have their own.
var sourcesOf = map[string][]string{
	"cka": {"kornblith2019"}, "cka debiased": {"kornblith2019", "song2012"}, "cka grouped": {"kornblith2019", "song2012"}, "cka sketched": {"kornblith2019", "song2012", "halko2011"},
	"cca": {"hotelling1936"}, "svcca": {"raghu2017"}, "svcca elkheir2024": {"raghu2017", "elkheir2024"},
	"pwcca": {"morcos2018"}, "pwcca elkheir2024": {"morcos2018", "elkheir2024"}, "pwcca pasad2021": {"morcos2018", "pasad2021"},
	"neuron_neuron": {"wu2020", "elkheir2024"}, "neuron_layer": {"wu2020", "elkheir2024"}, "attention": {"elkheir2024"}, "attention js": {"wu2020"}, "attention frobenius": {"wu2020"},
	"procrustes": {"ding2021"}, "knn": {"huh2024"}, "asif": {"norelli2023"}, "asif bolanos2024": {"norelli2023", "bolanos2024"}, "word_distance": {"bolanos2024"},
}

// layoutOf is a corpus that a layout is named for: its name, its paper, and whether a part of so many speakers is one of it, and not other speech in its layout.
type layoutOf struct {
	name, key string
	own       func(part string, speakers int) bool
}

// corpora are the layouts that are corpora; the others are anyone's own.
var corpora = map[string]layoutOf{
	"librispeech": {"LibriSpeech", "panayotov2015", func(part string, _ int) bool {
		return !slices.ContainsFunc(strings.Split(part, ","), func(name string) bool { return !slices.Contains(librispeechParts, strings.TrimSpace(name)) })
	}},
	"timit": {"TIMIT", "garofolo1993", func(part string, speakers int) bool { return speakers == timitSpeakers[strings.ToLower(part)] }},
}

var librispeechParts = []string{"dev-clean", "dev-other", "test-clean", "test-other", "train-clean-100", "train-clean-360", "train-other-500"}

// timitSpeakers is how many speakers the parts of TIMIT have.
var timitSpeakers = map[string]int{"": 630, "train": 462, "test": 168, "core-test": 24}
