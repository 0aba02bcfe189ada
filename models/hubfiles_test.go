package models

import (
	"os"
	"path/filepath"
	"testing"
)

// A text model takes as many tokens as have a position, which in RoBERTa are fewer than its table has rows.
func TestMaxTokensOfHubFiles(t *testing.T) {
	for config, want := range map[string]int{
		`{"model_type": "bert", "max_position_embeddings": 512, "pad_token_id": 0}`:        512,
		`{"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}`:     512,
		`{"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}`: 512,
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := readHubFiles(filepath.Join(folder, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		c := &Card{Kind: Text}
		if c.fillFromHub(h); c.MaxTokens != want {
			t.Errorf("%s: %d tokens, want %d", config, c.MaxTokens, want)
		}
	}
}
