package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"

	"speechsim/configs"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/pipeline/features"
	"speechsim/pipeline/native"
	"speechsim/pipeline/published"
	"speechsim/pipeline/vocabulary"
)

// stamp tells quickly whether anything changed since a finished run: the config and, of every input file, path, size and time of change.
func (f *Files) stamp() (string, error) {
	h := sha256.New()
	cfg := *f.Config
	cfg.Runs, cfg.Memory, cfg.Store = "", "", configs.Store{Numbers: cfg.Store.Numbers}
	text, err := json.Marshal(&cfg)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%s %d\n%s\n", native.Version, store.FormatVersion, text)
	for i := range f.Config.Models {
		m := &f.Config.Models[i]
		for _, name := range []string{m.ONNX, m.Vectors, m.Vocabulary, m.Card} {
			stampFile(h, f.Config.Path(name))
		}
		if m.Features != "" {
			list, err := features.Files(f.Config.Path(m.Features))
			if err != nil {
				return "", f.Config.Errorf(m.Pos, "model %q: features: %v", m.Name, err)
			}
			for _, name := range list {
				stampFile(h, name)
			}
		}
		if m.ONNX != "" {
			stampFile(h, models.SidecarPath(f.Config.Path(m.ONNX)))
		}
		if m.ONNX != "" || m.Checkpoint != "" {
			for _, file := range vocabulary.Inputs(f.Config, m) {
				stampFile(h, file)
			}
		}
		if m.Checkpoint != "" {
			for _, file := range checkpointFiles(f.Config, m) {
				stampFile(h, file)
			}
		}
	}
	for _, k := range f.Comparisons {
		for _, name := range k.Published {
			if published.IsFile(name) {
				stampFile(h, f.Config.Path(name))
			}
		}
	}
	stampFile(h, f.Corpus.Spec.Groups)
	if l := f.Config.Corpus.Lexicon; l != nil {
		stampFile(h, f.Config.Path(l.File))
	}
	last := ""
	for i := range f.Corpus.Utterances {
		u := &f.Corpus.Utterances[i]
		fmt.Fprintf(h, "%s\t%s\t%s\t%s\t%g\t%g\t%s\t%s\t%s\n", u.ID, u.Speaker, u.Group, u.Text, u.From, u.To, u.Channel, u.Call, u.Side)
		for _, name := range []string{u.AudioPath, u.WordsFile, u.PhonesFile} {
			if name != last {
				stampFile(h, name)
			}
			last = name
		}
	}
	for _, finding := range f.Corpus.Findings {
		fmt.Fprintln(h, finding.String())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stampFile adds a file's state; a missing one has a state too, and is complained of elsewhere.
func stampFile(h hash.Hash, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(path); err == nil {
		fmt.Fprintf(h, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	} else {
		fmt.Fprintf(h, "%s -\n", path)
	}
}
