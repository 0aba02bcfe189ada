package load

import (
	"fmt"
	"os"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/internal/files"
	"speechsim/tokenizer"
)

// textTokenizer is a tokenizer as extract asks for it, with what its tokens depend on.
type textTokenizer struct {
	encode  func(words []string) tokenizer.Encoding
	files   []string // that give tokens their ids
	options string   // how text is prepared; "" as for an uncased BERT
}

// EncodeWords cuts words into tokens, and says of which word each token is.
func (t *textTokenizer) EncodeWords(words []string) (ids []int64, word []int) {
	e := t.encode(words)
	return e.IDs, e.Words
}

// vocabulary is what package tokenizer reads of a file.
type vocabulary interface {
	EncodeWords(words []string) tokenizer.Encoding
	CheckSize(rows int) error
}

// loadTokenizer opens the vocabulary of a text model and checks it against the model's embedding.
func loadTokenizer(cfg *configs.Config, m *configs.Model, card *models.Card) (extract.TextEncoder, error) {
	paths := vocabularyFiles(cfg, m)
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, cfg.Errorf(m.Pos, "model %q reads text and needs its vocabulary, a vocab.txt (WordPiece) or a vocab.json with its merges.txt (byte pairs): "+
				"give vocabulary: FILE or FOLDER (%s can't be opened)", m.Name, path)
		}
	}
	options, err := textOptions(cfg, m)
	if err != nil {
		return nil, err
	}
	v, err := openVocabulary(cfg, m, paths, options)
	if err != nil {
		return nil, err
	}
	if card.Vocabulary > 0 {
		if err := v.CheckSize(card.Vocabulary); err != nil {
			return nil, fmt.Errorf("model %q: %s: %w", m.Name, paths[0], err)
		}
	}
	t := &textTokenizer{encode: v.EncodeWords, files: paths}
	if options != (tokenizer.Options{}) {
		t.options = fmt.Sprintf("%+v", options)
	}
	return t, nil
}

func openVocabulary(cfg *configs.Config, m *configs.Model, paths []string, o tokenizer.Options) (vocabulary, error) {
	if len(paths) == 2 {
		b, err := tokenizer.LoadBytePair(paths[0], paths[1])
		if err != nil {
			return nil, err
		}
		return b.WithOptions(o), nil
	}
	w, err := tokenizer.LoadVocabulary(paths[0])
	if err != nil {
		return nil, err
	}
	if !o.KeepCase && w.HasUpperCase() {
		return nil, cfg.Errorf(m.Pos, "model %q: %s has pieces in upper case, so the model is probably cased: say cased: true", m.Name, paths[0])
	}
	return w.WithOptions(o), nil
}

// textOptions say how text is prepared: as for an uncased BERT, but for what tokenizer_config.json and then the config say.
func textOptions(cfg *configs.Config, m *configs.Model) (o tokenizer.Options, err error) {
	if path := textOptionsPath(cfg, m); files.Exists(path) {
		if o, err = tokenizer.LoadOptions(path); err != nil {
			return o, err
		}
	}
	if m.Cased {
		o.KeepCase, o.KeepAccents = true, true
	}
	return o, nil
}

// vocabularyFiles are the files that give the tokens of a text model their ids: those of the config, else those next to the model or in the
// checkpoint's folder, where Hugging Face puts them. They are a vocab.txt, or a vocab.json and its merges.txt.
func vocabularyFiles(cfg *configs.Config, m *configs.Model) []string {
	at := modelFolder(cfg, m)
	if m.Vocabulary != "" {
		at = cfg.Path(m.Vocabulary)
	}
	if info, err := os.Stat(at); err == nil && info.IsDir() {
		folder := at
		at = filepath.Join(folder, "vocab.txt")
		if bytePair := filepath.Join(folder, "vocab.json"); !files.Exists(at) && files.Exists(bytePair) {
			at = bytePair
		}
	}
	if filepath.Ext(at) == ".json" {
		return []string{at, filepath.Join(filepath.Dir(at), "merges.txt")}
	}
	return []string{at}
}

// textOptionsPath is the tokenizer_config.json that Hugging Face puts next to a vocabulary.
func textOptionsPath(cfg *configs.Config, m *configs.Model) string {
	return filepath.Join(filepath.Dir(vocabularyFiles(cfg, m)[0]), "tokenizer_config.json")
}
