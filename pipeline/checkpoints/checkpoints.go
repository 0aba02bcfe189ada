// Package checkpoints finds and opens the checkpoints that a config names: a path, else what the Hugging Face cache has.
package checkpoints

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"speechsim/configs"
	"speechsim/models/checkpoint"
	"speechsim/models/hub"
)

// Origin is where the checkpoint of a model lies, and what is in its files.
type Origin struct {
	hub.Source
	Files map[string]string `json:"files"` // sha256 by name
}

// Of is the checkpoint of a model as its config names it.
func Of(cfg *configs.Config, m *configs.Model) hub.Wanted {
	return hub.Wanted{Name: m.Checkpoint, Path: cfg.Path(m.Checkpoint), Revision: m.Revision, Weights: m.Weights != "random"}
}

// Find finds where the checkpoint of a model lies.
func Find(cfg *configs.Config, m *configs.Model) (hub.Source, error) {
	s, err := hub.Find(Of(cfg, m))
	return s, advise(err, cfg.File)
}

// FindNamed finds a checkpoint that no config names.
func FindNamed(name, revision string, weights bool) (hub.Source, error) {
	s, err := hub.Find(hub.Wanted{Name: name, Path: name, Revision: revision, Weights: weights})
	command := "--checkpoint " + name
	if revision != "" {
		command += " --revision " + revision
	}
	return s, advise(err, command)
}

// advise says how what is missing is got.
func advise(err error, arguments string) error {
	var missing *hub.MissingError
	if errors.As(err, &missing) {
		return fmt.Errorf("%w: `pipeline fetch %s` gets it", err, arguments)
	}
	return err
}

// Open opens the checkpoint of a model.
func Open(cfg *configs.Config, m *configs.Model) (*checkpoint.Checkpoint, error) {
	s, err := Find(cfg, m)
	if err != nil {
		return nil, err
	}
	return checkpoint.Open(s.Path, checkpoint.Options{Normalize: m.Normalize, Random: m.Weights == "random", Seed: uint64(m.Seed)})
}

// OriginOf is the origin of a checkpoint that is open; digest gives the SHA-256 of a file.
func OriginOf(c *checkpoint.Checkpoint, cfg *configs.Config, m *configs.Model, digest func(file string) (string, error)) (Origin, error) {
	source, err := Find(cfg, m)
	o := Origin{source, map[string]string{}}
	for _, file := range c.Files() {
		if err != nil {
			break
		}
		o.Files[filepath.Base(file)], err = digest(file)
	}
	return o, err
}

// importFormat changes when a checkpoint becomes another graph: then it is imported again.
const importFormat = 2

// Import is everything that the graph depends on which is made of a checkpoint that is open, for its key in the store, and the origin of
// that.
func Import(c *checkpoint.Checkpoint, cfg *configs.Config, m *configs.Model, digest func(file string) (string, error)) (Origin, any, error) {
	from, err := OriginOf(c, cfg, m, digest)
	return from, struct {
		Format  int
		Name    string            // as the card says
		Weights string            `json:",omitempty"`
		Seed    int               `json:",omitempty"`
		Audio   string            `json:",omitempty"` // how it is normalised, where the config says so
		Commit  string            `json:",omitempty"` // on the hub
		Files   map[string]string // sha256 by name
	}{importFormat, c.Name(), m.Weights, m.Seed, m.Normalize, from.Commit, from.Files}, err
}

// Origins are those of all checkpoints of a config, by the names of their models.
func Origins(cfg *configs.Config, digest func(file string) (string, error)) (map[string]Origin, error) {
	all := map[string]Origin{}
	for i := range cfg.Models {
		m := &cfg.Models[i]
		if m.Checkpoint == "" {
			continue
		}
		c, err := Open(cfg, m)
		if err != nil {
			return nil, err
		}
		all[m.Name], err = OriginOf(c, cfg, m, digest)
		if err := errors.Join(err, c.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Folder is where a model lies, and what belongs to it.
func Folder(cfg *configs.Config, m *configs.Model) string {
	if m.Checkpoint == "" {
		return filepath.Dir(cfg.Path(m.ONNX))
	}
	s, err := Find(cfg, m)
	if err != nil {
		return cfg.Path(m.Checkpoint) // what is missing is complained of elsewhere
	}
	folder := s.Path
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return filepath.Dir(folder)
	}
	return folder
}
