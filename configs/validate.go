package configs

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var (
	units    = []string{"frame", "word", "phone"}
	formats  = []string{"svg", "pdf", "png", "csv", "tex"}
	poolings = []string{"centre", "bolanos2024", "pasad2021", "middle", "max", "first"}
	labels   = []string{"phone", "word", "speaker", "logmel", "mfcc", "length"}
	selects  = []string{"all", "bolanos2024"}
	devices  = []string{"cpu", "cuda"}

	normalizations = []string{"zero_mean_unit_var", "none"}

	precisions = []string{"float32", "tf32", "fp16"}
	numbers    = []string{"float32", "float16"}
	resamplers = []string{"kaiser", "torchaudio"}
	keeping    = []string{"auto", "keep", "never"}
	kept       = []string{"auto", "all", "rows"}

	intervals    = []string{"jackknife", "none"}
	differences  = []string{"neighbours", "best", "models", "control", "baseline"}
	heard        = []string{"links", "clips"}
	permutations = []string{"group", "word_type"}
)

// Validate checks everything that can be known from the config alone, and fills defaults that depend on other keys.
// All mistakes are returned, as an [Errors].
func (c *Config) Validate() error {
	var errs Errors
	bad := func(p Pos, format string, args ...any) { errs = append(errs, c.errorAt(p, format, args...)) }
	// A name of the language may be written in any case, and is ours from then on.
	oneOf := func(p Pos, key string, got *string, want []string) {
		if at := slices.IndexFunc(want, func(name string) bool { return strings.EqualFold(name, *got) }); at >= 0 {
			*got = want[at]
			return
		}
		bad(p, "%s is %q; it must be one of %s%s", key, *got, strings.Join(want, ", "), didYouMean(*got, want))
	}

	if at := c.Pos.Of("name"); c.Name == "" && at.Set != "" {
		bad(at, "name is empty; it must be the name of the folder of the run")
	}
	c.nameByDefault()
	if strings.ContainsAny(c.Name, "/\\\x00\n") || c.Name == "." || c.Name == ".." {
		bad(c.Pos.Of("name"), "name %q can't be the name of a folder", c.Name)
	}
	c.validateCorpus(oneOf, bad)
	if c.Audio.Rate < 1000 || c.Audio.Rate > 192000 {
		bad(c.Audio.Pos.Of("rate"), "audio.rate is %d Hz; it must be from 1000 to 192000", c.Audio.Rate)
	}
	oneOf(c.Audio.Pos, "audio.resampler", &c.Audio.Resampler, resamplers)
	if ch := c.Audio.Channel; ch != "" && ch != "mix" {
		if n, err := strconv.Atoi(ch); err != nil || n < 1 {
			bad(c.Audio.Pos.Of("channel"), "audio.channel is %q; it must be mix or the number of a channel from 1", ch)
		}
	}
	for i := range c.Formats {
		oneOf(c.Pos.Of("formats"), "formats", &c.Formats[i], formats)
	}
	if len(c.Formats) == 0 {
		bad(c.Pos.Of("formats"), "formats is empty; give some of %s", strings.Join(formats, ", "))
	}
	c.Figure.validate(oneOf, bad)
	oneOf(c.Report.Pos.Of("audio"), "report.audio", &c.Report.Audio, heard)
	c.validatePanels(bad)
	c.validateMemory(bad)
	c.validateProducts(oneOf, bad)
	oneOf(c.Store.Pos.Of("numbers"), "store.numbers", &c.Store.Numbers, numbers)
	oneOf(c.Store.Pos.Of("frames"), "store.frames", &c.Store.Frames, keeping)
	oneOf(c.Store.Pos.Of("keep"), "store.keep", &c.Store.Keep, kept)
	before := len(errs)
	c.Rows.validateNames("rows", oneOf)
	c.Rows.validate("rows", oneOf, bad)
	rowsAreRight := len(errs) == before // else what comparisons take from them has been said
	names := c.validateModels(oneOf, bad)
	c.validateLabels(bad)
	if len(c.Comparisons) == 0 {
		bad(c.Pos.Of("comparisons"), "comparisons is empty: list at least one")
	}
	seen := map[string]bool{}
	for i := range c.Comparisons {
		k := &c.Comparisons[i]
		if seen[k.Name] {
			bad(k.Pos.Of("name"), "two comparisons are named %q", k.Name)
		}
		seen[k.Name] = true
		if strings.ContainsAny(k.Name, "/\\\x00\n") {
			bad(k.Pos.Of("name"), "comparison name %q can't be part of a file name", k.Name)
		}
		switch {
		case len(k.Models) > 0 && (len(k.X) > 0 || len(k.Y) > 0):
			bad(k.Pos.Of("models", "x", "y"), "comparison %q has models and also x or y: give models, or x and y", k.Name)
		case len(k.Models) > 0:
			k.X, k.Y = k.Models, k.Models
		case len(k.X) == 0 || len(k.Y) == 0:
			bad(k.Pos.Of("models", "x", "y"), "comparison %q names no models: give models: [...], or x: [...] and y: [...]", k.Name)
		}
		for _, n := range append(append([]string{}, k.X...), k.Y...) {
			if !contains(names, n) {
				bad(k.Pos.Of("models", "x", "y"), "comparison %q names the model %q, which models does not list%s", k.Name, n, didYouMean(n, names))
				break
			}
		}
		if len(k.Metrics) == 0 {
			bad(k.Pos.Of("metrics"), "comparison %q has no metrics", k.Name)
		}
		for _, m := range k.Metrics {
			m.validate(bad)
		}
		if k.Rows == nil {
			rows := c.Rows
			k.Rows = &rows
		} else {
			key := "comparison " + strconv.Quote(k.Name) + ": rows"
			k.Rows.validateNames(key, oneOf)
			fillRows(k.Rows, c.Rows)
			if rowsAreRight {
				k.Rows.validate(key, oneOf, bad)
			}
		}
		if k.Interval != "" {
			oneOf(k.Pos.Of("interval"), "interval", &k.Interval, intervals)
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

// nameByDefault names a run after its file, and comparisons by the numbers that --set knows them by.
func (c *Config) nameByDefault() {
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))
	}
	for i := range c.Comparisons {
		if k := &c.Comparisons[i]; k.Name == "" {
			k.Name = strconv.Itoa(i)
		}
	}
}

func (c *Config) validateProducts(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	p := &c.Products
	if p.Device != "" {
		oneOf(p.Pos.Of("device"), "products.device", &p.Device, devices)
	}
	if p.Precision != "" {
		oneOf(p.Pos.Of("precision"), "products.precision", &p.Precision, []string{"float32", "float64", "tf32"})
		switch {
		case p.Precision == "tf32" && p.Device != "cuda":
			bad(p.Pos.Of("precision", "device"), "products.precision: %s gains nothing on a CPU; it needs device: cuda", p.Precision)
		case p.Precision == "float64" && p.Device == "cuda":
			bad(p.Pos.Of("precision", "device"), "products.precision: float64 is made on the CPU; leave device: cuda out")
		}
	}
}

func (c *Config) validateModels(oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) []string {
	var names []string
	if len(c.Models) == 0 {
		bad(c.Pos.Of("models"), "models is empty")
	}
	for i := range c.Models {
		m := &c.Models[i]
		if m.Name == "" {
			bad(m.Pos, "model %d has no name", i+1)
		}
		if contains(names, m.Name) {
			bad(m.Pos.Of("name"), "two models are named %q", m.Name)
		}
		names = append(names, m.Name)
		given := 0
		for _, s := range []string{m.ONNX, m.Checkpoint, m.Vectors, m.Labels, m.Features} {
			if s != "" {
				given++
			}
		}
		switch {
		case given == 0:
			bad(m.Pos.Of("checkpoint", "onnx", "vectors", "features", "labels"), "model %q has no file: give checkpoint: FOLDER or an id of the hub, onnx: FILE, vectors: FILE or features: FOLDER, or labels: %s", m.Name, strings.Join(labels, "|"))
		case given > 1:
			bad(m.Pos.Of("checkpoint", "onnx", "vectors", "features", "labels"), "model %q has more than one of checkpoint, onnx, vectors, features and labels: give one", m.Name)
		case m.Labels != "":
			oneOf(m.Pos.Of("labels"), "labels", &m.Labels, labels)
			if m.Card != "" || m.Vocabulary != "" || m.Layers != "" || m.Device != "" || m.Cased {
				bad(m.Pos.Of("card", "vocabulary", "layers", "device", "cased", "labels"), "model %q is labels, which have no card, vocabulary, cased, layers or device", m.Name)
			}
		}
		m.validateFeatures(bad)
		switch {
		case m.Weights != "":
			oneOf(m.Pos.Of("weights"), "weights", &m.Weights, []string{"random"})
			if m.Checkpoint == "" {
				bad(m.Pos.Of("weights"), "model %q: weights: %s draws the weights of a checkpoint's config.json anew; it needs checkpoint: FOLDER", m.Name, m.Weights)
			}
		case m.Seed != 0:
			bad(m.Pos.Of("seed"), "model %q: seed is of weights that are drawn; it needs weights: random", m.Name)
		}
		if m.Normalize != "" {
			oneOf(m.Pos.Of("normalize"), "normalize", &m.Normalize, normalizations)
			if m.Checkpoint == "" {
				bad(m.Pos.Of("normalize"), "model %q: normalize is of a checkpoint; what an ONNX file takes is said by its card, or by another card: FILE", m.Name)
			}
		}
		if m.Revision != "" && m.Checkpoint == "" {
			bad(m.Pos.Of("revision"), "model %q: revision is of a checkpoint on the hub; it needs checkpoint: ORGANISATION/NAME", m.Name)
		}
		if m.Seed < 0 {
			bad(m.Pos.Of("seed"), "model %q: seed is %d; it must be 0 or more", m.Name, m.Seed)
		}
		if m.Device != "" {
			oneOf(m.Pos.Of("device"), "device", &m.Device, devices)
		}
		if m.Precision != "" {
			oneOf(m.Pos.Of("precision"), "precision", &m.Precision, precisions)
			if m.Precision != "float32" && m.Device != "cuda" {
				bad(m.Pos.Of("precision", "device"), "model %q: precision: %s gains nothing on a CPU; it needs device: cuda", m.Name, m.Precision)
			}
		}
	}
	c.validateControls(names, bad)
	return names
}

// longestHop bounds hop and offset, in seconds: what is larger was meant in milliseconds or in Hz.
const longestHop = 10

func (m *Model) validateFeatures(bad func(Pos, string, ...any)) {
	switch {
	case m.Features == "":
		if m.Hop != 0 || m.Offset != 0 {
			bad(m.Pos.Of("hop", "offset"), "model %q has a hop or an offset, which are for features: the card of a model says when its frames are", m.Name)
		}
	case m.Card != "" || m.Vocabulary != "" || m.Device != "" || m.Cased:
		bad(m.Pos.Of("card", "vocabulary", "device", "cased"), "model %q is features, which have no card, vocabulary, cased or device", m.Name)
	case m.Hop == 0:
		bad(m.Pos.Of("hop", "features"), "model %q is features and has no hop: give the seconds from one frame to the next, such as hop: 0.01", m.Name)
	case !(m.Hop >= 1e-4 && m.Hop <= longestHop):
		bad(m.Pos.Of("hop"), "model %q: hop is %g; it is the seconds from one frame to the next, from 0.0001 to %d", m.Name, m.Hop, longestHop)
	case !(m.Offset >= 0 && m.Offset <= longestHop):
		bad(m.Pos.Of("offset"), "model %q: offset is %g; it is the time of the centre of the first frame in seconds, from 0 to %d", m.Name, m.Offset, longestHop)
	}
}

// validateNames checks the names that the rows give themselves.
func (r *Rows) validateNames(key string, oneOf func(Pos, string, *string, []string)) {
	for _, k := range []struct {
		name  string
		value *string
		known []string
	}{{"unit", &r.Unit, units}, {"pooling", &r.Pooling, poolings}, {"select", &r.Select, selects}} {
		if *k.value != "" {
			oneOf(r.Pos.Of(k.name), key+"."+k.name, k.value, k.known)
		}
	}
}

// validate checks rows of which all keys are filled in.
func (r *Rows) validate(key string, oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	if r.Unit == "frame" && r.Select != "all" {
		bad(r.Pos.Of("select", "unit"), "%s.select: %s selects among words; it needs unit: word", key, r.Select)
	}
	r.validateLists(key, oneOf, bad)
}

func (c *Config) validateDifferences(k *Comparison, oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	switch asked := k.Differences; {
	case len(asked) == 0 && k.Interval != "none":
		k.Differences = differences
	case len(asked) == 1 && asked[0] == "none":
	case len(asked) > 0 && k.Interval == "none":
		bad(k.Pos.Of("differences", "interval"), "comparison %q: differences between layers need confidence intervals, and interval is none: remove one of the two keys", k.Name)
	default:
		for i := range asked {
			oneOf(k.Pos.Of("differences"), "differences", &asked[i], differences)
		}
	}
}

func (c *Config) validateNull(k *Comparison, oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	n := k.Null
	if n.Permute == "" {
		n.Permute = "group"
	}
	oneOf(n.Pos.Of("permute"), "null.permute", &n.Permute, permutations)
	if n.Correct == "" {
		n.Correct = "family"
	}
	oneOf(n.Pos.Of("correct"), "null.correct", &n.Correct, []string{"family", "fdr", "none"})
	if n.Draws < 19 || n.Draws > 100000 {
		bad(n.Pos.Of("draws"), "null.draws is %d; it must be from 19 (for p = .05) to 100000", n.Draws)
	}
	switch onFrames := k.Rows.Unit == "frame"; {
	case n.Frames != 0 && !onFrames:
		bad(Blame(n.Pos.Of("frames"), k.Rows.Pos.Of("unit"), k.Pos.Of("rows")), "null.frames is for rows: {unit: frame}; rows of words and phones are all kept")
	case n.Frames == 0 && onFrames:
		n.Frames = 16384
	case onFrames && n.Frames < 100:
		bad(n.Pos.Of("frames"), "null.frames is %d; it must be at least 100", n.Frames)
	}
	if n.Permute == "word_type" && k.Rows.Unit != "word" {
		bad(Blame(n.Pos.Of("permute"), k.Rows.Pos.Of("unit"), k.Pos.Of("rows")), "null.permute: word_type needs rows: {unit: word}")
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
