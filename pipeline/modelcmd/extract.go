package modelcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
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
	Resampler string
	Channel   string
	Threads   int
}

// Validate finds what no model and no file can be asked for. The errors name the flags of the command, as those of Run do.
func (f Extract) Validate() error {
	n, notNumber := strconv.Atoi(f.Channel)
	switch {
	case !slices.Contains([]string{"", models.CPU, models.CUDA}, f.Device):
		return fmt.Errorf("--device is %q; it must be %s or %s", f.Device, models.CPU, models.CUDA)
	case !slices.Contains(corpus.Resamplers(), f.Resampler):
		return fmt.Errorf("--resampler is %q; it must be %s", f.Resampler, strings.Join(corpus.Resamplers(), " or "))
	case f.Channel != "" && f.Channel != "mix" && (notNumber != nil || n < 1):
		return fmt.Errorf("--channel is %q; it must be mix or the number of a channel from 1", f.Channel)
	case f.Threads < 0:
		return fmt.Errorf("--threads is %d; it must be 1 or more", f.Threads)
	}
	return nil
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
		return advise(err)
	}
	defer model.Close()
	if model.Card().Kind != models.Audio {
		return fmt.Errorf("%s is a %s model; extract takes audio", f.Model, model.Card().Kind)
	}
	if f.Attention && len(model.Attentions()) == 0 {
		return fmt.Errorf("%s gives no attention maps: leave --attention out for its layers alone", f.Model)
	}
	source := &extract.Source{Name: filepath.Base(f.Model), Model: model}
	c := &corpus.Corpus{Spec: corpus.Spec{Audio: corpus.AudioSpec{Rate: model.Card().SampleRate, Resample: f.Resample, Resampler: f.Resampler, Channel: f.Channel}}}
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
		return advise(err)
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

// advise words what others say of a config's keys in flags of the command.
func advise(err error) error {
	var refused *corpus.Refusal
	var choice *models.ChoiceError
	switch {
	case errors.As(err, &refused):
		return refused.Advise("give --resample to convert it", "give --channel mix for their mean, or --channel 1 for the first")
	case errors.As(err, &choice):
		return fmt.Errorf("--%w", choice) // "layers: ..."
	}
	return err
}

func utteranceName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
