// Package vocabulary finds and opens the vocabulary of a text model, and cuts text with it as the model's own tokenizer does.
package vocabulary

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"speechsim/configs"
	"speechsim/models"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/internal/files"
	"speechsim/tokenizer"
)

// Text is a tokenizer as extract asks for it, with what its tokens depend on.
type Text struct {
	encode  func(text string) tokenizer.Encoding
	Files   []string // that give tokens their ids
	Options string   // how text is prepared, "" as for an uncased BERT
}

// Encode cuts text as the model's own tokenizer does, and says where each piece stands.
func (t *Text) Encode(text string) (ids []int64, places [][2]int) {
	e := t.encode(text)
	return e.IDs, e.Offsets
}

// Open opens the vocabulary of a text model and checks it against the model's embedding.
func Open(cfg *configs.Config, m *configs.Model, card *models.Card) (*Text, error) {
	paths := filesOf(cfg, m)
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, cfg.Errorf(m.Pos.Of("vocabulary", "onnx"), "model %q reads text and needs its vocabulary, a vocab.txt (WordPiece), a vocab.json with its merges.txt (byte pairs) or a tokenizer.json: "+
				"give vocabulary: FILE or FOLDER (%s can't be opened)", m.Name, path)
		}
	}
	v, err := open(cfg, m, paths)
	if err != nil {
		return nil, err
	}
	if card.Vocabulary > 0 {
		if err := v.CheckSize(card.Vocabulary); err != nil {
			return nil, fmt.Errorf("model %q: %s: %w", m.Name, paths[0], err)
		}
	}
	t := &Text{encode: v.Encode, Files: paths}
	if o := v.Options(); o != (tokenizer.Options{}) {
		t.Options = fmt.Sprintf("%+v", o)
	}
	return t, nil
}

// open reads a vocabulary, and how text is prepared for it: as for an uncased BERT, but for what tokenizer_config.json or
// tokenizer.json and then the config say.
func open(cfg *configs.Config, m *configs.Model, paths []string) (t tokenizer.Tokenizer, err error) {
	var o tokenizer.Options
	if filepath.Base(paths[0]) == wholeTokenizer {
		if t, err = tokenizer.LoadJSON(paths[0]); err != nil {
			return nil, err
		}
		o = t.Options()
	} else if path := optionsFile(cfg, m); files.Exists(path) {
		if o, err = tokenizer.LoadOptions(path); err != nil {
			return nil, err
		}
	}
	if m.Cased {
		o.KeepCase, o.KeepAccents = true, true
	}
	switch {
	case t != nil:
	case len(paths) == 2:
		t, err = tokenizer.LoadBytePair(paths[0], paths[1])
	default:
		t, err = tokenizer.LoadVocabulary(paths[0])
	}
	if err != nil {
		return nil, err
	}
	if b, ok := t.(*tokenizer.BytePair); ok {
		return b.WithOptions(o), nil
	}
	w := t.(*tokenizer.WordPiece) // there is no third kind
	if !o.KeepCase && w.HasUpperCase() {
		return nil, cfg.Errorf(m.Pos.Of("cased", "vocabulary"), "model %q: %s has pieces in upper case, so the model is probably cased: say cased: true", m.Name, paths[0])
	}
	return w.WithOptions(o), nil
}

// wholeTokenizer is where newer versions of transformers keep a vocabulary and all that belongs to it.
const wholeTokenizer = "tokenizer.json"

// filesOf are the files that give the tokens of a text model their ids: those of the config, else those next to the model or in the
// checkpoint's folder, where Hugging Face puts them. They are a vocab.txt, a vocab.json and its merges.txt, or a tokenizer.json.
func filesOf(cfg *configs.Config, m *configs.Model) []string {
	at := checkpoints.Folder(cfg, m)
	if m.Vocabulary != "" {
		at = cfg.Path(m.Vocabulary)
	}
	if info, err := os.Stat(at); err == nil && info.IsDir() {
		names := []string{"vocab.txt", "vocab.json", wholeTokenizer}
		i := slices.IndexFunc(names, func(name string) bool { return files.Exists(filepath.Join(at, name)) })
		at = filepath.Join(at, names[max(i, 0)])
	}
	if filepath.Ext(at) == ".json" && filepath.Base(at) != wholeTokenizer {
		return []string{at, filepath.Join(filepath.Dir(at), "merges.txt")}
	}
	return []string{at}
}

// optionsFile is the tokenizer_config.json that Hugging Face puts next to a vocabulary.
func optionsFile(cfg *configs.Config, m *configs.Model) string {
	return filepath.Join(filepath.Dir(filesOf(cfg, m)[0]), "tokenizer_config.json")
}

// Inputs are all files that the tokens of a text model depend on, whether they are there or not.
func Inputs(cfg *configs.Config, m *configs.Model) []string {
	return append(filesOf(cfg, m), optionsFile(cfg, m))
}
