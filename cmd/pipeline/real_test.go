package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealData runs real weights on real speech and holds the cells to values of an independent recomputation.
// SPEECHSIM_REAL_DATA names a folder with 69 utterances of LibriSpeech's test-other (LibriSpeech, alignments),
// SPEECHSIM_REAL_MODELS what cmd/fetchreal makes. It takes some minutes: Whisper encodes 30 s an utterance.
func TestRealData(t *testing.T) {
	data, weights := os.Getenv("SPEECHSIM_REAL_DATA"), os.Getenv("SPEECHSIM_REAL_MODELS")
	if data == "" || weights == "" {
		t.Skip("SPEECHSIM_REAL_DATA and SPEECHSIM_REAL_MODELS name no real speech and weights")
	}
	needRuntime(t)
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	config := fmt.Sprintf(`name: real
corpus: {librispeech: {root: %q, subset: test-other, alignments: %q}}
models:
  - {name: whisper, checkpoint: %q}
  - {name: minilm, checkpoint: %q}
  - {name: glove, vectors: %q}
  - {name: phone, labels: phone}
  - {name: word, labels: word}
comparisons:
  - {name: text, rows: {unit: word}, x: [minilm], y: [glove], metrics: [cka], interval: none}
  - {name: speech, rows: {unit: word}, x: [whisper], y: [glove], metrics: [cka], interval: none}
  - {name: words, rows: {unit: word}, x: [whisper], y: [word], metrics: [cka], interval: none}
  - {name: phones, rows: {unit: phone}, x: [whisper], y: [phone], metrics: [cka], interval: none}
`, filepath.Join(data, "LibriSpeech"), filepath.Join(data, "alignments", "test-other"),
		filepath.Join(weights, "whisper-tiny.en"), filepath.Join(weights, "minilm"), filepath.Join(weights, "glove", "glove.6B.50d.bin"))
	path := filepath.Join(folder, "real.yaml")
	if err := os.WriteFile(path, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(bin, "run", path, "--runs", filepath.Join(folder, "runs"), "--store", filepath.Join(folder, "store"))
	run.Dir = root // where lib is found
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(folder, "runs", "real", "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		var cell struct {
			X, Y  struct{ Model, Layer string }
			Value float64
		}
		if err := json.Unmarshal([]byte(line), &cell); err != nil {
			t.Fatal(err)
		}
		got[cell.X.Model+" "+cell.X.Layer+" "+cell.Y.Model] = cell.Value
	}
	for _, want := range []struct {
		cell   string
		value  float64
		digits int // that are known
	}{
		{"minilm 2 glove", .4359, 4}, {"minilm 5 glove", .3933, 4}, {"minilm 6 glove", .2448, 4},
		{"whisper 0 glove", .0105, 4}, {"whisper 2 glove", .0581, 4}, {"whisper 4 glove", .0496, 4},
		{"whisper 3 word", .239, 3},
		{"whisper 0 phone", .02, 2}, {"whisper 1 phone", .10, 2}, {"whisper 2 phone", .21, 2}, {"whisper 3 phone", .25, 2}, {"whisper 4 phone", .07, 2},
	} {
		value, ok := got[want.cell]
		if tolerance := .6 * math.Pow10(-want.digits); !ok || math.Abs(value-want.value) > tolerance {
			t.Errorf("%s: %.5f, want %.*f", want.cell, value, want.digits, want.value)
		}
	}
}
