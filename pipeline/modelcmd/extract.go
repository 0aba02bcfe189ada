package modelcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/pipeline/native"
)

// Extract is a job: the layers of a few audio files, without a corpus and without a config.
type Extract struct {
	Model     string
	Audio     []string
	Out       string // OUT/UTTERANCE/layer.NAME.npy, with the file's name less its ending as the utterance
	Layers    []string
	Attention bool
	Device    string
	Resample  bool
	Channel   string
	Threads   int
}

// Run writes the files; wrote is told of each.
func (f Extract) Run(ctx context.Context, wrote func(path string, shape []int)) error {
	names := map[string]string{}
	for _, path := range f.Audio {
		name := utteranceName(path)
		if other, twice := names[name]; twice {
			return fmt.Errorf("%s and %s would both be written to %s: rename one, or run them apart", other, path, filepath.Join(f.Out, name))
		}
		names[name] = path
		if info, err := os.Stat(path); err != nil {
			return err
		} else if info.IsDir() {
			return fmt.Errorf("%s is a folder; an audio file is wanted", path)
		}
	}
	rt, err := native.OpenRuntime("")
	if err != nil {
		return err
	}
	defer rt.Close()
	o := models.Options{Layers: f.Layers, Attentions: []string{}, Device: f.Device, Threads: f.Threads}
	if f.Attention {
		o.Attentions = nil
	}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	model, err := rt.Load(f.Model, o)
	if err != nil {
		return err
	}
	defer model.Close()
	if model.Card().Kind != models.Audio {
		return fmt.Errorf("%s is a %s model; extract takes audio", f.Model, model.Card().Kind)
	}
	source := &extract.Source{Name: filepath.Base(f.Model), Model: model}
	c := &corpus.Corpus{Spec: corpus.Spec{Audio: corpus.AudioSpec{Rate: model.Card().SampleRate, Resample: f.Resample, Channel: f.Channel}}}
	for _, path := range f.Audio {
		if err := f.one(ctx, c, source, path, wrote); err != nil {
			return err
		}
	}
	return nil
}

func (f Extract) one(ctx context.Context, c *corpus.Corpus, source *extract.Source, path string, wrote func(string, []int)) error {
	u := &corpus.Utterance{ID: utteranceName(path), AudioPath: path}
	audio, err := c.Audio(u)
	if err != nil {
		return err
	}
	acts, err := source.Activate(ctx, c, u, audio)
	if err != nil {
		return err
	}
	defer acts.Close()
	dir := filepath.Join(f.Out, u.ID)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	write := func(kind string, tensors []models.Tensor) error {
		for _, t := range tensors {
			file := filepath.Join(dir, kind+"."+t.Name+".npy")
			if err := store.WriteNPY(file, store.Float32, t.Data, t.Shape...); err != nil {
				return err
			}
			wrote(file, t.Shape)
		}
		return nil
	}
	if err := write("layer", acts.Layers); err != nil {
		return err
	}
	return write("attention", acts.Attentions)
}

func utteranceName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
