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

// loadTokenizer opens the vocabulary of a text model and checks it against the model's embedding.
func loadTokenizer(cfg *configs.Config, m *configs.Model, card *models.Card) (extract.TextEncoder, error) {
	path := vocabularyPath(cfg, m)
	if _, err := os.Stat(path); err != nil {
		return nil, cfg.Errorf(m.Pos, "model %q reads text and needs its WordPiece vocabulary: give vocabulary: FILE (%s can't be opened)", m.Name, path)
	}
	w, err := tokenizer.LoadVocabulary(path)
	if err != nil {
		return nil, err
	}
	if card.Vocabulary > 0 {
		if err := w.CheckSize(card.Vocabulary); err != nil {
			return nil, fmt.Errorf("model %q: %s: %w", m.Name, path, err)
		}
	}
	options, err := textOptions(cfg, m)
	if err != nil {
		return nil, err
	}
	if !options.KeepCase && w.HasUpperCase() {
		return nil, cfg.Errorf(m.Pos, "model %q: %s has pieces in upper case, so the model is probably cased: say cased: true", m.Name, path)
	}
	w = w.WithOptions(options)
	t := &textTokenizer{encode: w.EncodeWords, files: []string{path}}
	if options != (tokenizer.Options{}) {
		t.options = fmt.Sprintf("%+v", options)
	}
	return t, nil
}

// textOptions say how text is prepared for WordPiece: as the config says, else tokenizer_config.json, else as for an uncased BERT.
func textOptions(cfg *configs.Config, m *configs.Model) (tokenizer.Options, error) {
	path := textOptionsPath(cfg, m)
	switch {
	case m.Cased:
		return tokenizer.Cased(), nil
	case files.Exists(path):
		return tokenizer.LoadOptions(path)
	}
	return tokenizer.Options{}, nil
}

// vocabularyPath is the config's vocabulary, else vocab.txt next to the model or in the checkpoint's folder, where Hugging Face puts it.
func vocabularyPath(cfg *configs.Config, m *configs.Model) string {
	if m.Vocabulary != "" {
		return cfg.Path(m.Vocabulary)
	}
	return filepath.Join(modelFolder(cfg, m), "vocab.txt")
}

// textOptionsPath is the tokenizer_config.json that Hugging Face puts next to a vocabulary.
func textOptionsPath(cfg *configs.Config, m *configs.Model) string {
	return filepath.Join(filepath.Dir(vocabularyPath(cfg, m)), "tokenizer_config.json")
}
