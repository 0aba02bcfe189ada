package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/models/vectors"
	"speechsim/pipeline/features"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
	"speechsim/pipeline/vocabulary"
)

// Models are the models of a study. Their weights are the one thing that comes and goes: once all passes over the audio are
// made, what is left needs their cards alone.
type Models struct {
	Sources    []*extract.Source           // of each model of the config
	Deviations map[string]models.Deviation // of the models on a GPU, by name
	Features   []*features.Set             // of each model of the config, nil where it is no features

	files   *Files
	runtime *models.Runtime
}

// OpenModels opens the models alone, without the linear algebra: enough to know which rows they serve. sets are what
// [OpenFeatures] gave; whatever comes of it, the models close them.
func OpenModels(ctx context.Context, f *Files, s *Speech, sets []*features.Set) (*Models, error) {
	m := &Models{files: f, Features: sets}
	if err := m.open(ctx, s); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Runtime opens ONNX Runtime, once.
func (m *Models) Runtime() (*models.Runtime, error) {
	if m.runtime == nil {
		rt, err := native.OpenRuntime(m.files.Config.Path(m.files.Config.Libraries.ONNXRuntime))
		if err != nil {
			return nil, err
		}
		m.runtime = rt
	}
	return m.runtime, nil
}

// RuntimeVersion is that of ONNX Runtime, "" where no model needs it.
func (m *Models) RuntimeVersion() string {
	if m.runtime == nil {
		return ""
	}
	return m.runtime.Version()
}

// open opens all models of the config.
func (m *Models) open(ctx context.Context, s *Speech) (err error) {
	list := m.files.Config.Models
	if err := m.files.checkImports(); err != nil {
		return err
	}
	m.Sources = make([]*extract.Source, len(list))
	for i := range list {
		if m.Sources[i], err = m.source(ctx, i, s); err != nil {
			return err
		}
	}
	return nil
}

func (m *Models) source(ctx context.Context, i int, speech *Speech) (*extract.Source, error) {
	f, asked := m.files, &m.files.Config.Models[i]
	s := &extract.Source{Name: asked.Name}
	switch {
	case asked.Features != "":
		s.Features = extract.NewFeatures(m.Features[i], asked.Hop, asked.Offset)
		return s, nil
	case asked.Labels != "":
		var err error
		if s.Labels, err = extract.NewLabels(asked.Labels, f.Corpus, speech.Segments[extract.LabelTier(asked.Labels)], f.OnFrames(asked.Name)); err != nil {
			return nil, f.Config.Errorf(asked.Pos.Of("labels"), "model %q: %v", asked.Name, err)
		}
		return s, nil
	case asked.Vectors != "":
		path := f.Config.Path(asked.Vectors)
		digest, err := f.Digests.File(path)
		if err != nil {
			return nil, err
		}
		words := speech.Vocabulary()
		if s.Vectors, err = vectors.OpenCached(path, words, f.Store.Dir, digest, corpus.WordType); err != nil {
			return nil, err
		}
		known := func(word string) bool { _, ok := s.Vectors.Vector(word); return ok }
		if all := slices.Sorted(maps.Keys(words)); len(all) > 0 && !slices.ContainsFunc(all, known) {
			return nil, f.Config.Errorf(asked.Pos.Of("vectors"), "model %q: %s has no vector for any of the %s of the corpus, such as %q: are its words of another language, or written in another way (/c/en/the, the_DT)?",
				asked.Name, asked.Vectors, text.Count(len(words), "word", "words"), all[0])
		}
		return s, nil
	}
	model, err := m.model(ctx, asked)
	if err != nil {
		return nil, err
	}
	s.Model = model
	for _, doubt := range model.Doubts() {
		f.Progress.Note("model %q: %s", asked.Name, doubt)
	}
	if model.Card().Kind == models.Text {
		if s.Text, err = vocabulary.Open(f.Config, asked, model.Card()); err != nil {
			model.Close()
			return nil, err
		}
		if n := withoutText(f.Corpus); n > 0 {
			f.Progress.Note("%d of %d utterances have no transcript: the model %s reads the words of their alignments, without punctuation", n, len(f.Corpus.Utterances), asked.Name)
		}
	}
	return s, nil
}

// withoutText counts the utterances that have no transcript.
func withoutText(c *corpus.Corpus) (n int) {
	for i := range c.Utterances {
		if c.Utterances[i].Text == "" {
			n++
		}
	}
	return n
}

// model loads a model with the layers that the config chooses, or reads its card where a forecast makes do with that.
func (m *Models) model(ctx context.Context, asked *configs.Model) (*models.Model, error) {
	f := m.files
	path, err := f.modelFile(ctx, asked)
	if err != nil {
		return nil, err
	}
	o, err := m.modelOptions(asked)
	if err == nil && !files.Exists(path) && f.knownByCard(path) {
		model, err := models.Describe(path, o)
		return model, f.explainChoice(asked, err)
	}
	if err != nil {
		return nil, err
	}
	rt, err := m.Runtime()
	if err != nil {
		return nil, err
	}
	model, err := rt.Load(path, o)
	if err := f.explainChoice(asked, err); err != nil {
		return nil, err
	}
	return model, nil
}

// explainChoice says where in the config a choice of layers stands that the model does not have.
func (f *Files) explainChoice(asked *configs.Model, err error) error {
	var choice *models.ChoiceError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &choice):
		return f.Config.Errorf(asked.Pos.Of("layers"), "model %q: %v", asked.Name, choice)
	}
	return fmt.Errorf("model %q: %w", asked.Name, err)
}

// choice is the choice of layers of a model, nil where the config makes none.
func choice(asked *configs.Model) []string {
	if asked.Layers == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(asked.Layers, " ", ""), ",")
}

// modelOptions are what the config says of a model.
func (m *Models) modelOptions(asked *configs.Model) (models.Options, error) {
	o := models.Options{Name: asked.Name, Device: asked.Device, Precision: asked.Precision, Attentions: []string{}}
	if m.files.NeedsAttention(asked.Name) {
		o.Attentions = nil
	}
	o.Layers = choice(asked)
	var err error
	if asked.Card != "" {
		o.Card, err = models.ReadCardFile(m.files.Config.Path(asked.Card))
	}
	return o, err
}

// measureDeviations says of every model that does not run in float32 on the CPU how far it is from that. A run with such
// models tells it in its manifest and on its page.
func (m *Models) measureDeviations(ctx context.Context) error {
	m.Deviations = map[string]models.Deviation{}
	for i := range m.files.Config.Models {
		asked := &m.files.Config.Models[i]
		if asked.Device != models.CUDA || m.Sources[i].Model.Described() {
			continue
		}
		o, err := m.modelOptions(asked)
		if err != nil {
			return err
		}
		d, err := m.runtime.Deviation(ctx, m.Sources[i].Model, o)
		if err != nil {
			return fmt.Errorf("model %q: %w", asked.Name, err)
		}
		m.Deviations[asked.Name] = d
		m.files.Progress.Note("model %q on the GPU in %s %v", asked.Name, cmp.Or(asked.Precision, models.Float32), d)
	}
	return nil
}

// Only lets the models go that are not among some sources, and loads those again that are and were let go.
func (m *Models) Only(ctx context.Context, sources []int) (err error) {
	for i, s := range m.Sources {
		switch wanted := slices.Contains(sources, i); {
		case s.Model == nil:
		case !wanted:
			s.Model.Close()
		case s.Model.Closed():
			if s.Model, err = m.model(ctx, &m.files.Config.Models[i]); err != nil {
				return err
			}
		}
	}
	debug.FreeOSMemory()
	return nil
}

// Release gives the memory of the models back, and that of what was made while they ran.
func (m *Models) Release() {
	for _, s := range m.Sources {
		if s != nil && s.Model != nil {
			s.Model.Close()
		}
	}
	debug.FreeOSMemory()
}

// Close gives everything back.
func (m *Models) Close() {
	m.Release()
	m.closeFiles()
}

// closeFiles gives back what no pass lets go.
func (m *Models) closeFiles() {
	features.Close(m.Features)
	if m.runtime != nil {
		m.runtime.Close()
	}
}

// Absent names the models that are known by their cards alone.
func (m *Models) Absent() (names []string) {
	for _, s := range m.Sources {
		if s.Model != nil && s.Model.Described() {
			names = append(names, s.Name)
		}
	}
	return names
}

// All are the positions of the sources.
func (m *Models) All() []int {
	all := make([]int, len(m.Sources))
	for i := range all {
		all[i] = i
	}
	return all
}

// CountLayers counts the layers of all sources.
func (m *Models) CountLayers() int {
	n := 0
	for _, s := range m.Sources {
		n += len(s.Layers())
	}
	return n
}

// DescribeSource names a source and its layers.
func DescribeSource(s *extract.Source) string {
	layers := s.Layers()
	if len(layers) == 1 {
		return fmt.Sprintf("%s (1 layer of %d)", s.Name, layers[0].Units)
	}
	return fmt.Sprintf("%s (%d layers, %s to %s)", s.Name, len(layers), layers[0].Name, layers[len(layers)-1].Name)
}
