package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/tokenizer"
)

// wordPiece adapts the tokenizer to what extract asks for.
type wordPiece struct{ *tokenizer.WordPiece }

// Encode cuts text as BERT does, and says where each piece stands.
func (w wordPiece) Encode(text string) (ids []int64, places [][2]int) {
	e := w.WordPiece.Encode(text)
	return e.IDs, e.Offsets
}

// loadTokenizer opens the vocabulary of a text model and checks it against the model's embedding.
func loadTokenizer(cfg *configs.Config, m *configs.Model, card *models.Card) (extract.TextEncoder, error) {
	path := vocabularyPath(cfg, m)
	if _, err := os.Stat(path); err != nil {
		return nil, cfg.Errorf(m.Pos.Of("vocabulary", "onnx"), "model %q reads text and needs its WordPiece vocabulary: give vocabulary: FILE (%s can't be opened)", m.Name, path)
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
	options, err := tokenizerOptions(cfg, m)
	if err != nil {
		return nil, err
	}
	if w = w.WithOptions(options); !options.KeepCase && w.HasUpperCase() {
		return nil, cfg.Errorf(m.Pos.Of("cased", "vocabulary"), "model %q: %s has pieces in upper case, so the model is probably cased: say cased: true", m.Name, path)
	}
	return wordPiece{w}, nil
}

// tokenizerOptions says how a text model's tokenizer treats case and accents: as the config says, else as the settings beside the
// vocabulary, else as uncased models do.
func tokenizerOptions(cfg *configs.Config, m *configs.Model) (tokenizer.Options, error) {
	if m.Cased {
		return tokenizer.Cased(), nil
	}
	options, err := tokenizer.LoadOptions(tokenizerSettings(cfg, m))
	if errors.Is(err, fs.ErrNotExist) {
		return tokenizer.Options{}, nil
	}
	return options, err
}

// tokenizerSettings is the file in which Hugging Face keeps the settings of a tokenizer, beside its vocabulary.
func tokenizerSettings(cfg *configs.Config, m *configs.Model) string {
	return filepath.Join(filepath.Dir(vocabularyPath(cfg, m)), "tokenizer_config.json")
}

// vocabularyPath is the config's vocabulary, else vocab.txt next to the model or in the checkpoint's folder, where Hugging Face puts it.
func vocabularyPath(cfg *configs.Config, m *configs.Model) string {
	if m.Vocabulary != "" {
		return cfg.Path(m.Vocabulary)
	}
	return filepath.Join(modelFolder(cfg, m), "vocab.txt")
}
