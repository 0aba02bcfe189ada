package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/study"
)

// Options are what the command line adds to a config.
type Options struct {
	Workers  int    // utterances in the models at once, and threads of the products; 0 = the cores
	Runs     string // folder of the run directories, "" = the config's, else runs in the working directory
	Store    string // folder of the store, "" = the config's, else store in the working directory
	Strict   bool   // an input that would be skipped fails the run before it begins
	Replace  bool   // the finished run of another config in the run's folder may be replaced
	Shared   bool   // others may be at the same run, as shards are, which leave their work in the store alone
	Cards    bool   // models whose files are not there are known by their cards, for a forecast alone
	Progress progress.Reporter
}

// Files is where everything lies: nothing is read yet but the list of utterances.
type Files struct {
	*study.Study
	Options
	Corpus  *corpus.Corpus
	Store   *store.Store
	Digests *store.Digests
	RunDir  string
	Stamp   string // of the config and of the state of all input files: the same as long as nothing changed
}

// Locate looks for the files that a study names, lists the utterances of its corpus and opens its store.
func Locate(ctx context.Context, st *study.Study, o Options) (*Files, error) {
	if err := CheckFiles(st, o); err != nil {
		return nil, err
	}
	if file := files.InTheWay(RunDir(st.Config, o)); file != "" {
		return nil, fmt.Errorf("%s is a file, and the folder of the run would have to be there: give the run another name, or another folder with --runs", file)
	}
	if file := files.InTheWay(StoreDir(st.Config, o)); file != "" {
		return nil, fmt.Errorf("%s is a file, and the folder of the store would have to be there: give another folder with --store", file)
	}
	f, err := OpenCorpus(ctx, st, o)
	if err != nil {
		return nil, err
	}
	if err := f.OpenStore(); err != nil {
		return nil, err
	}
	f.Stamp, err = f.stamp()
	return f, err
}

// OpenCorpus lists the utterances of a study's corpus, and leaves the rest of the files alone.
func OpenCorpus(ctx context.Context, st *study.Study, o Options) (*Files, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Progress == nil {
		o.Progress = progress.Quiet{}
	}
	f := &Files{Study: st, Options: o, RunDir: RunDir(st.Config, o)}
	var err error
	if f.Corpus, err = corpus.Open(ctx, corpusSpec(st.Config)); err != nil && ctx.Err() == nil {
		cfg := st.Config
		how := ""
		if root := corpusSpec(cfg); !files.Exists(cmp.Or(root.Root, root.Table)) {
			how = howToGet(cfg, fetched)
		}
		err = cfg.Errorf(cfg.Corpus.At(err), "%v%s", err, how)
	}
	return f, err
}

// RunDir is the folder of a config's run.
func RunDir(cfg *configs.Config, o Options) string {
	return filepath.Join(cmp.Or(o.Runs, cfg.Path(cfg.Runs), "runs"), cfg.Name)
}

// StoreDir is the folder of a config's store.
func StoreDir(cfg *configs.Config, o Options) string {
	return cmp.Or(o.Store, cfg.Path(cfg.Store.Folder), "store")
}

// OpenStore opens the store, which remembers digests of files too.
func (f *Files) OpenStore() error {
	var err error
	if f.Store, err = store.Open(StoreDir(f.Config, f.Options)); err == nil {
		f.Digests = f.Store.Digests()
	}
	return err
}

// fetched is how many a corpus and many word vectors are got.
const fetched = "`pipeline fetch %s` gets it, or says how it is got"

// howToGet is the end of a message about what is missing: what the config says of it, or else another way to get it, of which "" is none.
func howToGet(cfg *configs.Config, otherwise string) string {
	switch {
	case cfg.Get != "":
		return "; " + cfg.Get
	case otherwise != "":
		return "; " + fmt.Sprintf(otherwise, cfg.File)
	}
	return ""
}

// CheckFiles finds missing files of models and of the lexicon before the corpus is read.
func CheckFiles(st *study.Study, o Options) error {
	cfg := st.Config
	var errs configs.Errors
	missing := func(at configs.Pos, whose, what, file string) {
		path := cfg.Path(file)
		if what == "onnx" {
			if err := models.Usable(path); err != nil && !(errors.Is(err, fs.ErrNotExist) && o.knownByCard(path)) {
				how := ""
				if errors.Is(err, fs.ErrNotExist) {
					how = howToGet(cfg, "")
				}
				errs = append(errs, cfg.Errorf(at, "%s%s: %v%s", whose, what, err, how))
			}
		} else if info, err := os.Stat(path); err != nil {
			how := ""
			if what == "vectors" {
				how = fetched
			}
			errs = append(errs, cfg.Errorf(at, "%s%s: %s can't be opened: %v%s", whose, what, path, errors.Unwrap(err), howToGet(cfg, how)))
		} else if info.IsDir() && what != "features" && what != "vocabulary" {
			errs = append(errs, cfg.Errorf(at, "%s%s: %s is a folder; a file is wanted", whose, what, path))
		}
	}
	for i := range cfg.Models {
		m := &cfg.Models[i]
		for _, k := range []struct{ key, file string }{{"onnx", m.ONNX}, {"vectors", m.Vectors}, {"features", m.Features}, {"card", m.Card}, {"vocabulary", m.Vocabulary}} {
			if k.file != "" {
				missing(m.Pos.Of(k.key), fmt.Sprintf("model %q: ", m.Name), k.key, k.file)
			}
		}
	}
	errs = append(errs, checkCheckpoints(cfg)...)
	if l := cfg.Corpus.Lexicon; l != nil {
		missing(l.Pos.Of("file"), "", "corpus.lexicon", l.File)
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// knownByCard says whether a model whose file is not there is planned with, by its card.
func (o Options) knownByCard(onnx string) bool {
	return o.Cards && files.Exists(models.SidecarPath(onnx))
}

// Numbers is how the store keeps numbers.
func (f *Files) Numbers() store.Numbers { return store.Numbers(f.Config.Store.Numbers) }
