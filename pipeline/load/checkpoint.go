package load

import (
	"context"
	"errors"
	"path"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/models/hub"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/internal/files"
)

// importFormat changes when a checkpoint becomes another graph: then it is imported again.
const importFormat = 1

// modelFile is the ONNX file of a model: the config's, or the one of its checkpoint, which is made once and kept in the store.
func (f *Files) modelFile(ctx context.Context, asked *configs.Model) (string, error) {
	if asked.Checkpoint == "" {
		return f.Config.Path(asked.ONNX), nil
	}
	c, err := checkpoints.Open(f.Config, asked)
	if err != nil {
		return "", err
	}
	defer c.Close()
	made := struct {
		Format  int
		Name    string            // as the card says
		Weights string            `json:",omitempty"`
		Seed    int               `json:",omitempty"`
		Audio   string            `json:",omitempty"` // how it is normalised, where the config says so
		Commit  string            `json:",omitempty"` // on the hub
		Files   map[string]string // sha256 by name
	}{Format: importFormat, Name: c.Name(), Weights: asked.Weights, Seed: asked.Seed, Audio: asked.Normalize}
	from, err := checkpoints.OriginOf(c, f.Config, asked, f.Digests.File)
	if err != nil {
		return "", err
	}
	made.Commit, made.Files = from.Commit, from.Files
	entry, err := f.Store.Entry("model", made)
	if err != nil {
		return "", err
	}
	file := filepath.Join(entry.Dir, store.ModelFile)
	if files.Exists(file) {
		return file, nil
	}
	f.Progress.Note("model %q: importing %s", asked.Name, from.Path)
	m, err := c.Model(path.Base(c.Name()))
	if err != nil {
		return "", err
	}
	if err := m.Write(ctx, file, files.Write); err != nil {
		return "", err
	}
	written := []string{store.ModelFile, filepath.Base(models.SidecarPath(file))}
	if data := file + ".data"; files.Exists(data) {
		written = append(written, filepath.Base(data))
	}
	return file, entry.Seal(written...)
}

// checkCheckpoints finds checkpoints that can't be imported before the corpus is read: of an unknown architecture, or with tensors
// that are missing or of another shape.
func checkCheckpoints(cfg *configs.Config) (errs configs.Errors) {
	for i := range cfg.Models {
		m := &cfg.Models[i]
		if m.Checkpoint == "" {
			continue
		}
		c, err := checkpoints.Open(cfg, m)
		if err == nil {
			_, err = c.Model(m.Name)
			c.Close()
		}
		if err != nil {
			how := ""
			if missing := (*hub.MissingError)(nil); !errors.As(err, &missing) && !files.Exists(cfg.Path(m.Checkpoint)) {
				how = howToGet(cfg, "")
			}
			errs = append(errs, cfg.Errorf(m.Pos.Of("checkpoint", "revision"), "model %q: checkpoint: %v%s", m.Name, err, how))
		}
	}
	return errs
}

// checkpointFiles lists what a checkpoint is made from; what can't be opened is complained of elsewhere.
func checkpointFiles(cfg *configs.Config, m *configs.Model) []string {
	c, err := checkpoints.Open(cfg, m)
	if err != nil {
		return nil
	}
	defer c.Close()
	return c.Files()
}
