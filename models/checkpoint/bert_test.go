package checkpoint_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/internal/npz"
	"speechsim/pipeline/native"
)

// Every layer and attention map of every family of text is what the original computes, at three lengths, and the program's own
// tests pass.
func TestTextModelsMatchTheOriginals(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	defer rt.Close()
	references, err := filepath.Glob("testdata/text/*.npz")
	if err != nil || len(references) < 6 {
		t.Fatalf("%d references (%v)", len(references), err)
	}
	for _, reference := range references {
		folder := strings.TrimSuffix(reference, ".npz")
		t.Run(filepath.Base(folder), func(t *testing.T) {
			arrays, err := npz.Read(reference)
			if err != nil {
				t.Fatal(err)
			}
			path := imported(t, folder, checkpoint.Options{})
			m, err := rt.Load(path, models.Options{Layers: []string{"all"}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			worst, compared := 0.0, 0
			for k := range 3 {
				a, err := m.Run(context.Background(), models.Input{IDs: arrays[fmt.Sprint(k, ".input")].Ints})
				if err != nil {
					t.Fatal(err)
				}
				for kind, list := range map[string][]models.Tensor{"hidden_states": a.Layers, "attentions": a.Attentions} {
					for _, got := range list {
						key := fmt.Sprintf("%d.%s.%s", k, kind, got.Name)
						worst = max(worst, distance(t, key, got, arrays[key]))
						compared++
					}
				}
				a.Close()
			}
			if worst > 1 || compared != len(arrays)-3 {
				t.Errorf("%d arrays of %d, the furthest %.3g times the tolerance away", compared, len(arrays)-3, worst)
			}
			t.Logf("%d arrays, the furthest %.3g times the tolerance away", compared, worst)
			checks, err := rt.Verify(context.Background(), path, "", models.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if c.Result == models.Failed || c.Name == "mask" && c.Result != models.Passed {
					t.Error(c)
				}
			}
		})
	}
}

// The card has what the program asks of a text model.
func TestTextCards(t *testing.T) {
	tests := []struct {
		name, family, types string
		tokens              int
		noted               bool
	}{
		{"bert", "bert", "token_type_ids", 40, false},
		{"minilm", "bert", "token_type_ids", 40, true},
		{"roberta", "roberta", "", 30, false},
		{"distilbert", "distilbert", "", 40, false},
	}
	for _, tt := range tests {
		c, err := checkpoint.Open(filepath.Join("testdata/text", tt.name), checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Model("m")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		card := m.Card
		noted := slices.ContainsFunc(card.Notes, func(n string) bool { return strings.Contains(n, "modules.json") })
		if card.Family != tt.family || card.Kind != models.Text || card.Vocabulary != 50 || card.MaxTokens != tt.tokens || card.TokenTypes != tt.types || card.Heads != 3 || noted != tt.noted {
			t.Errorf("%s: %+v", tt.name, card)
		}
		if len(card.Layers) != 3 || len(card.Attentions) != 2 {
			t.Errorf("%s: %d layers, %d maps", tt.name, len(card.Layers), len(card.Attentions))
		}
	}
}

// A text checkpoint that can't be imported is refused with the reason.
func TestTextRefused(t *testing.T) {
	tests := []struct {
		name, from, key, value string
		options                checkpoint.Options
		want                   string
	}{
		{"another width", "bert", `"hidden_size": 24`, `"hidden_size": 48`, checkpoint.Options{},
			`tensor "embeddings.word_embeddings.weight" has shape [50 24], and config.json asks for [50 48]`},
		{"another vocabulary", "distilbert", `"vocab_size": 50`, `"vocab_size": 60`, checkpoint.Options{},
			`tensor "embeddings.word_embeddings.weight" has shape [50 24], and config.json asks for [60 24]`},
		{"one block less", "distilbert", `"n_layers": 2`, `"n_layers": 1`, checkpoint.Options{},
			`16 tensors of the layers are of no use to the network that config.json describes, the first "transformer.layer.1.attention.k_lin.bias"`},
		{"heads that don't divide", "distilbert", `"n_heads": 3`, `"n_heads": 5`, checkpoint.Options{}, "dim 24 can't be split into 5 heads"},
		{"no width", "distilbert", `"dim": 24`, `"dim": 0`, checkpoint.Options{}, "config.json: dim is 0; a number from 1 to 1048576 is wanted"},
		{"negative segments", "bert", `"type_vocab_size": 2`, `"type_vocab_size": -2`, checkpoint.Options{}, "type_vocab_size is -2"},
		{"relative positions", "bert", `"hidden_size": 24`, `"position_embedding_type": "relative_key", "hidden_size": 24`, checkpoint.Options{},
			`position_embedding_type is "relative_key"; only models with absolute positions can be imported`},
		{"no room for positions", "roberta", `"max_position_embeddings": 32`, `"max_position_embeddings": 2`, checkpoint.Options{},
			"pad_token_id is 1: places begin behind it, and max_position_embeddings is 2"},
		{"a decoder", "bert", `"is_decoder": false`, `"is_decoder": true`, checkpoint.Options{}, "is_decoder is true"},
		{"a waveform's option", "bert", `"hidden_size": 24`, `"hidden_size":  24`, checkpoint.Options{Normalize: models.NormalizeNone},
			"normalize is for waveforms, and a model of type bert reads text"},
	}
	for _, tt := range tests {
		folder, source := t.TempDir(), filepath.Join("testdata/text", tt.from)
		copyFile(t, filepath.Join(source, "model.safetensors"), filepath.Join(folder, "model.safetensors"))
		config := string(read(t, filepath.Join(source, "config.json")))
		changed := strings.Replace(config, tt.key, tt.value, 1)
		if changed == config {
			t.Fatalf("%s: config.json does not have %s", tt.name, tt.key)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.Open(folder, tt.options)
		if err == nil {
			_, err = c.Model("m")
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Random weights of a text model need its config.json alone.
func TestRandomText(t *testing.T) {
	for _, name := range []string{"bert", "roberta", "distilbert"} {
		folder := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		copyFile(t, filepath.Join("testdata/text", name, "config.json"), filepath.Join(folder, "config.json"))
		drawn := func(seed uint64) []byte {
			return read(t, imported(t, folder, checkpoint.Options{Random: true, Seed: seed}))
		}
		if a := drawn(0); !bytes.Equal(a, drawn(0)) || bytes.Equal(a, drawn(1)) {
			t.Errorf("%s: weights are not those of the seed", name)
		}
	}
}
