package methods

import "strings"

// family is an architecture of models: its name in a sentence, and its paper.
type family struct{ name, key string }

// families are those by which a model's card calls them.
var families = map[string]family{
	"wav2vec2": {"wav2vec 2.0", "baevski2020"}, "hubert": {"HuBERT", "hsu2021"}, "wavlm": {"WavLM", "chen2022wavlm"}, "data2vec-audio": {"data2vec", "baevski2022"},
	"unispeech": {"UniSpeech", "wang2021"}, "unispeech-sat": {"UniSpeech-SAT", "chen2022sat"}, "wav2vec2-bert": {"w2v-BERT 2.0", "barrault2023"}, "whisper": {"Whisper", "radford2023"},
	"bert": {"BERT", "devlin2019"}, "roberta": {"RoBERTa", "liu2019"}, "distilbert": {"DistilBERT", "sanh2019"}, "beats": {"BEATs", "chen2023"}, "encodecmae": {"EnCodecMAE", "pepino2023"},
}

// vectorsOf is the family of a file of word vectors, which its name says: glove.6B.300d.txt.
func vectorsOf(file string) (family, bool) {
	return family{"GloVe", "pennington2014"}, strings.HasPrefix(strings.ToLower(place(file)), "glove.")
}

// ofModels are the papers of models.
var ofModels = []reference{
	{"baevski2020", "Baevski et al. 2020", `@inproceedings{%s,
  author    = {Baevski, Alexei and Zhou, Yuhao and Mohamed, Abdelrahman and Auli, Michael},
  title     = {wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2020}
}`},
	{"baevski2022", "Baevski et al. 2022", `@inproceedings{%s,
  author    = {Baevski, Alexei and Hsu, Wei-Ning and Xu, Qiantong and Babu, Arun and Gu, Jiatao and Auli, Michael},
  title     = {data2vec: A General Framework for Self-supervised Learning in Speech, Vision and Language},
  booktitle = {International Conference on Machine Learning},
  year      = {2022}
}`},
	{"barrault2023", "Barrault et al. 2023", `@misc{%s,
  author       = {Barrault, Lo{\"i}c and others},
  title        = {Seamless: Multilingual Expressive and Streaming Speech Translation},
  howpublished = {arXiv:2312.05187},
  year         = {2023}
}`},
	{"chen2022sat", "Chen et al. 2022a", `@inproceedings{%s,
  author    = {Chen, Sanyuan and Wu, Yu and Wang, Chengyi and others},
  title     = {{UniSpeech-SAT}: Universal Speech Representation Learning with Speaker Aware Pre-Training},
  booktitle = {IEEE International Conference on Acoustics, Speech and Signal Processing},
  year      = {2022}
}`},
	{"chen2022wavlm", "Chen et al. 2022b", `@article{%s,
  author  = {Chen, Sanyuan and Wang, Chengyi and Chen, Zhengyang and others},
  title   = {{WavLM}: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing},
  journal = {IEEE Journal of Selected Topics in Signal Processing},
  volume  = {16}, number = {6}, pages = {1505--1518}, year = {2022}
}`},
	{"chen2023", "Chen et al. 2023", `@inproceedings{%s,
  author    = {Chen, Sanyuan and Wu, Yu and Wang, Chengyi and others},
  title     = {{BEATs}: Audio Pre-Training with Acoustic Tokenizers},
  booktitle = {International Conference on Machine Learning},
  year      = {2023}
}`},
	{"devlin2019", "Devlin et al. 2019", `@inproceedings{%s,
  author    = {Devlin, Jacob and Chang, Ming-Wei and Lee, Kenton and Toutanova, Kristina},
  title     = {{BERT}: Pre-training of Deep Bidirectional Transformers for Language Understanding},
  booktitle = {Conference of the North American Chapter of the Association for Computational Linguistics},
  year      = {2019}
}`},
	{"hsu2021", "Hsu et al. 2021", `@article{%s,
  author  = {Hsu, Wei-Ning and Bolte, Benjamin and Tsai, Yao-Hung Hubert and Lakhotia, Kushal and Salakhutdinov, Ruslan and Mohamed, Abdelrahman},
  title   = {{HuBERT}: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  volume  = {29}, pages = {3451--3460}, year = {2021}
}`},
	{"liu2019", "Liu et al. 2019", `@misc{%s,
  author       = {Liu, Yinhan and Ott, Myle and Goyal, Naman and others},
  title        = {{RoBERTa}: A Robustly Optimized {BERT} Pretraining Approach},
  howpublished = {arXiv:1907.11692},
  year         = {2019}
}`},
	{"pennington2014", "Pennington et al. 2014", `@inproceedings{%s,
  author    = {Pennington, Jeffrey and Socher, Richard and Manning, Christopher D.},
  title     = {{GloVe}: Global Vectors for Word Representation},
  booktitle = {Conference on Empirical Methods in Natural Language Processing},
  pages     = {1532--1543}, year = {2014}
}`},
	{"pepino2023", "Pepino et al. 2023", `@misc{%s,
  author       = {Pepino, Leonardo and Riera, Pablo and Ferrer, Luciana},
  title        = {{EnCodecMAE}: Leveraging Neural Codecs for Universal Audio Representation Learning},
  howpublished = {arXiv:2309.07391},
  year         = {2023}
}`},
	{"radford2023", "Radford et al. 2023", `@inproceedings{%s,
  author    = {Radford, Alec and Kim, Jong Wook and Xu, Tao and Brockman, Greg and McLeavey, Christine and Sutskever, Ilya},
  title     = {Robust Speech Recognition via Large-Scale Weak Supervision},
  booktitle = {International Conference on Machine Learning},
  year      = {2023}
}`},
	{"sanh2019", "Sanh et al. 2019", `@misc{%s,
  author       = {Sanh, Victor and Debut, Lysandre and Chaumond, Julien and Wolf, Thomas},
  title        = {{DistilBERT}, a Distilled Version of {BERT}: Smaller, Faster, Cheaper and Lighter},
  howpublished = {arXiv:1910.01108},
  year         = {2019}
}`},
	{"wang2021", "Wang et al. 2021", `@inproceedings{%s,
  author    = {Wang, Chengyi and Wu, Yu and Qian, Yao and Kumatani, Kenichi and Liu, Shujie and Wei, Furu and Zeng, Michael and Huang, Xuedong},
  title     = {{UniSpeech}: Unified Speech Representation Learning with Labeled and Unlabeled Data},
  booktitle = {International Conference on Machine Learning},
  year      = {2021}
}`},
}
