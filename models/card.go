package models

import (
	"fmt"
	"strings"
)

// Kinds of models.
const (
	Audio = "audio" // takes a waveform
	Text  = "text"  // takes token ids
)

// Ways to normalise a waveform before it enters the model.
const (
	NormalizeNone = "none"
	ZeroMeanUnit  = "zero_mean_unit_var" // (x - mean) / sqrt(population variance + Epsilon)
)

// Front ends: what is computed from the waveform outside the ONNX graph.
const (
	FrontEndNone          = ""               // the graph takes the waveform
	FrontEndBEATs         = "beats"          // Kaldi filter bank, 128 mels
	FrontEndEncodecMAEMel = "encodecmae-mel" // Kaldi filter bank, 256 mels
	FrontEndWhisper80     = "whisper-80"     // Whisper's log-mel spectrogram of 80 bands
	FrontEndWhisper128    = "whisper-128"    // the same of 128 bands, as its large-v3
	FrontEndW2VBERT       = "w2v-bert"       // Kaldi filter bank, 80 mels, each normalised over the utterance; two rows a frame
)

// frontEnds lists those that a card names.
var frontEnds = []string{FrontEndBEATs, FrontEndEncodecMAEMel, FrontEndWhisper80, FrontEndWhisper128, FrontEndW2VBERT}

// Ways to lengthen an utterance before it enters the model.
const (
	PaddingNone  = "none"  // not at all
	PaddingChunk = "chunk" // with silence, to a whole number of chunks; rows and maps are cut to the frames of the audio
)

// Card says how to feed a model and what comes out. Its YAML form is the
// sidecar NAME.card.yaml next to NAME.onnx; the same text may stand in the
// file's metadata under "speechsim.card". Only what the graph cannot show has
// to be written: kind, sample_rate and normalize, mostly.
//
// A frame is one time step of the model: frame i sees the samples
// [Hop*i, Hop*i+Window) of its chunk and is centred in their middle. Where the
// model pads its input, frames see other samples: FirstFrame then says where the
// first one is centred, and Window how many samples it takes for one frame (0:
// the padding alone makes one).
type Card struct {
	Name   string `yaml:"name,omitempty"`
	Family string `yaml:"family,omitempty"` // wav2vec2, hubert, wavlm, data2vec-audio, unispeech, unispeech-sat, wav2vec2-bert, whisper, bert, roberta, distilbert, beats, encodecmae
	Kind   string `yaml:"kind,omitempty"`   // Audio or Text

	SampleRate int     `yaml:"sample_rate,omitempty"`                   // Hz
	Hop        int     `yaml:"hop,omitempty"`                           // samples
	Window     int     `yaml:"window,omitempty"`                        // samples that the first frame takes: without padding, the receptive field
	FirstFrame *int    `yaml:"first_frame,omitempty" json:",omitempty"` // centre of frame 0 in samples; nil: the middle of its window
	Partial    bool    `yaml:"partial,omitempty"`                       // a last window that is not full makes a frame too (Encodec)
	Normalize  string  `yaml:"normalize,omitempty"`                     // NormalizeNone or ZeroMeanUnit
	Epsilon    float64 `yaml:"epsilon,omitempty"`                       // added to the variance; 0 means 1e-7 (transformers), fairseq has 1e-5
	FrontEnd   string  `yaml:"front_end,omitempty"`
	Patches    int     `yaml:"patches,omitempty"`                   // rows of one time step: 8 frequency patches in BEATs, else 0 or 1
	Chunk      int     `yaml:"chunk,omitempty"`                     // samples that are encoded at a time, 0: the whole utterance
	MinChunk   int     `yaml:"min_chunk,omitempty"`                 // a last chunk of fewer samples is dropped
	Padding    string  `yaml:"padding,omitempty" json:",omitempty"` // PaddingNone, which "" means too, or PaddingChunk

	Input      string `yaml:"input,omitempty"`       // name of the graph's input
	Mask       string `yaml:"mask,omitempty"`        // input that marks what is real; "" if there is none: then never pad
	TokenTypes string `yaml:"token_types,omitempty"` // input of segment ids, filled with 0; text only
	Vocabulary int    `yaml:"vocabulary,omitempty"`  // ids run from 0 to Vocabulary-1; text only
	MaxTokens  int    `yaml:"max_tokens,omitempty"`  // size of the position table, 0: no limit; text only

	Layers     []LayerOutput `yaml:"layers,omitempty"`
	Attentions []LayerOutput `yaml:"attentions,omitempty"`
	Heads      int           `yaml:"heads,omitempty"` // 0: as many as the graph shows

	Origin string   `yaml:"source,omitempty"` // checkpoint that the model was made from
	Notes  []string `yaml:"notes,omitempty"`

	source map[string]string // where each part was found, by YAML key
	noMaps string            // why there are no attention maps
	// warnings of what was found in the graph, for [Inspect], and doubts, which a
	// run tells too: that its numbers may be those of other layers.
	warnings, doubts []string
}

// LayerOutput ties the name of a layer or an attention map to a tensor of the
// graph.
type LayerOutput struct {
	Name   string `yaml:"name,omitempty"`   // "0", "7", "cnn.1", "24.prenorm"
	Tensor string `yaml:"tensor,omitempty"` // "hidden_states.7"
	Units  int    `yaml:"units,omitempty"`  // width of a layer, 0: as the graph shows
	Heads  int    `yaml:"heads,omitempty"`  // of an attention map, 0: the card's
	Hop    int    `yaml:"hop,omitempty"`    // samples; 0: the card's
	Window int    `yaml:"window,omitempty"` // samples; 0: the card's
	// FirstFrame is the centre of frame 0 in samples; nil: the card's or, of a layer with a window of its own, the middle of that.
	FirstFrame *int `yaml:"first_frame,omitempty" json:",omitempty"`
	// ChannelsFirst says that the tensor is [1, units, frames].
	ChannelsFirst bool `yaml:"channels_first,omitempty"`
}

// Source says where a part of the card was found ("sidecar", "metadata",
// "graph: ..."), by its YAML key; "" if it was not found.
func (c *Card) Source(key string) string { return c.source[key] }

func (c *Card) setSource(key, from string) {
	if c.source == nil {
		c.source = map[string]string{}
	}
	c.source[key] = from
}

// epsilon is the constant under the root of the normalisation.
func (c *Card) epsilon() float64 {
	if c.Epsilon == 0 {
		return 1e-7
	}
	return c.Epsilon
}

// patches is the number of rows of one time step.
func (c *Card) patches() int { return max(c.Patches, 1) }

// Frames is the number of rows that the numbered layers have for an utterance
// of so many samples at the card's rate: floor((n - Window) / Hop) + 1 in the
// plain case, 0 if it is too short. Text models have one row a token, so n
// itself comes back.
func (c *Card) Frames(samples int) int { return c.LayerFrames(LayerOutput{}, samples) }

// LayerFrames is Frames for one layer: the convolutional layers run at rates of
// their own.
func (c *Card) LayerFrames(l LayerOutput, samples int) int {
	if c.Kind == Text {
		return samples
	}
	hop, window := c.steps(l)
	if hop <= 0 {
		return 0
	}
	frames := 0
	for _, n := range c.chunks(samples) {
		switch {
		case c.Partial && n > 0:
			frames += (n + hop - 1) / hop
		case n >= max(window, 1):
			frames += (n-window)/hop + 1
		}
	}
	return frames * c.patches()
}

// least is how many samples of an utterance make a frame.
func (c *Card) least() int { return max(c.Window, c.MinChunk, 1) }

func (c *Card) steps(l LayerOutput) (hop, window int) {
	hop, window = c.Hop, c.Window
	if l.Hop > 0 {
		hop = l.Hop
	}
	if l.Window > 0 {
		window = l.Window
	}
	return hop, window
}

// chunks cuts an utterance into the lengths that are encoded one by one.
func (c *Card) chunks(samples int) []int {
	if c.Chunk <= 0 || samples <= c.Chunk {
		if samples < c.MinChunk {
			return nil
		}
		return []int{samples}
	}
	var out []int
	for ; samples > c.Chunk; samples -= c.Chunk {
		out = append(out, c.Chunk)
	}
	if samples >= c.MinChunk {
		out = append(out, samples)
	}
	return out
}

// Padded is how many samples the model encodes in the place of an utterance of so many.
func (c *Card) Padded(samples int) int {
	if c.Padding == PaddingChunk && c.Chunk > 0 {
		return (samples + c.Chunk - 1) / c.Chunk * c.Chunk
	}
	return samples
}

// Centre is the time that a row stands for, in samples of the card's rate: the
// middle of its window, or FirstFrame + Hop*frame. The
// rows of one time step (Patches) share their centre.
func (c *Card) Centre(frame int) int { return c.LayerCentre(LayerOutput{}, frame) }

// LayerCentre is Centre for one layer.
func (c *Card) LayerCentre(l LayerOutput, frame int) int {
	hop, _ := c.steps(l)
	step := frame / c.patches()
	start := 0
	if c.Chunk > 0 && hop > 0 {
		whole := c.LayerFrames(l, c.Chunk) / c.patches()
		if whole > 0 {
			start = step / whole * c.Chunk
			step %= whole
		}
	}
	return start + step*hop + c.first(l)
}

// first is the centre of the first row of a layer.
func (c *Card) first(l LayerOutput) int {
	switch {
	case l.FirstFrame != nil:
		return *l.FirstFrame
	case c.FirstFrame != nil && l.Window == 0:
		return *c.FirstFrame
	}
	_, window := c.steps(l)
	return window / 2
}

// Layer returns the layer of that name.
func (c *Card) Layer(name string) (LayerOutput, bool) {
	for _, l := range c.Layers {
		if l.Name == name {
			return l, true
		}
	}
	return LayerOutput{}, false
}

// problems lists what is missing or contradictory, each with the YAML key that
// mends it.
func (c *Card) problems() []string {
	var p []string
	add := func(format string, args ...any) { p = append(p, fmt.Sprintf(format, args...)) }
	oneOf := func(key, value string, choices ...string) {
		for _, choice := range choices {
			if value == choice {
				return
			}
		}
		if value == "" {
			add("%s is not known: write %s: %s", key, key, strings.Join(choices, " or "+key+": "))
			return
		}
		add("%s: %q is not one of %s", key, value, strings.Join(choices, ", "))
	}
	oneOf("kind", c.Kind, Audio, Text)
	if c.Kind == Audio {
		oneOf("normalize", c.Normalize, ZeroMeanUnit, NormalizeNone)
		if c.FrontEnd != FrontEndNone {
			oneOf("front_end", c.FrontEnd, frontEnds...)
		}
		if c.Padding != "" {
			oneOf("padding", c.Padding, PaddingNone, PaddingChunk)
		}
		if c.Padding == PaddingChunk && c.Chunk <= 0 {
			add("padding is to a chunk, and chunk is not known: write chunk: NUMBER (samples)")
		}
		positive := []struct {
			key, unit string
			value     int
		}{{"sample_rate", "Hz", c.SampleRate}, {"hop", "samples", c.Hop}, {"window", "samples", c.Window}}
		if c.FirstFrame != nil && c.Window == 0 { // the padding alone makes the first frame
			positive = positive[:2]
		}
		for _, v := range positive {
			if v.value <= 0 {
				add("%s is not known: write %s: NUMBER (%s)", v.key, v.key, v.unit)
			}
		}
	}
	if c.Input == "" {
		add("input is not known: write input: NAME of the graph's input")
	}
	if len(c.Layers) == 0 {
		add("no layers are known: write layers: [{name: \"0\", tensor: NAME}, ...]")
	}
	p = append(p, repeated("layers", c.Layers)...)
	return append(p, repeated("attentions", c.Attentions)...)
}

func repeated(key string, list []LayerOutput) []string {
	var p []string
	seen := map[string]bool{}
	for _, l := range list {
		switch {
		case l.Name == "" || l.Tensor == "":
			p = append(p, fmt.Sprintf("%s: every entry needs a name and a tensor", key))
		case seen[l.Name]:
			p = append(p, fmt.Sprintf("%s: %q occurs twice", key, l.Name))
		}
		seen[l.Name] = true
	}
	return p
}
