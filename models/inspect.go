package models

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"speechsim/models/internal/layers"
	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// Inspection is what the program would do with a model file, and from where it
// knows.
type Inspection struct {
	Path       string
	Bytes      int64    // of the file
	External   []string // files with its weights
	Digest     string   // as Model.Digest
	Producer   string
	Opset      int64
	Nodes      int
	Parameters int64 // numbers in floating-point weights
	Inputs     []Port
	Outputs    []Port
	Card       *Card
	Missing    []string // what a card has to say before the model can run
	Warnings   []string
}

// Port is an input or output of the graph. Shape has -1 where a dimension
// depends on the input.
type Port struct {
	Name, Element string
	Shape         []int64
}

// Inspect reads a model file without running it. An error says that the program
// can do nothing with the file, and why; what a card could still mend is in
// Missing. What was read before the error is returned with it.
func Inspect(path string) (*Inspection, error) {
	file, err := mapFile(path, 0)
	if err != nil {
		return nil, err
	}
	defer file.close()
	scan, err := scanModel(path, file)
	if err != nil {
		return nil, err
	}
	if err := checkExternal(path, scan); err != nil {
		return nil, err
	}
	in := &Inspection{Path: path, Bytes: int64(len(file.data)), External: externalFiles(path, scan), Card: new(Card),
		Producer: strings.TrimSpace(scan.Producer + " " + scan.ProducerVersion), Opset: scan.Opsets[""], Nodes: len(scan.Graph.Nodes)}
	for _, f := range in.External {
		info, err := os.Stat(f)
		if err != nil {
			return in, err
		}
		in.Bytes += info.Size()
	}
	for i := range scan.Graph.Initializers {
		if w := &scan.Graph.Initializers[i]; isFloat(w.Element) {
			in.Parameters += w.Elements()
		}
	}
	if in.Digest, err = digest(path, scan); err != nil {
		return in, err
	}
	in.Card, err = assembleCard(path, scan, nil)
	in.describe(scan)
	if err != nil {
		return in, err
	}
	in.Missing = in.Card.problems()
	return in, nil
}

func isFloat(element int) bool {
	switch ort.Element(element) {
	case ort.Float32, ort.Float16, ort.Float64:
		return true
	}
	return false
}

func (in *Inspection) describe(scan *onnxproto.Model) {
	x := layers.Index(&scan.Graph)
	for _, v := range fedInputs(&scan.Graph) {
		in.Inputs = append(in.Inputs, Port{v.Name, ort.Element(v.Element).String(), v.Dims})
	}
	used := map[string]bool{}
	for _, l := range slices.Concat(in.Card.Layers, in.Card.Attentions) {
		used[l.Tensor] = true
	}
	var ignored []string
	for _, v := range scan.Graph.Outputs {
		in.Outputs = append(in.Outputs, Port{v.Name, ort.Element(v.Element).String(), v.Dims})
		if !used[v.Name] {
			ignored = append(ignored, v.Name)
		}
	}
	warn := func(format string, args ...any) { in.Warnings = append(in.Warnings, fmt.Sprintf(format, args...)) }
	if len(ignored) > 0 {
		warn("outputs that are no layer and are ignored: %s", strings.Join(ignored, ", "))
	}
	in.Warnings = slices.Concat(in.Warnings, in.Card.doubts, in.Card.warnings)
	if len(in.Card.Attentions) == 0 && in.Card.noMaps != "" {
		warn("no attention maps: %s", in.Card.noMaps)
	}
	if in.Card.Kind == Audio && x.GroupNorm() {
		warn("a group norm runs over time: utterances are never padded, since that would change the features of real frames")
	}
	for _, l := range in.Card.Layers {
		if n, ok := strings.CutSuffix(l.Name, ".prenorm"); ok {
			warn("layer %s is after the final layer norm, %s before it", n, l.Name)
		}
	}
	if disagreement := x.Disagreement(in.Card.Input); disagreement != "" {
		warn("%s", disagreement)
	}
}

// Inspect is [Inspect] that also runs the model once, if its card is complete,
// and so fills in units and heads.
func (r *Runtime) Inspect(path string) (*Inspection, error) {
	in, err := Inspect(path)
	if err != nil || len(in.Missing) > 0 {
		return in, err
	}
	attentions := []string{"all"}
	if len(in.Card.Attentions) == 0 {
		attentions = []string{}
	}
	m, err := r.Load(path, Options{Layers: []string{"all"}, Attentions: attentions})
	if err != nil {
		return in, err
	}
	in.Card = m.card
	return in, m.Close()
}

// Write prints the inspection.
func (in *Inspection) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(key, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", key, fmt.Sprintf(format, args...)) }
	c := in.Card
	line("file", "%s", in.Path)
	line("sha256", "%s", in.Digest)
	line("size", "%.1f MB, %d parameters, %d nodes", float64(in.Bytes)/1e6, in.Parameters, in.Nodes)
	line("made by", "%s, opset %d", cmp.Or(in.Producer, "unknown"), in.Opset)
	for _, f := range in.External {
		line("weights in", "%s", f)
	}
	for _, p := range in.Inputs {
		line("input", "%s %s %v%s", p.Name, p.Element, p.Shape, role(p.Name, c))
	}
	sourced := func(key, format string, args ...any) {
		if from := c.Source(key); from != "" {
			line(key, "%s\t%s", fmt.Sprintf(format, args...), from)
		}
	}
	sourced("kind", "%s", c.Kind)
	sourced("family", "%s", c.Family)
	sourced("sample_rate", "%d Hz", c.SampleRate)
	sourced("hop", "%d samples", c.Hop)
	sourced("window", "%d samples", c.Window)
	if c.FirstFrame != nil {
		sourced("first_frame", "centred at sample %d", *c.FirstFrame)
	}
	sourced("normalize", "%s", c.Normalize)
	sourced("front_end", "%s", c.FrontEnd)
	sourced("chunk", "%d samples", c.Chunk)
	sourced("padding", "%s", c.Padding)
	sourced("vocabulary", "%d", c.Vocabulary)
	sourced("max_tokens", "%d", c.MaxTokens)
	for _, l := range c.Layers {
		from := cmp.Or(c.Source("layer "+l.Name), c.Source("layers"))
		line("layer "+l.Name, "%s%s\t%s", l.Tensor, size(l.Units, "units"), from)
	}
	for _, l := range c.Attentions {
		line("attention "+l.Name, "%s%s\t%s", l.Tensor, size(cmp.Or(l.Heads, c.Heads), "heads"), c.Source("attentions"))
	}
	for _, note := range c.Notes {
		line("note", "%s", note)
	}
	for _, warning := range in.Warnings {
		line("warning", "%s", warning)
	}
	for _, missing := range in.Missing {
		line("missing", "%s", missing)
	}
	return t.Flush()
}

func size(n int, unit string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d %s", n, unit)
}

func role(input string, c *Card) string {
	switch input {
	case c.Input:
		return "  (the utterance)"
	case c.Mask:
		return "  (mask)"
	case c.TokenTypes:
		return "  (segment ids, zero)"
	}
	return "  (unknown: name it in the card)"
}
