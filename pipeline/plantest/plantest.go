// Package plantest makes plans for the tests of the phases.
package plantest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"speechsim/configs"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/study"
)

// Small has every kind of rows, models of speech, text and word vectors, and attention, on a few utterances.
const Small = `name: small
corpus: {timit: {root: corpus/demo/TIMIT, split: test}}
models:
  - {name: hubert, onnx: models/demo/hubert.onnx, layers: 1-2}
  - {name: bert, onnx: models/demo/bert.onnx, vocabulary: models/demo/bert-vocab.txt, layers: "1"}
  - {name: glove, vectors: models/demo/vectors.txt}
comparisons:
  - {name: frames, models: [hubert], metrics: [cka, attention]}
  - {name: words, rows: {unit: word, pooling: bolanos2024}, x: [hubert], y: [bert, glove], metrics: [cka, knn], interval: none}
  - {name: phones, rows: {unit: phone}, models: [hubert], metrics: [{cka: {variant: biased}}], interval: none}
`

// Tiled has every metric of moments, with intervals, nulls and row sets: what is measured in tiles where memory is short.
const Tiled = `name: tiled
corpus: {timit: {root: corpus/demo/TIMIT}}
models:
  - {name: hubert, onnx: models/demo/hubert.onnx, layers: 0-2}
  - {name: wav2vec2, onnx: models/demo/wav2vec2.onnx, layers: 1-2}
  - {name: phones, labels: phone}
  - {name: mel, labels: logmel}
comparisons:
  - {name: frames, models: [hubert, wav2vec2, phones, mel], metrics: [{cka: {variant: all}}], null: {draws: 19, frames: 900}}
  - {name: units, models: [hubert, wav2vec2], metrics: [neuron_neuron, svcca]}
  - {name: phones, rows: {unit: phone}, x: [hubert, phones], y: [wav2vec2, phones], metrics: [cka, neuron_neuron], null: {draws: 19}}
  - {name: spaces, rows: {unit: phone}, x: [hubert], y: [wav2vec2], metrics: [procrustes, neuron_layer, pwcca]}
  - {name: views, rows: {unit: phone, first: [300, all], level: [token, type]}, x: [hubert], y: [wav2vec2], metrics: [cka], null: {draws: 19}}
`

// OneVoiceEach copies the demo's LibriSpeech into a folder, of each group the first speaker alone: all of its groups, in a third of the time.
func OneVoiceEach(module, into string) error {
	from := filepath.Join(module, "corpus", "demo", "LibriSpeech")
	for _, speaker := range []string{"10", "21", "31", "41", "51"} {
		at := filepath.Join("demo", speaker)
		if err := os.CopyFS(filepath.Join(into, at), os.DirFS(filepath.Join(from, at))); err != nil {
			return err
		}
	}
	speakers, err := os.ReadFile(filepath.Join(from, "SPEAKERS.TXT"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, "SPEAKERS.TXT"), speakers, 0o644)
}

// Root is the folder of the module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("go.mod was not found above the working directory", err)
	return ""
}

// Config parses a config whose paths are relative to the module; messages know it as test.yaml there.
func Config(t testing.TB, text string, sets ...string) *configs.Config {
	t.Helper()
	cfg, err := configs.Parse([]byte(text), filepath.Join(Root(t), "test.yaml"), sets)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// NeedRuntime skips a test where there is no ONNX Runtime.
func NeedRuntime(t testing.TB) {
	t.Helper()
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skipf("ONNX Runtime not found: %v", err)
	}
	rt.Close()
}

// In are options whose runs and store lie in a folder.
func In(dir string) load.Options {
	return load.Options{Workers: 2, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
}

// Inputs reads what a config needs, until the test ends.
func Inputs(t testing.TB, cfg *configs.Config, o load.Options) *load.Inputs {
	t.Helper()
	NeedRuntime(t)
	st, err := study.Resolve(cfg)
	if err != nil {
		t.Fatal(err)
	}
	files, err := load.Locate(context.Background(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	in, err := load.Read(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in
}

// Plan plans the work of a config.
func Plan(t testing.TB, cfg *configs.Config, o load.Options, options plan.Options) *plan.Plan {
	t.Helper()
	p, err := plan.Make(Inputs(t, cfg, o), options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
