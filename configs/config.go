package configs

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Config is one run: a corpus, the models, and what is compared with what.
type Config struct {
	Pos         Pos
	File        string // where it was read, for messages
	Base        string // the config that this one is laid over; paths and messages stay those of the file that says them
	Name        string
	Note        string // said in the title of every figure and on the page, such as what the run stands for
	Corpus      Corpus
	Audio       Audio
	Models      []Model
	Rows        Rows
	Comparisons []Comparison
	Libraries   Libraries
	Products    Products
	Runs        string `path:""` // folder of the run directories, "" = runs in the working directory
	Store       Store
	Memory      string // that a run may take, such as 6GiB; "" = a share of what there is

	folder string // that relative paths start from
}

// Store says where work is kept that runs share, and in which form.
//
// In YAML: FOLDER, or {folder: FOLDER, numbers: float16, frames: keep}.
type Store struct {
	Pos     Pos
	Folder  string `path:""` // "" = store in the working directory
	Numbers string // of stored rows: float32 (default) or float16
	Frames  string // auto (default): kept where moments take too much memory to be made in one walk, and there is room; keep; never
}

// Audio says what may be done to files that are not mono at the rate the corpus is read at.
type Audio struct {
	Pos      Pos
	Rate     int    // Hz, default 16000
	Resample bool   // convert files of another rate; false refuses them
	Channel  string // "" refuses more than one channel; mix, or the number of a channel from 1
}

// Model is one ONNX model, one file of word vectors, or labels of the corpus in the place of a model.
type Model struct {
	Pos        Pos
	Name       string
	ONNX       string `yaml:"onnx" path:""`
	Vectors    string `path:""` // GloVe text, .gz or .zip
	Labels     string // phone, word, speaker, logmel or length
	Card       string `path:""` // "" = sidecar, metadata or graph
	Vocabulary string `path:""` // WordPiece vocabulary of a text model, "" = vocab.txt beside the model
	Cased      bool   // keep case and accents in front of WordPiece
	Layers     string // a list such as 0-6,9,cnn.1 or all; "" = the numbered ones
	Device     string // cpu (default) or cuda
	Objective  string // what it was trained to do, and how large it is: of models that have both, the page tests which of them
	Size       string // layers group by
	Precision  string // of products on a GPU: float32 (default), tf32 or fp16
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

	// Differences are the pairs of layers told apart wherever there are intervals: neighbours, best, models (all three by
	// default), or none.
	Differences []string
	Published   []string `path:".csv"` // values to draw beside ours: of a paper (bolanos2024/cka), or a file that ends in .csv
}

// Null asks for the values that the metrics take by chance: under pairings of rows that hold no relation but keep the
// dependence among the rows of each side.
type Null struct {
	Pos     Pos
	Permute string // group (default; the unit of resampling), or word_type for word vectors
	Draws   int    // default 200
	Seed    int
	Frames  int // of a comparison on frames: how many are kept to be paired anew, default 16384
}

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
	Precision string // float32 (default) or tf32
}

// Default is the config that a file's keys are laid over.
func Default() Config {
	return Config{
		Audio: Audio{Rate: 16000},
		Store: Store{Numbers: "float32", Frames: "auto"},
		Rows:  Rows{Unit: "frame", Pooling: "centre", Select: "all", Level: []string{"token"}, First: []string{"all"}},
	}
}

var (
	units    = []string{"frame", "word", "phone"}
	poolings = []string{"centre", "bolanos2024", "pasad2021", "middle", "max", "first"}
	labels   = []string{"phone", "word", "speaker", "logmel", "length"}
	selects  = []string{"all", "bolanos2024"}
	devices  = []string{"cpu", "cuda"}

	precisions = []string{"float32", "tf32", "fp16"}
	numbers    = []string{"float32", "float16"}
	keeping    = []string{"auto", "keep", "never"}

	intervals    = []string{"jackknife", "none"}
	differences  = []string{"neighbours", "best", "models"}
	permutations = []string{"group", "word_type"}
)

// Validate checks everything that can be known from the config alone, and fills defaults that depend on other keys.
// All mistakes are returned, as an [Errors].
func (c *Config) Validate() error {
	var errs Errors
	bad := func(p Pos, format string, args ...any) { errs = append(errs, c.errorAt(p, format, args...)) }
	oneOf := func(p Pos, key, got string, want []string) {
		if !contains(want, got) {
			bad(p, "%s is %q; it must be one of %s%s", key, got, strings.Join(want, ", "), didYouMean(got, want))
		}
	}

	if c.Name == "" {
		bad(c.Pos, "name is missing: it names the run's folder")
	} else if strings.ContainsAny(c.Name, "/\\\x00\n") || c.Name == "." || c.Name == ".." {
		bad(c.Pos, "name %q can't be the name of a folder", c.Name)
	}
	c.validateCorpus(oneOf, bad)
	if c.Audio.Rate < 1000 || c.Audio.Rate > 192000 {
		bad(c.Audio.Pos, "audio.rate is %d Hz; it must be from 1000 to 192000", c.Audio.Rate)
	}
	if ch := c.Audio.Channel; ch != "" && ch != "mix" {
		if n, err := strconv.Atoi(ch); err != nil || n < 1 {
			bad(c.Audio.Pos, "audio.channel is %q; it must be mix or the number of a channel from 1", ch)
		}
	}
	c.validateMemory(bad)
	c.validateProducts(oneOf, bad)
	oneOf(c.Store.Pos, "store.numbers", c.Store.Numbers, numbers)
	oneOf(c.Store.Pos, "store.frames", c.Store.Frames, keeping)
	c.validateRows(&c.Rows, "rows", oneOf, bad)
	names := c.validateModels(oneOf, bad)
	if len(c.Comparisons) == 0 {
		bad(c.Pos, "comparisons is empty: nothing is asked for")
	}
	seen := map[string]bool{}
	for i := range c.Comparisons {
		k := &c.Comparisons[i]
		if k.Name == "" {
			bad(k.Pos, "comparison %d has no name", i+1)
		} else if seen[k.Name] {
			bad(k.Pos, "two comparisons are named %q", k.Name)
		}
		seen[k.Name] = true
		if strings.ContainsAny(k.Name, "/\\\x00\n") {
			bad(k.Pos, "comparison name %q can't be part of a file name", k.Name)
		}
		switch {
		case len(k.Models) > 0 && (len(k.X) > 0 || len(k.Y) > 0):
			bad(k.Pos, "comparison %q has models and also x or y: give models, or x and y", k.Name)
		case len(k.Models) > 0:
			k.X, k.Y = k.Models, k.Models
		case len(k.X) == 0 || len(k.Y) == 0:
			bad(k.Pos, "comparison %q says no models: give models: [...], or x: [...] and y: [...]", k.Name)
		}
		for _, n := range append(append([]string{}, k.X...), k.Y...) {
			if !contains(names, n) {
				bad(k.Pos, "comparison %q names the model %q, which models does not list%s", k.Name, n, didYouMean(n, names))
				break
			}
		}
		if len(k.Metrics) == 0 {
			bad(k.Pos, "comparison %q has no metrics", k.Name)
		}
		for _, m := range k.Metrics {
			m.validate(bad)
		}
		if k.Rows == nil {
			rows := c.Rows
			k.Rows = &rows
		} else {
			fillRows(k.Rows, c.Rows)
			c.validateRows(k.Rows, "comparison "+strconv.Quote(k.Name)+": rows", oneOf, bad)
		}
		if k.Interval != "" {
			oneOf(k.Pos, "interval", k.Interval, intervals)
		}
		c.validateDifferences(k, oneOf, bad)
		if k.Null != nil {
			c.validateNull(k, oneOf, bad)
		}
		k.validateFigures(oneOf, bad)
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

func (c *Config) validateProducts(oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) {
	p := &c.Products
	if p.Device != "" {
		oneOf(p.Pos, "products.device", p.Device, devices)
	}
	if p.Precision != "" {
		oneOf(p.Pos, "products.precision", p.Precision, precisions[:2])
		if p.Precision != "float32" && p.Device != "cuda" {
			bad(p.Pos, "products.precision: %s gains nothing on a CPU; it needs device: cuda", p.Precision)
		}
	}
}

func (c *Config) validateModels(oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) []string {
	var names []string
	if len(c.Models) == 0 {
		bad(c.Pos, "models is empty")
	}
	for i := range c.Models {
		m := &c.Models[i]
		if m.Name == "" {
			bad(m.Pos, "model %d has no name", i+1)
		}
		if contains(names, m.Name) {
			bad(m.Pos, "two models are named %q", m.Name)
		}
		names = append(names, m.Name)
		given := 0
		for _, s := range []string{m.ONNX, m.Vectors, m.Labels} {
			if s != "" {
				given++
			}
		}
		switch {
		case given == 0:
			bad(m.Pos, "model %q has no file: give onnx: FILE or vectors: FILE, or labels: %s", m.Name, strings.Join(labels, "|"))
		case given > 1:
			bad(m.Pos, "model %q has more than one of onnx, vectors and labels: give one", m.Name)
		case m.Labels != "":
			oneOf(m.Pos, "labels", m.Labels, labels)
			if m.Card != "" || m.Vocabulary != "" || m.Layers != "" || m.Device != "" || m.Cased {
				bad(m.Pos, "model %q is labels, which have no card, vocabulary, cased, layers or device", m.Name)
			}
		}
		if m.Device != "" {
			oneOf(m.Pos, "device", m.Device, devices)
		}
		if m.Precision != "" {
			oneOf(m.Pos, "precision", m.Precision, precisions)
			if m.Precision != "float32" && m.Device != "cuda" {
				bad(m.Pos, "model %q: precision: %s gains nothing on a CPU; it needs device: cuda", m.Name, m.Precision)
			}
		}
	}
	return names
}

func (c *Config) validateRows(r *Rows, key string, oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) {
	oneOf(r.Pos, key+".unit", r.Unit, units)
	oneOf(r.Pos, key+".pooling", r.Pooling, poolings)
	oneOf(r.Pos, key+".select", r.Select, selects)
	if r.Unit == "frame" && r.Select != "all" {
		bad(r.Pos, "%s.select: %s chooses words; it needs unit: word", key, r.Select)
	}
	r.validateLists(key, oneOf, bad)
}

func (c *Config) validateDifferences(k *Comparison, oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) {
	switch asked := k.Differences; {
	case len(asked) == 0 && k.Interval != "none":
		k.Differences = differences
	case len(asked) == 1 && asked[0] == "none":
	case len(asked) > 0 && k.Interval == "none":
		bad(k.Pos, "comparison %q: differences between layers come with the intervals, and interval is none: leave one of the two out", k.Name)
	default:
		for _, d := range asked {
			oneOf(k.Pos, "differences", d, differences)
		}
	}
}

func (c *Config) validateNull(k *Comparison, oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) {
	n := k.Null
	if n.Permute == "" {
		n.Permute = "group"
	}
	if n.Draws == 0 {
		n.Draws = 200
	}
	oneOf(n.Pos, "null.permute", n.Permute, permutations)
	if n.Draws < 19 || n.Draws > 100000 {
		bad(n.Pos, "null.draws is %d; it must be from 19 (for p = .05) to 100000", n.Draws)
	}
	switch onFrames := k.Rows.Unit == "frame"; {
	case n.Frames != 0 && !onFrames:
		bad(n.Pos, "null.frames is for rows: {unit: frame}; words and phones are all kept")
	case n.Frames == 0 && onFrames:
		n.Frames = 16384
	case onFrames && n.Frames < 100:
		bad(n.Pos, "null.frames is %d; it must be at least 100", n.Frames)
	}
	if n.Permute == "word_type" && k.Rows.Unit != "word" {
		bad(n.Pos, "null.permute: word_type needs rows: {unit: word}")
	}
}

func fillRows(r *Rows, d Rows) {
	if r.Unit == "" {
		r.Unit = d.Unit
	}
	if r.Pooling == "" {
		r.Pooling = d.Pooling
	}
	if r.Select == "" {
		r.Select = "all"
		if r.Unit == d.Unit {
			r.Select = d.Select
		}
	}
	r.fillLists(d)
}

// Path resolves a path of the config: a relative one is relative to the config's own folder, or to the working directory
// for a shipped config.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.folder, filepath.FromSlash(p))
}

// Model returns the model of that name, nil when there is none.
func (c *Config) Model(name string) *Model {
	for i := range c.Models {
		if c.Models[i].Name == name {
			return &c.Models[i]
		}
	}
	return nil
}

// Errorf makes an error at a position of this config, for mistakes that only others can see.
func (c *Config) Errorf(p Pos, format string, args ...any) *Error {
	return c.errorAt(p, format, args...)
}

func (c *Config) errorAt(p Pos, format string, args ...any) *Error {
	e := &Error{File: c.File, Line: p.Line, Col: p.Col, Msg: fmt.Sprintf(format, args...)}
	if p.File != "" {
		e.File = p.File
	}
	if p.Set != "" {
		e.File, e.Line, e.Col = "--set "+p.Set, 0, 0
	}
	return e
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
