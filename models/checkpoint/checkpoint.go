// Package checkpoint makes ONNX graphs of checkpoints as the transformers library saves them: a folder with config.json, the
// weights, and for audio preprocessor_config.json; of Whisper also as CTranslate2 and so faster-whisper keep it; of WavLM, BEATs and
// EncodecMAE as their authors published them. Every layer and attention map is an output of the graph, and a card
// describes them.
//
//	c, err := checkpoint.Open("hubert-base-ls960", checkpoint.Options{})
//	defer c.Close()
//	model, err := c.Model("hubert")        // reads no weight, but finds all that are missing or of another shape
//	err = model.Write(ctx, "hubert.onnx", files.Write)
//
// Each family of architectures is one file: what its config.json says, its graph written module by module with the package
// network, and its card. [families] lists them. Weights are read while the model is written, so an import takes the memory of
// two of them.
package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/lfs"
	"speechsim/models/internal/network"
)

// Options of [Open].
type Options struct {
	Normalize string // models.ZeroMeanUnit or models.NormalizeNone in place of what the checkpoint says
	Random    bool   // weights drawn at random, as before training, in place of the checkpoint's: an untrained control
	Seed      uint64 // of the random weights
}

// Check finds what options can't be.
func (o Options) Check() error {
	switch {
	case o.Normalize != "" && o.Normalize != models.ZeroMeanUnit && o.Normalize != models.NormalizeNone:
		return fmt.Errorf("normalize: %q is not one of %s, %s", o.Normalize, models.ZeroMeanUnit, models.NormalizeNone)
	case o.Seed != 0 && !o.Random:
		return fmt.Errorf("a seed is for random weights alone")
	}
	return nil
}

// Checkpoint is an opened checkpoint.
type Checkpoint struct {
	options Options
	folder  string
	name    string
	files   []string // all that the model depends on
	sizes   string   // the file that says the sizes, for the card of random weights
	kind    string   // model_type of config.json, or the family
	network architecture
	feature feature
	weights source
}

// architecture is a network of a family, as config.json describes it.
type architecture interface {
	// check finds what no network of the family can be.
	check() error
	// anchor is the name of a tensor that every checkpoint of the family has. What stands before it is the prefix of the trunk: a
	// checkpoint with a head names the trunk ("hubert.").
	anchor() string
	// part says whether a tensor of the trunk is one of the layers: then it is to be used, or the network is another.
	part(name string) bool
	// build writes the network and describes it.
	build(n *network.Network, f feature) models.Card
	// initial is how a weight is drawn before training.
	initial(name string, shape []int) distribution
}

// families are the architectures by the model_type of config.json, with the values that transformers takes where config.json
// has none.
var families = map[string]func() architecture{
	"wav2vec2":       newWav2Vec2("wav2vec2"),
	"hubert":         newWav2Vec2("hubert"),
	"wavlm":          newWav2Vec2("wavlm"),
	"data2vec-audio": newWav2Vec2("data2vec-audio"),
	"unispeech":      newWav2Vec2("unispeech"),
	"unispeech-sat":  newWav2Vec2("unispeech-sat"),
	"wav2vec2-bert":  newWav2Vec2Bert,
	"whisper":        newWhisper,
	"bert":           newBERT,
	"roberta":        newRoBERTa,
	"distilbert":     newDistilBERT,
}

// Families lists the values of model_type that can be imported.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// Open opens a checkpoint: its folder, or one of its files of weights, or a file that holds its configuration too.
func Open(path string, o Options) (*Checkpoint, error) {
	c := &Checkpoint{options: o, folder: path, sizes: configFile}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	weights := ""
	if !info.IsDir() {
		c.folder, weights = filepath.Dir(path), filepath.Base(path)
	}
	c.name = hubName(c.folder)
	if file := convertedFile(c.folder, weights); file != "" {
		if err := c.openConverted(file); err != nil {
			return nil, err
		}
		return c, nil
	}
	if file := publishedFile(c.folder, weights); file != "" {
		if err := c.openPublished(file); err != nil {
			return nil, err
		}
		return c, nil
	}
	if err := c.readConfig(); err != nil {
		return nil, err
	}
	if err := c.readFeature(); err != nil {
		return nil, err
	}
	if o.Random {
		c.weights = &random{seed: o.Seed, initial: c.network.initial}
		return c, nil
	}
	stored, err := openWeights(c.folder, weights, c.network)
	if err != nil {
		return nil, err
	}
	c.files = append(c.files, stored.files...)
	c.weights = stored
	return c, nil
}

// openConverted opens what CTranslate2 made of a checkpoint: the file says all of it.
func (c *Checkpoint) openConverted(file string) error {
	tensors, network, err := openConverted(file)
	if err != nil {
		return err
	}
	c.kind, c.network, c.files = "whisper", network, []string{file}
	c.overrideNormalize()
	if c.options.Random {
		c.weights = &random{seed: c.options.Seed, initial: network.initial}
		return tensors.Close()
	}
	stored, err := newStored(file, tensors, network, "the file")
	if err != nil {
		return err
	}
	c.weights = stored
	return nil
}

// Name is what the checkpoint is known as: its id on the hub where its folder is one of the hub's cache, else the name of its folder,
// or of a file that is all of it.
func (c *Checkpoint) Name() string { return c.name }

// Files are the files that the model is made from.
func (c *Checkpoint) Files() []string { return c.files }

// Close closes the files.
func (c *Checkpoint) Close() error {
	if s, ok := c.weights.(*stored); ok {
		return s.close()
	}
	return nil
}

const configFile = "config.json"

// readConfig reads config.json.
func (c *Checkpoint) readConfig() error {
	path := filepath.Join(c.folder, configFile)
	data, err := readText(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no config.json: give the folder of a checkpoint of transformers, with its config.json and its weights, or the file of WavLM, BEATs or EncodecMAE as their authors published it", c.folder)
	}
	if err != nil {
		return err
	}
	var head struct {
		Type string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	family := families[head.Type]
	if family == nil {
		return fmt.Errorf("%s: model_type %q can't be imported (%s can); other models of transformers may be exported with `pipeline models export`, which needs Python",
			path, head.Type, strings.Join(Families(), ", "))
	}
	c.kind, c.network = head.Type, family()
	if err := json.Unmarshal(data, c.network); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := c.network.check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	c.files = append(c.files, path)
	return nil
}

// feature is what the feature extractor of an audio model does with the samples.
type feature struct {
	normalize string  // as on a card; "" where the checkpoint does not say
	epsilon   float64 // added to the variance, as on a card
}

// normalizeOr is how the waveform is normalised, where the checkpoint does not say as given.
func (f feature) normalizeOr(otherwise string) string {
	if f.normalize == "" {
		return otherwise
	}
	return f.normalize
}

// readFeature reads how the input is prepared: preprocessor_config.json, or the file of processors of newer versions.
func (c *Checkpoint) readFeature() error {
	type extractor struct {
		Normalize *bool `json:"do_normalize"`
		Rate      int   `json:"sampling_rate"`
	}
	for _, name := range []string{"preprocessor_config.json", "processor_config.json"} {
		path := filepath.Join(c.folder, name)
		data, err := readText(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var f struct {
			extractor
			Inner *extractor `json:"feature_extractor"`
		}
		if err := json.Unmarshal(data, &f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if f.Inner != nil {
			f.extractor = *f.Inner
		}
		c.files = append(c.files, path)
		if f.Rate != 0 && f.Rate != sampleRate {
			return fmt.Errorf("%s: sampling_rate is %d, and models of this family take %d Hz", path, f.Rate, sampleRate)
		}
		if f.Normalize != nil && c.feature.normalize == "" {
			c.feature.normalize = models.NormalizeNone
			if *f.Normalize {
				c.feature.normalize = models.ZeroMeanUnit
			}
		}
	}
	c.overrideNormalize()
	return nil
}

func (c *Checkpoint) overrideNormalize() {
	if c.options.Normalize != "" {
		c.feature.normalize = c.options.Normalize
	}
}

// readText reads a small text file.
func readText(path string) ([]byte, error) {
	const most = 16 << 20
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.Size() > most {
		return nil, fmt.Errorf("%s has %d bytes, more than any such file", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err == nil && lfs.IsPointer(data) {
		err = fmt.Errorf("%s is %s", path, lfs.InPlaceOf("file"))
	}
	return data, err
}

// hubName is the id on the hub for a folder in its cache (models--facebook--hubert-base-ls960/snapshots/REVISION), else the
// folder's name. Where it lies on this machine says nothing to who gets the card.
func hubName(folder string) string {
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	parts := strings.Split(filepath.ToSlash(folder), "/")
	if n := len(parts); n > 2 && parts[n-2] == "snapshots" {
		if id, ok := strings.CutPrefix(parts[n-3], "models--"); ok {
			return strings.ReplaceAll(id, "--", "/")
		}
	}
	return filepath.Base(folder)
}
