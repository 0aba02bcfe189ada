package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/metrics"
	"speechsim/models"
	"speechsim/models/vectors"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/tokenizer"
)

// Options are what the command line adds to a config.
type Options struct {
	Workers  int    // utterances in the models at once, and threads of the products; 0 = the cores
	Runs     string // folder of the run directories, "" = the config's, else runs in the working directory
	Store    string // folder of the store, "" = the config's, else store in the working directory
	Strict   bool   // an input that would be skipped fails the run before it begins
	Cards    bool   // models whose files are not there are known by their cards, for Estimate alone
	Progress progress.Reporter
}

// Plan is a config made ready to run: everything is opened, checked and counted, nothing is computed.
type Plan struct {
	Config *configs.Config
	Corpus *corpus.Corpus
	Check  *corpus.Report
	RunDir string

	opts        Options
	comparisons []*comparison
	store       *extract.Store
	digests     *extract.Digests
	runtime     *models.Runtime
	gpuProducts *models.Products // nil where the CPU multiplies
	gpuOff      float64          // how far they are from double precision
	backend     metrics.Backend
	sources     []*extract.Source
	deviations  map[string]models.Deviation // of the models on a GPU, by name
	parts       []part
	samples     []int // length of each utterance at the corpus rate, -1 where the audio can't be read
	unreadable  []extract.Failure
	candidates  map[string]*extract.Table // by tier: word, phone
	lexicon     *tokenizer.Lexicon        // nil without one
	fingerprint fingerprint
	bases       []*basis
	pooled      map[poolKey]*pooledRows
	discards    bool     // the moments of a walk are measured after it, and not kept
	merges      bool     // what shards left
	finished    *Outcome // the outcome of a run that was already complete
}

// Prepare opens and checks all that a run needs. When the run directory already holds the results of the very same config
// and inputs, only that is found out, and [Plan.Run] returns at once.
func Prepare(ctx context.Context, cfg *configs.Config, o Options) (*Plan, error) {
	p, err := openPlan(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	stamp, err := p.stamp()
	if err != nil {
		return nil, err
	}
	if p.finished = p.findFinished(stamp); p.finished != nil {
		return p, nil
	}
	if err := p.open(ctx); err != nil {
		p.Close()
		return nil, err
	}
	p.fingerprint.Stamp = stamp
	return p, nil
}

// newPlan looks up what the config names.
func newPlan(cfg *configs.Config, o Options) (*Plan, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Progress == nil {
		o.Progress = progress.Quiet{}
	}
	comparisons, err := resolve(cfg)
	return &Plan{Config: cfg, opts: o, comparisons: comparisons, candidates: map[string]*extract.Table{}, pooled: map[poolKey]*pooledRows{}}, err
}

// openPlan is newPlan, with the files of the models looked for, and the corpus and the store opened.
func openPlan(ctx context.Context, cfg *configs.Config, o Options) (*Plan, error) {
	p, err := newPlan(cfg, o)
	if err != nil {
		return nil, err
	}
	if err := p.checkFiles(); err != nil {
		return nil, err
	}
	p.RunDir = filepath.Join(cmp.Or(o.Runs, cfg.Path(cfg.Runs), "runs"), cfg.Name)
	if p.Corpus, err = corpus.Open(ctx, corpusSpec(cfg)); err != nil {
		return nil, err
	}
	return p, p.openStore()
}

func (p *Plan) openStore() error {
	var err error
	if p.store, err = extract.OpenStore(cmp.Or(p.opts.Store, p.Config.Path(p.Config.Store.Folder), "store")); err == nil {
		p.digests = p.store.Digests()
	}
	return err
}

// open does what needs the labels, the audio headers and the models.
func (p *Plan) open(ctx context.Context) error {
	if err := p.checkCorpus(ctx); err != nil {
		return err
	}
	var err error
	if p.lexicon, err = loadLexicon(p.Config, p.vocabulary()); err != nil {
		return err
	}
	if err := p.openBackend(); err != nil {
		return err
	}
	if err := p.openProducts(ctx); err != nil {
		return err
	}
	if err := p.loadSources(); err != nil {
		return err
	}
	if err := p.measureDeviations(ctx); err != nil {
		return err
	}
	p.parts = partition(p.Corpus)
	if err := p.takeFingerprint(ctx); err != nil {
		return err
	}
	if err := p.makeBases(); err != nil {
		return err
	}
	if err := p.checkPublished(); err != nil {
		return err
	}
	return p.digests.Save()
}

// Close gives everything back.
func (p *Plan) Close() {
	p.releaseModels()
	if p.gpuProducts != nil {
		p.gpuProducts.Close()
	}
	if p.runtime != nil {
		p.runtime.Close()
	}
}

// releaseModels gives the memory of the models back, and that of what was made while they ran: once all are heard, what is left
// needs their cards alone.
func (p *Plan) releaseModels() {
	for _, s := range p.sources {
		if s != nil && s.Model != nil {
			s.Model.Close()
		}
	}
	debug.FreeOSMemory()
}

// checkFiles finds missing files before the corpus is read.
func (p *Plan) checkFiles() error {
	var errs configs.Errors
	missing := func(at configs.Pos, whose, what, file string) {
		path := p.Config.Path(file)
		if info, err := os.Stat(path); err != nil {
			if what == "onnx" && p.knownByCard(path) {
				return
			}
			errs = append(errs, p.Config.Errorf(at, "%s%s: %s can't be opened: %v", whose, what, path, errors.Unwrap(err)))
		} else if info.IsDir() {
			errs = append(errs, p.Config.Errorf(at, "%s%s: %s is a folder; a file is wanted", whose, what, path))
		}
	}
	for i := range p.Config.Models {
		m := &p.Config.Models[i]
		for key, file := range map[string]string{"onnx": m.ONNX, "vectors": m.Vectors, "card": m.Card, "vocabulary": m.Vocabulary} {
			if file == "" {
				continue
			}
			missing(m.Pos, fmt.Sprintf("model %q: ", m.Name), key, file)
		}
	}
	if l := p.Config.Corpus.Lexicon; l != nil {
		missing(l.Pos, "", "corpus.lexicon", l.File)
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// openOnly lets the models go that are not among the sources, and loads those again that are and were let go.
func (p *Plan) openOnly(sources []int) (err error) {
	for i, s := range p.sources {
		switch wanted := slices.Contains(sources, i); {
		case s.Model == nil:
		case !wanted:
			s.Model.Close()
		case s.Model.Closed():
			if s.Model, err = p.openModel(&p.Config.Models[i]); err != nil {
				return err
			}
		}
	}
	debug.FreeOSMemory()
	return nil
}

// knownByCard says whether a model whose file is not there is planned with, by its card.
func (p *Plan) knownByCard(onnx string) bool {
	return p.opts.Cards && files.Exists(models.SidecarPath(onnx))
}

// absent names the models that are known by their cards alone.
func (p *Plan) absent() (names []string) {
	for _, s := range p.sources {
		if s.Model != nil && s.Model.Described() {
			names = append(names, s.Name)
		}
	}
	return names
}

// tiers are the tiers of the alignments that the run needs: for the rows of a comparison, or for labels in the place of a model.
func (p *Plan) tiers() []string {
	needed := map[string]bool{}
	for _, k := range p.comparisons {
		if k.onSegments() {
			needed[k.Rows.Unit] = true
		}
		needed["phone"] = needed["phone"] || k.alignedPhones(p.Config)
	}
	for _, m := range p.Config.Models {
		needed[extract.LabelTier(m.Labels)] = true
	}
	if l := p.Config.Corpus.Lexicon; l != nil && l.Choice == string(tokenizer.Nearest) {
		needed["word"], needed["phone"] = true, true
	}
	var out []string
	for _, tier := range []string{"word", "phone"} {
		if needed[tier] {
			out = append(out, tier)
		}
	}
	return out
}

// hears says whether any model of the config hears audio.
func (p *Plan) hears() bool {
	for _, s := range p.sources {
		if s.IsAudio() {
			return true
		}
	}
	return false
}

// Seconds is the length of the audio that can be read.
func (p *Plan) Seconds() float64 {
	total := 0
	for _, n := range p.samples {
		total += max(n, 0)
	}
	return float64(total) / float64(p.Corpus.Spec.Audio.Rate)
}

// openBackend opens the linear algebra.
func (p *Plan) openBackend() error {
	backend, note, err := native.OpenBackend(p.Config.Path(p.Config.Libraries.OpenBLAS))
	if note != "" {
		p.opts.Progress.Note("%s", note)
	}
	p.backend = backend
	return err
}

// loadSources opens the runtime and the models.
func (p *Plan) loadSources() error {
	var err error
	p.sources = make([]*extract.Source, len(p.Config.Models))
	for i := range p.Config.Models {
		if p.sources[i], err = p.loadSource(&p.Config.Models[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) loadSource(m *configs.Model) (*extract.Source, error) {
	s := &extract.Source{Name: m.Name}
	if m.Labels != "" {
		var err error
		if s.Labels, err = extract.NewLabels(m.Labels, p.Corpus, p.candidates[extract.LabelTier(m.Labels)], p.onFrames(m.Name)); err != nil {
			return nil, p.Config.Errorf(m.Pos, "model %q: %v", m.Name, err)
		}
		return s, nil
	}
	if m.Vectors != "" {
		path := p.Config.Path(m.Vectors)
		digest, err := p.digests.File(path)
		if err != nil {
			return nil, err
		}
		found, err := vectors.OpenCached(path, p.vocabulary(), p.store.Dir, digest)
		if err != nil {
			return nil, err
		}
		s.Vectors = found
		return s, nil
	}
	model, err := p.openModel(m)
	if err != nil {
		return nil, err
	}
	s.Model = model
	if model.Card().Kind == models.Text {
		if s.Text, err = loadTokenizer(p.Config, m, model.Card()); err != nil {
			model.Close()
			return nil, err
		}
	}
	return s, nil
}

// openModel loads a model, or reads its card where plans make do with that.
func (p *Plan) openModel(m *configs.Model) (*models.Model, error) {
	path := p.Config.Path(m.ONNX)
	if !files.Exists(path) && p.knownByCard(path) {
		o, err := modelOptions(p.Config, m, p.needsAttention(m.Name))
		if err != nil {
			return nil, err
		}
		return models.Describe(path, o)
	}
	rt, err := p.openRuntime()
	if err != nil {
		return nil, err
	}
	return loadModel(rt, p.Config, m, p.needsAttention(m.Name))
}

// onFrames says whether a comparison has the model on frames.
func (p *Plan) onFrames(model string) bool {
	return slices.ContainsFunc(p.comparisons, func(k *comparison) bool {
		return k.Rows.Unit == "frame" && (slices.Contains(k.X, model) || slices.Contains(k.Y, model))
	})
}

func (p *Plan) needsAttention(model string) bool {
	for _, k := range p.comparisons {
		if !k.hasAttention() {
			continue
		}
		for _, s := range k.sources {
			if p.Config.Models[s].Name == model {
				return true
			}
		}
	}
	return false
}

// describeLayers names the layers of the sources for messages.
func describeSource(s *extract.Source) string {
	layers := s.Layers()
	if len(layers) == 1 {
		return fmt.Sprintf("%s (1 layer of %d)", s.Name, layers[0].Units)
	}
	return fmt.Sprintf("%s (%d layers, %s to %s)", s.Name, len(layers), layers[0].Name, layers[len(layers)-1].Name)
}
