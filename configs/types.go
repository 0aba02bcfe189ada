package configs

// Store says where work is kept that runs share, and in which form.
//
// In YAML: FOLDER, or {folder: FOLDER, numbers: float16, frames: keep}.
type Store struct {
	Pos     Pos
	Folder  string `path:""` // "" = store in the working directory
	Numbers string // of stored rows: float32 (default) or float16
	Keep    string // rows: moments that only this run used are deleted when it is complete; all: they stay; auto (default): they stay if they are small
	Frames  string // auto (default): kept where moments take too much memory for one pass over the audio, and there is room; keep; never
}

// smallMoments are moments that do not fill a disk: making them again costs more than keeping them.
const smallMoments = 1 << 30

// Deletes says whether moments that only a run used, of so many bytes, are deleted when it is complete.
func (s Store) Deletes(bytes int64) bool {
	return s.Keep == "rows" || s.Keep == "auto" && bytes > smallMoments
}

// Audio says what may be done to files that are not mono at the rate the corpus is read at.
type Audio struct {
	Pos       Pos
	Rate      int    // Hz, default 16000
	Resample  bool   // convert files of another rate; false refuses them
	Resampler string // the filter, for files and for models of another rate: kaiser (default) or torchaudio
	Channel   string // "" refuses more than one channel; mix, or the number of a channel from 1
}

// Model is one ONNX model, one file of word vectors, or labels of the corpus or features of the user's own in the place of a model.
type Model struct {
	Pos        Pos
	Name       string
	Label      string   // what figures and page call it; "" = its name
	Colour     string   // of its lines and points, such as #0072b2
	ONNX       string   `yaml:"onnx" path:""`
	Checkpoint string   `path:"or id"` // folder of a checkpoint of transformers, its file of weights, or its id on the Hugging Face hub
	Revision   string   // of the id: a branch, a tag or a commit, "" = main
	Weights    string   // of the checkpoint: "" as trained, or random
	Seed       int      // of random weights
	Control    []string // models that are this one without training; those with random weights of the same checkpoint are in any case
	Normalize  string   // of the checkpoint's audio: "" as it says, zero_mean_unit_var or none
	Vectors    string   `path:""` // GloVe text, .gz or .zip
	Labels     string   // phone, word, speaker, logmel, mfcc or length
	Features   string   `path:""` // a folder or an archive with the frames of each utterance
	Hop        float64  // of features: seconds from one frame to the next
	Offset     float64  // of features: time of the centre of the first frame, in seconds
	Card       string   `path:""` // "" = sidecar, metadata or graph
	Vocabulary string   `path:""` // of a text model: vocab.txt, vocab.json or their folder, "" = next to the model
	Cased      bool     // keep case and accents in front of WordPiece; false = as tokenizer_config.json says
	Layers     string   // a list such as 0-6,9,cnn.1 or all; "" = the numbered ones
	Device     string   // cpu (default) or cuda
	Objective  string   // what it was trained to do, and how large it is: of models that have both, the page tests which of them
	Size       string   // layers group by
	Precision  string   // of products on a GPU: float32 (default), tf32 or fp16
}

// Rows says what one row of a comparison is.
type Rows struct {
	Pos     Pos
	Unit    string   // frame (default), word or phone
	Pooling string   // centre (default), bolanos2024, pasad2021, middle, max or first
	Select  string   // all (default) or bolanos2024
	Level   []string // token (default): each row by itself; type: one mean row a word type (or phone)
	First   []string // the first so many of the rows, each number a result of its own; all (default)
}

// Comparison is a set of layer pairs and what is measured on them.
type Comparison struct {
	Pos      Pos
	Name     string
	Models   []string // every pair of layers among them; or
	X, Y     []string // every layer of X with every layer of Y
	Rows     *Rows    // nil = the config's
	Metrics  []Metric
	Interval string // jackknife, none, or "" for a jackknife where a cell costs O(d^2)
	Null     *Null
	Figures  []Figure `yaml:"figure"` // how it is drawn; none: as a heat map, or curves where the y side has one layer

	// Differences are the pairs of layers told apart wherever there are intervals: neighbours, best, models, control, baseline (all
	// of them by default), or none.
	Differences []string
	Published   []string `path:".csv"` // values to draw next to ours: of a paper (bolanos2024/cka), or a file that ends in .csv
}

// Null asks for a permutation null: the values of the metrics on permuted rows, which are unrelated but keep the dependence
// among the rows of each side.
type Null struct {
	Pos     Pos
	Permute string // group (default; the unit of resampling), or word_type for word vectors
	Draws   int    // 200 where the file says nothing
	Seed    int
	Correct string // family (default), fdr or none: which p decides what counts as significant
	Frames  int    // of a comparison on frames: how many are kept to be permuted, default 16384
}

// setDefaults sets what Validate can't, to which 0 would be what the file says.
func (n *Null) setDefaults() { n.Draws = 200 }

// Metric is a metric by name, with its variants; none means the default variant.
//
// In YAML: cka, or {cka: {variant: biased}}, or {cka: {variant: [biased, debiased]}}.
type Metric struct {
	Pos      Pos
	Name     string
	Variants []string
	P        []int // asif: powers of similarities; none = 4
	K        []int // asif: numbers of anchors that are kept, each with each power; none = 100

	Thresholds []float64 // word_distance: distances under which words count as close; none = .05, .10, ... .75
}

// Libraries are native libraries the user places by hand.
type Libraries struct {
	Pos         Pos
	ONNXRuntime string `yaml:"onnxruntime" path:""`
	OpenBLAS    string `yaml:"openblas" path:""`
}

// Products says where the products of moments are made, and in which precision.
type Products struct {
	Pos       Pos
	Device    string // cpu (default) or cuda
	Precision string // float32 (default); float64 on the CPU; tf32 on a GPU
}

// Float64 says whether products are made in double precision.
func (p *Products) Float64() bool { return p.Precision == "float64" }
