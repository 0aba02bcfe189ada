package load

import (
	"fmt"
	"os"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/tokenizer"
)

// wordPiece adapts the tokenizer to what extract asks for.
type wordPiece struct{ *tokenizer.WordPiece }

// EncodeWords cuts words into pieces, and says of which word each piece is.
func (w wordPiece) EncodeWords(words []string) (ids []int64, word []int) {
	e := w.WordPiece.EncodeWords(words)
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
	if m.Cased {
		w = w.WithOptions(tokenizer.Cased())
	} else if w.HasUpperCase() {
		return nil, cfg.Errorf(m.Pos, "model %q: %s has pieces in upper case, so the model is probably cased: say cased: true", m.Name, path)
	}
	return wordPiece{w}, nil
}

// vocabularyPath is the config's vocabulary, else vocab.txt next to the model or in the checkpoint's folder, where Hugging Face puts it.
func vocabularyPath(cfg *configs.Config, m *configs.Model) string {
	if m.Vocabulary != "" {
		return cfg.Path(m.Vocabulary)
	}
	return filepath.Join(modelFolder(cfg, m), "vocab.txt")
}
