package models

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/models/internal/layers"
	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// Devices a model can run on.
const (
	CPU  = "cpu"
	CUDA = "cuda"
)

// Precisions of matrix products and convolutions; all else is float32 always.
const (
	Float32 = "float32"
	TF32    = "tf32" // CUDA only: inputs are rounded to 10 bits of mantissa
	FP16    = "fp16" // inputs and outputs of products are half precision (a CPU emulates it, slowly), convolutions as TF32
)

// Options of [Runtime.Load].
type Options struct {
	Name string // in messages; "" is the file's name without extension
	Card *Card  // wins over the sidecar, the metadata and the graph, key by key

	// Which outputs to compute: names, ranges ("0-6", "cnn.1-7"), groups ("cnn",
	// "prenorm", "all") or "last". nil means all numbered ones, empty none.
	// Nodes that no chosen output needs are left out of the graph.
	Layers, Attentions []string

	// Threads inside one Run, 0 means 1. Concurrent Runs fill a machine better, and
	// the number of threads, unlike that of Runs, changes the last bits.
	Threads int
	Device  string // CPU (also "") or CUDA
	// Precision is Float32 (also ""), TF32 or FP16. With the last two, values are
	// no longer within [Tolerance]; [Runtime.Deviation] says how far off they are.
	Precision string
}

// Model is a loaded model. Run may be called by several goroutines at once:
// they share one session, so the weights are in memory once.
type Model struct {
	name       string
	path       string
	card       *Card
	session    *ort.Session
	layers     []LayerOutput
	attentions []LayerOutput
	tensors    []string  // fetched: those of layers and attentions, each once
	forms      [][]int64 // of tensors: see shapes.go
	outputs    []string  // of the file's own graph
	digest     string
	nodes      [2]int  // of the graph that runs (without those that no chosen output needs), of the file
	widest     float64 // numbers that its widest convolution gives for each frame
	described  bool    // by its card alone
}

// Load opens the model at path for the outputs chosen in the options, and runs
// it once on a short input to see that the card fits. Errors say what was found
// in the file and what to do.
func (r *Runtime) Load(path string, o Options) (*Model, error) {
	plan, err := newPlan(path, o)
	if err != nil {
		return nil, err
	}
	defer plan.file.close()
	m := &Model{name: plan.name, path: path, card: plan.card, layers: plan.layers, attentions: plan.attentions, tensors: plan.tensors,
		widest: layers.Index(&plan.scan.Graph).WidestConvolution()}

	for _, out := range plan.scan.Graph.Outputs {
		m.outputs = append(m.outputs, out.Name)
	}

	type hashed struct {
		sum string
		err error
	}
	sum := make(chan hashed, 1)
	go func() {
		s, err := digest(path, plan.scan)
		sum <- hashed{s, err}
	}()
	m.session, err = r.session(plan, o)
	h := <-sum
	m.digest = h.sum
	if err == nil {
		err = h.err
	}
	if err == nil {
		m.nodes = [2]int{plan.edit.Nodes, len(plan.scan.Graph.Nodes)}
		err = m.probe()
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// plan is everything that is decided about a model before a session exists.
type plan struct {
	name, path string
	file       *mapping
	scan       *onnxproto.Model
	card       *Card
	layers     []LayerOutput
	attentions []LayerOutput
	tensors    []string
	edit       *onnxproto.Edit
	folder     string // from which the files with weights are read
}

// editRoom is the space for what edits append: outputs, rounded products, and ten
// thousand weights of a kilobyte that are in files of their own. What is not
// used takes no memory.
const editRoom = 1 << 24

func newPlan(path string, o Options) (*plan, error) {
	file, err := mapFile(path, editRoom)
	if err != nil {
		return nil, err
	}
	p := &plan{name: o.Name, path: path, file: file}
	if p.name == "" {
		p.name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if err := p.prepare(o); err != nil {
		return nil, errors.Join(err, file.close())
	}
	return p, nil
}

func (p *plan) prepare(o Options) error {
	var err error
	if p.scan, err = scanModel(p.path, p.file); err != nil {
		return err
	}
	if err := checkExternal(p.path, p.scan); err != nil {
		return err
	}
	if p.card, err = assembleCard(p.path, p.scan, o.Card); err != nil {
		return err
	}
	if problems := p.card.problems(); len(problems) > 0 {
		return fmt.Errorf("model %s: the card is not complete:\n  %s\nwrite these into %s (see docs/models.md)",
			p.name, strings.Join(problems, "\n  "), SidecarPath(p.path))
	}
	if p.layers, err = selectOutputs("layers", p.card.Layers, o.Layers); err != nil {
		return fmt.Errorf("model %s: %w", p.name, err)
	}
	if p.attentions, err = p.selectAttentions(o.Attentions); err != nil {
		return fmt.Errorf("model %s: %w", p.name, err)
	}
	for _, l := range slices.Concat(p.layers, p.attentions) {
		if !slices.Contains(p.tensors, l.Tensor) {
			p.tensors = append(p.tensors, l.Tensor)
		}
	}
	if len(p.tensors) == 0 {
		return fmt.Errorf("model %s: neither a layer nor an attention map is asked for", p.name)
	}
	if err := p.checkTensors(); err != nil {
		return err
	}
	p.edit = p.scan.Expose(p.tensors, true)
	if err := p.followLinks(); err != nil {
		return fmt.Errorf("model %s: %w", p.name, err)
	}
	return p.round(o)
}

// round makes the graph compute in the precision of the options, as far as that
// is the graph's affair.
func (p *plan) round(o Options) error {
	switch o.Precision {
	case "", Float32:
		return nil
	case TF32:
		if o.Device != CUDA {
			return fmt.Errorf("model %s: precision: tf32 is a mode of NVIDIA's GPUs: it needs device: cuda", p.name)
		}
		return nil
	case FP16:
		p.scan.Half(p.edit)
		return nil
	}
	return fmt.Errorf("model %s: precision: %q is not one of %s, %s, %s", p.name, o.Precision, Float32, TF32, FP16)
}

// selectAttentions is selectOutputs for a graph that may hide its attention: then
// asking for maps, be it for all, is an error with the reason.
func (p *plan) selectAttentions(choices []string) ([]LayerOutput, error) {
	if len(p.card.Attentions) == 0 && p.card.noMaps != "" && (choices == nil || len(choices) > 0) {
		return nil, fmt.Errorf("the attention maps cannot be computed, the layers alone can: %s", p.card.noMaps)
	}
	return selectOutputs("attentions", p.card.Attentions, choices)
}

// checkTensors sees that the graph has every tensor that the card names.
func (p *plan) checkTensors() error {
	producers := p.scan.Graph.Producers()
	for _, l := range slices.Concat(p.layers, p.attentions) {
		if _, ok := producers[l.Tensor]; ok {
			continue
		}
		var outputs []string
		for _, o := range p.scan.Graph.Outputs {
			outputs = append(outputs, o.Name)
		}
		return fmt.Errorf("model %s: the card (%s) puts layer %s at tensor %q, which is not in the graph; its outputs are %s",
			p.name, p.card.Source("layers"), l.Name, l.Tensor, strings.Join(outputs, ", "))
	}
	return nil
}

// session starts ONNX Runtime on the file, edited in memory where the outputs
// are not the file's own.
func (r *Runtime) session(p *plan, o Options) (*ort.Session, error) {
	options, err := r.sessionOptions(o)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", p.name, err)
	}
	model := ort.Model{Path: p.path, Inputs: p.inputs(), Outputs: p.tensors}
	if !p.edit.Empty() {
		if err := p.file.apply(p.edit); err != nil {
			return nil, fmt.Errorf("model %s: %w", p.name, err)
		}
		model.Bytes = p.file.data
		options.Config["session.model_external_initializers_file_folder_path"] = p.folder
	}
	s, err := r.lib.Session(model, options)
	if err != nil {
		return nil, r.explainLoad(p, o, err)
	}
	return s, nil
}

// inputs lists what has to be fed.
func (p *plan) inputs() []ort.Info {
	var list []ort.Info
	for _, in := range fedInputs(&p.scan.Graph) {
		list = append(list, ort.Info{Name: in.Name, Element: ort.Element(in.Element)})
	}
	return list
}

// explainLoad puts ONNX Runtime's reason into the terms of the file.
func (r *Runtime) explainLoad(p *plan, o Options, err error) error {
	hint := ""
	var e *ort.Error
	switch {
	case o.Device == CUDA:
		return fmt.Errorf("model %s: %w", p.name, explainCUDA(err))
	case errors.As(err, &e) && strings.Contains(e.Msg, "opset"):
		hint = fmt.Sprintf("\nthe file has opset %d; ONNX Runtime %s does not know it: export the model with opset 17", p.scan.Opsets[""], r.Version())
	case errors.As(err, &e) && e.MissingOperation():
		hint = "\nthis build of ONNX Runtime lacks an operation of the model: export it in float32 with opset 17"
	}
	return fmt.Errorf("model %s: ONNX Runtime %s cannot load %s: %w%s", p.name, r.Version(), p.path, err, hint)
}

func (m *Model) hasOutput(name string) bool { return slices.Contains(m.outputs, name) }

// Name is the name given in the options or the file's.
func (m *Model) Name() string { return m.name }

// Card describes the model: complete, with the units and heads that the model
// showed when it was loaded. It is shared: do not change it.
func (m *Model) Card() *Card { return m.card }

// Layers lists the layers that Run computes, in the order of Activations.
func (m *Model) Layers() []LayerOutput { return m.layers }

// Attentions lists the attention maps that Run computes.
func (m *Model) Attentions() []LayerOutput { return m.attentions }

// Digest is the SHA-256 of the file and of the files with its weights.
func (m *Model) Digest() string { return m.digest }

// Doubts are what speaks against the layers having the right numbers, in words.
func (m *Model) Doubts() []string { return m.card.doubts }

// Closed says that the session was released: Run fails, and what the model says of itself still holds.
func (m *Model) Closed() bool { return m.session == nil && !m.described }

// Close releases the session. No Run may be under way.
func (m *Model) Close() error {
	if m.session == nil {
		return nil
	}
	err := m.session.Close()
	m.session = nil
	return err
}

// probe runs the model on a short input, which shows a card that does not fit
// before long work starts, and fills in units and heads.
func (m *Model) probe() error {
	in := m.probeInput()
	a, err := m.Run(context.Background(), in)
	if err != nil {
		return fmt.Errorf("a test run on a short input failed: %w", err)
	}
	defer a.Close()
	for i, t := range a.Layers {
		if err := m.learnUnits(&m.layers[i], t.Shape[1]); err != nil {
			return err
		}
	}
	for _, t := range a.Attentions {
		if m.card.Heads != 0 && m.card.Heads != t.Shape[0] {
			return fmt.Errorf("model %s: the card says %d heads, attention %s has %d", m.name, m.card.Heads, t.Name, t.Shape[0])
		}
		m.card.Heads = t.Shape[0]
	}
	return nil
}

func (m *Model) learnUnits(l *LayerOutput, units int) error {
	if l.Units != 0 && l.Units != units {
		return fmt.Errorf("model %s: the card says %d units for layer %s, the model gives %d", m.name, l.Units, l.Name, units)
	}
	l.Units = units
	for i := range m.card.Layers {
		if m.card.Layers[i].Name == l.Name {
			m.card.Layers[i].Units = units
		}
	}
	return nil
}

// probeSteps is how many time steps the probe has: enough to tell the hop.
const probeSteps = 5

func (m *Model) probeInput() Input {
	c := m.card
	if c.Kind == Text {
		ids := make([]int64, probeSteps)
		for i := range ids {
			ids[i] = int64(min(i, max(c.Vocabulary-1, 0)))
		}
		return Input{IDs: ids}
	}
	n := max(c.Window+(probeSteps-1)*c.Hop, c.MinChunk)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%97)/97 - 0.5 // not constant, so normalisation is defined
	}
	return Input{Samples: x}
}
