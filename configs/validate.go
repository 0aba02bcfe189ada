package configs

import (
	"strconv"
	"strings"
)

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
		bad(c.Pos, "comparisons is empty: list at least one")
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
			bad(k.Pos, "comparison %q names no models: give models: [...], or x: [...] and y: [...]", k.Name)
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
		oneOf(p.Pos, "products.precision", p.Precision, []string{"float32", "float64", "tf32"})
		switch {
		case p.Precision == "tf32" && p.Device != "cuda":
			bad(p.Pos, "products.precision: %s gains nothing on a CPU; it needs device: cuda", p.Precision)
		case p.Precision == "float64" && p.Device == "cuda":
			bad(p.Pos, "products.precision: float64 is made on the CPU; leave device: cuda out")
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
		for _, s := range []string{m.ONNX, m.Checkpoint, m.Vectors, m.Labels} {
			if s != "" {
				given++
			}
		}
		switch {
		case given == 0:
			bad(m.Pos, "model %q has no file: give checkpoint: FOLDER, onnx: FILE or vectors: FILE, or labels: %s", m.Name, strings.Join(labels, "|"))
		case given > 1:
			bad(m.Pos, "model %q has more than one of checkpoint, onnx, vectors and labels: give one", m.Name)
		case m.Labels != "":
			oneOf(m.Pos, "labels", m.Labels, labels)
			if m.Card != "" || m.Vocabulary != "" || m.Layers != "" || m.Device != "" || m.Cased {
				bad(m.Pos, "model %q is labels, which have no card, vocabulary, cased, layers or device", m.Name)
			}
		}
		switch {
		case m.Weights != "":
			oneOf(m.Pos, "weights", m.Weights, []string{"random"})
			if m.Checkpoint == "" {
				bad(m.Pos, "model %q: weights: %s draws the weights of a checkpoint's config.json anew; it needs checkpoint: FOLDER", m.Name, m.Weights)
			}
		case m.Seed != 0:
			bad(m.Pos, "model %q: seed is of weights that are drawn; it needs weights: random", m.Name)
		}
		if m.Seed < 0 {
			bad(m.Pos, "model %q: seed is %d; it must be 0 or more", m.Name, m.Seed)
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
		bad(r.Pos, "%s.select: %s selects among words; it needs unit: word", key, r.Select)
	}
	r.validateLists(key, oneOf, bad)
}

func (c *Config) validateDifferences(k *Comparison, oneOf func(Pos, string, string, []string), bad func(Pos, string, ...any)) {
	switch asked := k.Differences; {
	case len(asked) == 0 && k.Interval != "none":
		k.Differences = differences
	case len(asked) == 1 && asked[0] == "none":
	case len(asked) > 0 && k.Interval == "none":
		bad(k.Pos, "comparison %q: differences between layers need confidence intervals, and interval is none: remove one of the two keys", k.Name)
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
	oneOf(n.Pos, "null.permute", n.Permute, permutations)
	if n.Correct == "" {
		n.Correct = "family"
	}
	oneOf(n.Pos, "null.correct", n.Correct, []string{"family", "fdr", "none"})
	if n.Draws < 19 || n.Draws > 100000 {
		bad(n.Pos, "null.draws is %d; it must be from 19 (for p = .05) to 100000", n.Draws)
	}
	switch onFrames := k.Rows.Unit == "frame"; {
	case n.Frames != 0 && !onFrames:
		bad(n.Pos, "null.frames is for rows: {unit: frame}; rows of words and phones are all kept")
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

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
