package load

import (
	"context"
	"errors"
	"path"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/hub"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

// modelFile is the ONNX file of a model: the config's, or the one of its checkpoint, which is made once and kept in the store.
func (f *Files) modelFile(ctx context.Context, asked *configs.Model) (string, error) {
	if asked.Checkpoint == "" {
		return f.Config.Path(asked.ONNX), nil
	}
	c, from, entry, err := f.openImport(asked)
	if err != nil {
		return "", err
	}
	defer c.Close()
	file := filepath.Join(entry.Dir, store.ModelFile)
	if files.Exists(file) {
		return file, nil
	}
	m, err := c.Model(path.Base(c.Name()))
	if err != nil {
		return "", err
	}
	f.Progress.Note("model %q: importing %s, %s", asked.Name, from.Path, text.Bytes(m.WeightBytes()))
	if err := m.Write(ctx, file, files.Write); err != nil {
		return "", err
	}
	written := []string{store.ModelFile, filepath.Base(models.SidecarPath(file))}
	if data := file + ".data"; files.Exists(data) {
		written = append(written, filepath.Base(data))
	}
	return file, entry.Seal(written...)
}

// openImport opens the checkpoint of a model, says where it comes from and where the store keeps what is made of it.
func (f *Files) openImport(asked *configs.Model) (c *checkpoint.Checkpoint, from checkpoints.Origin, entry *store.Entry, err error) {
	if c, err = checkpoints.Open(f.Config, asked); err != nil {
		return nil, from, nil, err
	}
	var made any
	if from, made, err = checkpoints.Import(c, f.Config, asked, f.Digests.File); err == nil {
		entry, err = f.Store.Entry("model", made)
	}
	if err != nil {
		c.Close()
	}
	return c, from, entry, err
}

// checkImports refuses the checkpoints that are still to be imported, before the first is, where the store's disk has no room for them all.
func (f *Files) checkImports() error {
	at, total, seen := configs.Pos{}, int64(0), map[string]bool{}
	for i := range f.Config.Models {
		if asked := &f.Config.Models[i]; asked.Checkpoint != "" {
			bytes, err := f.toImport(asked, seen)
			if err != nil {
				return err
			}
			at, total = asked.Pos.Of("checkpoint"), total+bytes
		}
	}
	if total == 0 { // a check of models without checkpoints has no store
		return nil
	}
	if free := native.FreeDisk(f.Store.Dir); free > 0 && total > free {
		return f.Config.Errorf(at, "the models that are imported from checkpoints take %s in the store, and its disk has room for %s: put the store elsewhere (store:, --store)", text.Bytes(total), text.Bytes(free))
	}
	return nil
}

// toImport is what a model takes in the store that is still to be imported; seen are the keys of those before.
func (f *Files) toImport(asked *configs.Model, seen map[string]bool) (int64, error) {
	c, _, entry, err := f.openImport(asked)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if seen[entry.Key] || files.Exists(filepath.Join(entry.Dir, store.ModelFile)) {
		return 0, nil
	}
	seen[entry.Key] = true
	m, err := c.Model(asked.Name)
	if err != nil {
		return 0, err
	}
	return m.WeightBytes(), nil
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
