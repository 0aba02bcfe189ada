package draft

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/models"
)

// TestConfig: whatever the names are, the config can be read and says what was meant.
func TestConfig(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	for _, folder := range []string{"data", "/data/my corpus", "a: b", "#1", "true", "ü", `it's "x"`, "{a}", "x, y", "0x1", "- a", "~"} {
		for _, file := range []string{"study.yaml", "deep/er/study.yaml", "/etc/study.yaml"} {
			s := &Speech{Place: Place{Folder: folder, Layout: "folder", Alignments: folder + "/align"}, Utterances: 2, Words: true, Phones: true, Resample: true, Sound: "some files have 8000 Hz"}
			list := []Model{
				{Name: "m", Key: "checkpoint", Value: folder, Kind: models.Audio},
				{Name: "id", Key: "checkpoint", Value: "a/b", ID: true, Kind: models.Audio, Missing: true},
				{Name: "text", Key: "vectors", Value: folder + "/v.txt", Kind: models.Text},
			}
			text, err := Config(file, s, list)
			if err != nil {
				t.Errorf("%q in %s: %v", folder, file, err)
				continue
			}
			cfg, err := configs.Parse(text, file, nil)
			if err != nil {
				t.Fatal(err)
			}
			same := func(got, want string) {
				t.Helper()
				a, _ := filepath.Abs(got)
				if b, _ := filepath.Abs(want); a != b {
					t.Errorf("%q in %s: %s, want %s", folder, file, a, b)
				}
			}
			same(cfg.Path(cfg.Corpus.Folder.Root), folder)
			same(cfg.Path(cfg.Corpus.Folder.Alignments), folder+"/align")
			same(cfg.Path(cfg.Model("m").Checkpoint), folder)
			same(cfg.Path(cfg.Model("text").Vectors), folder+"/v.txt")
			if cfg.Model("id").Checkpoint != "a/b" || cfg.Model("id-untrained").Weights != "random" || !cfg.Audio.Resample || len(cfg.Comparisons) != 3 {
				t.Errorf("%q in %s:\n%s", folder, file, text)
			}
		}
	}
	if _, err := Config("a.yaml", &Speech{Place: Place{Folder: "${HOME}", Layout: "folder"}}, []Model{{Name: "m", Key: "onnx", Value: "m.onnx", Kind: models.Audio}}); err == nil || !strings.Contains(err.Error(), "variable of the environment") {
		t.Errorf("a folder named like a variable: %v", err)
	}
}

// TestFrames: without alignments each model is compared by itself, since two may have their frames at other times.
func TestFrames(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	text, err := Config("a.yaml", &Speech{Place: Place{Folder: "x", Layout: "folder"}}, []Model{
		{Name: "a", Key: "checkpoint", Value: "a", Kind: models.Audio}, {Name: "b", Key: "onnx", Value: "b.onnx", Kind: models.Audio}})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := configs.Parse(text, "a.yaml", nil)
	if err != nil || len(cfg.Comparisons) != 2 || strings.Join(cfg.Comparisons[0].X, " ") != "a a-untrained" || strings.Join(cfg.Comparisons[1].X, " ") != "b" {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestDistinct: no two models have one name, their untrained copies included.
func TestDistinct(t *testing.T) {
	list := []Model{
		{Name: "a", Key: "checkpoint", Kind: models.Audio}, {Name: "a", Key: "checkpoint", Kind: models.Audio}, {Name: "a-untrained", Key: "onnx", Kind: models.Audio},
		{Name: "phones", Key: "vectors", Kind: models.Text},
	}
	Distinct(list)
	for i, want := range []string{"a", "a-2", "a-untrained-2", "phones-2"} {
		if list[i].Name != want {
			t.Errorf("model %d is called %s, want %s", i, list[i].Name, want)
		}
	}
}

func TestNameOf(t *testing.T) {
	for value, want := range map[string]string{"facebook/hubert-base-ls960": "hubert-base-ls960", "/data/x/": "x", "a.b/m.onnx": "m", "glove.6B.300d.txt": "glove-6B-300d", "../..": "model"} {
		if got := nameOf(value); got != want {
			t.Errorf("%s is called %s, want %s", value, got, want)
		}
	}
}

// demo is the speech in the repository.
const demo = "../../corpus/demo"

func TestLookAtSpeech(t *testing.T) {
	for folder, want := range map[string]struct {
		layout, said string
	}{
		demo + "/LibriSpeech":      {"librispeech", "LibriSpeech's layout: 65 utterances by 13 speakers, with words and phones"},
		demo + "/LibriSpeech/demo": {"librispeech", "LibriSpeech's layout: 65 utterances by 13 speakers, with words and phones"},
		demo + "/TIMIT":            {"timit", "TIMIT's layout: 16 utterances by 5 speakers, with words and phones"},
		demo + "/LibriSpeech/demo/" + first(t, demo+"/LibriSpeech/demo"): {"folder", "with words and phones"},
	} {
		s, err := LookAtSpeech(context.Background(), Place{Folder: folder})
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if s.Layout != want.layout || !strings.Contains(s.String(), want.said) {
			t.Errorf("%s: %s, %s", folder, s.Layout, s)
		}
	}
	// The layout may be said, and a table is a file.
	if s, err := LookAtSpeech(context.Background(), Place{Folder: demo, Layout: "timit"}); err != nil || s.Utterances != 16 {
		t.Errorf("%v, %v", s, err)
	}
	table := filepath.Join(t.TempDir(), "t.csv")
	found, err := filepath.Glob(demo + "/TIMIT/TRAIN/*/*/*.WAV")
	if err != nil || len(found) == 0 {
		t.Fatalf("no audio: %v", err)
	}
	wav, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{table: "audio,speaker\na.wav,a\n", filepath.Join(filepath.Dir(table), "a.wav"): string(wav)} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := LookAtSpeech(context.Background(), Place{Folder: table})
	if err != nil || s.Layout != "table" || s.String() != "a table: 1 utterance by 1 speaker, without words and phones" {
		t.Fatalf("%v, %v", s, err)
	}
	text, err := Config(filepath.Join(t.TempDir(), "x.yaml"), s, []Model{{Name: "m", Key: "onnx", Value: "m.onnx", Kind: models.Audio}})
	if err != nil || !strings.Contains(string(text), "file: "+table) {
		t.Errorf("%s\n%v", text, err)
	}
}

// first is the first folder in a folder.
func first(t *testing.T, folder string) string {
	t.Helper()
	items, err := os.ReadDir(folder)
	if err != nil || len(items) == 0 {
		t.Fatalf("%s: %v", folder, err)
	}
	return items[0].Name()
}
