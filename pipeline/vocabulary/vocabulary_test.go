package vocabulary

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/models"
)

// TestTokenizerSettings: case and accents are what the config says, else what the file beside the vocabulary says.
func TestTokenizerSettings(t *testing.T) {
	const lower, upper = "[UNK]\n[CLS]\n[SEP]\nete\nété\n,\n", "[UNK]\n[CLS]\n[SEP]\nete\nété\n,\nÉté\n"
	for name, tt := range map[string]struct {
		vocabulary, settings, cased string
		want                        string // ids of "Été,", or a part of the error
	}{
		"nothing said":         {lower, "", "", "[1 3 5 2]"},
		"accents stay":         {lower, `{"do_lower_case": true, "strip_accents": false}`, "", "[1 4 5 2]"},
		"a cased checkpoint":   {upper, `{"do_lower_case": false}`, "", "[1 6 5 2]"},
		"the config decides":   {upper, `{"do_lower_case": true}`, ", cased: true", "[1 6 5 2]"},
		"a cased vocabulary":   {upper, "", "", "say cased: true"},
		"settings are no JSON": {lower, "do_lower_case", "", "tokenizer_config.json:1:1: expected the JSON of a tokenizer_config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range map[string]string{"vocab.txt": tt.vocabulary, "tokenizer_config.json": tt.settings} {
				if content == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text := "name: x\ncorpus: {folder: {root: c}}\nmodels:\n  - {name: bert, onnx: bert.onnx" + tt.cased +
				"}\n  - {name: mel, labels: logmel}\ncomparisons:\n  - {name: c, x: [mel], y: [bert], metrics: [cka]}\nrows: {unit: word}\n"
			cfg, err := configs.Parse([]byte(text), filepath.Join(dir, "x.yaml"), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			w, err := Open(cfg, &cfg.Models[0], &models.Card{})
			if err != nil {
				got = err.Error()
			} else {
				ids, _ := w.Encode("Été,")
				got = fmt.Sprint(ids)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
