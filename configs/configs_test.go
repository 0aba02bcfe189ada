package configs

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const whole = `name: t
corpus: {librispeech: {root: c}}
models:
  - {name: a, onnx: a.onnx}
  - {name: v, vectors: v.txt}
comparisons:
  - {name: one, x: a, y: [v], rows: {unit: word}, metrics: [cka, {cka: {variant: biased}}]}
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(whole), "dir/t.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "t" || c.Corpus.LibriSpeech.Root != "c" || c.Rows.Unit != "frame" || c.Audio.Rate != 16000 {
		t.Errorf("decoded %+v", c)
	}
	k := c.Comparisons[0]
	if !reflect.DeepEqual(k.X, []string{"a"}) || k.Rows.Unit != "word" || k.Rows.Pooling != "centre" {
		t.Errorf("comparison %+v rows %+v", k, k.Rows)
	}
	if k.Metrics[0].Name != "cka" || k.Metrics[0].Variants != nil || !reflect.DeepEqual(k.Metrics[1].Variants, []string{"biased"}) {
		t.Errorf("metrics %+v", k.Metrics)
	}
	if got := c.Path("x/y"); got != filepath.Join("dir", "x", "y") {
		t.Errorf("Path = %q", got)
	}
}

// TestMistakes holds every mistake with the line that answers it.
func TestMistakes(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	tests := []struct{ name, text, want string }{
		{"empty", "", "t.yaml:1:1: the config is empty"},
		{"comment only", "# nothing\n", "t.yaml:1:1: the config is empty"},
		{"two documents", whole + "---\nname: u\n", "t.yaml:8:1: a second YAML document"},
		{"not yaml", "name: [", "not valid YAML"},
		{"tab", "name: t\n\tcorpus: x\n", "t.yaml:2:1: not valid YAML"},
		{"unknown key", replace("models:", "modles:"), `t.yaml:3:1: unknown key "modles" in the config; did you mean "models"?`},
		{"unknown nested key", replace("{root: c}", "{rot: c}"), `t.yaml:2:24: unknown key "rot" in corpus.librispeech; did you mean "root"?`},
		{"key twice", replace("name: t\n", "name: t\nname: u\n"), `t.yaml:2:1: key "name" occurs twice in the config, first on line 1`},
		{"wrong type", replace("comparisons:\n  - ", "comparisons:\n    "), "comparisons must be a list; found a mapping"},
		{"scalar for mapping", replace("{librispeech: {root: c}}", "c"), `corpus must be a mapping with the keys librispeech, timit, folder, table, kaldi, silence, lexicon; found "c"`},
		{"not a number", whole + "audio: {rate: fast}\n", `t.yaml:8:15: audio.rate is "fast"; it must be a whole number`},
		{"rate out of range", whole + "audio: {rate: 10}\n", "t.yaml:8:8: audio.rate is 10 Hz; it must be from 1000 to 192000"},
		{"no resampler", whole + "audio: {resampler: torchaudo}\n", `audio.resampler is "torchaudo"; it must be one of kaiser, torchaudio; did you mean "torchaudio"?`},
		{"not a bool", whole + "audio: {resample: perhaps}\n", `audio.resample is "perhaps"; it must be true or false`},
		{"bad unit", replace("unit: word", "unit: wrod"), `unit is "wrod"; it must be one of frame, word, phone; did you mean "word"?`},
		{"no corpus", replace("corpus: {librispeech: {root: c}}\n", ""), "corpus must hold exactly one of"},
		{"two corpora", replace("{librispeech: {root: c}}", "{librispeech: {root: c}, timit: {root: d}}"), "it holds 2"},
		{"unknown model", replace("x: a,", "x: b,"), `names the model "b", which models does not list`},
		{"no file", replace(", onnx: a.onnx", ""), `model "a" has no file`},
		{"precision on a CPU", replace("onnx: a.onnx", "onnx: a.onnx, precision: fp16"), `model "a": precision: fp16 gains nothing on a CPU; it needs device: cuda`},
		{"no draws", replace("name: one,", "name: one, null: {draws: 0},"), "null.draws is 0; it must be from 19"},
		{"bad precision", replace("onnx: a.onnx", "onnx: a.onnx, device: cuda, precision: fp61"), `precision is "fp61"; it must be one of float32, tf32, fp16; did you mean "fp16"?`},
		{"metric form", replace("[cka,", "[{cka: {}, svcca: {}},"), "must be a metric's name or one mapping"},
		{"missing variable", replace("root: c", `root: "${NO_SUCH_VARIABLE}"`), "t.yaml:2:30: corpus.librispeech.root needs the environment variable NO_SUCH_VARIABLE"},
		{"select frames", whole + "rows: {select: bolanos2024}\n", "it needs unit: word"},
		{"speaker rule", replace("{librispeech: {root: c}}", `{folder: {root: c, speaker: "(a)(b)"}}`), `t.yaml:2:18: corpus.folder.speaker is "(a)(b)"; it must be folder, top, none, or a regular expression with one group`},
		{"timit split", replace("{librispeech: {root: c}}", "{timit: {root: c, split: dev}}"), "it must be train, test or core-test"},
		{"lexicon without file", replace("{root: c}}", "{root: c}, lexicon: {choice: last}}"), "t.yaml:2:43: corpus.lexicon.file is missing"},
		{"choice of pronunciation", replace("{root: c}}", "{root: c}, lexicon: {file: l, choice: lats}}"), `corpus.lexicon.choice is "lats"; it must be one of first, last, nearest; did you mean "last"?`},
		{"labels", replace("onnx: a.onnx", "labels: phones"), `labels is "phones"; it must be one of phone, word, speaker, logmel, mfcc, length; did you mean "phone"?`},
		{"labels and a file", replace("onnx: a.onnx", "onnx: a.onnx, labels: phone"), `model "a" has more than one of checkpoint, onnx, vectors, features and labels`},
		{"normalisation of a file", replace("onnx: a.onnx", "onnx: a.onnx, normalize: none"), `t.yaml:4:5: model "a": normalize is of a checkpoint; what an ONNX file takes is said by its card`},
		{"normalisation", replace("onnx: a.onnx", "checkpoint: a, normalize: non"), `normalize is "non"; it must be one of zero_mean_unit_var, none; did you mean "none"?`},
		{"a revision of a file", replace("onnx: a.onnx", "onnx: a.onnx, revision: v1"), `model "a": revision is of a checkpoint on the hub; it needs checkpoint: ORGANISATION/NAME`},
		{"features without a hop", replace("onnx: a.onnx", "features: ema"), `model "a" is features and has no hop: give the seconds from one frame to the next, such as hop: 0.01`},
		{"a hop in milliseconds", replace("onnx: a.onnx", "features: ema, hop: 20"), `model "a": hop is 20; it is the seconds from one frame to the next, from 0.0001 to 10`},
		{"a hop that is none", replace("onnx: a.onnx", "features: ema, hop: .nan"), `models[0].hop is ".nan"; it must be a number`},
		{"an offset before the audio", replace("onnx: a.onnx", "features: ema, hop: 0.01, offset: -1"), `model "a": offset is -1; it is the time of the centre of the first frame in seconds, from 0 to 10`},
		{"a hop of a model", replace("onnx: a.onnx", "onnx: a.onnx, hop: 0.02"), `model "a" has a hop or an offset, which are for features`},
		{"features with a card", replace("onnx: a.onnx", "features: ema, hop: 0.01, card: a.yaml"), `model "a" is features, which have no card, vocabulary, cased or device`},
		{"figure kind", replace("metrics:", "figure: heatmp, metrics:"), `figure is "heatmp"; it must be one of heatmap, curves, profile, tree, mds, sweep, grid, prefix; did you mean "heatmap"?`},
		{"figure twice", replace("metrics:", "figure: [curves, {curves: {title: x}}], metrics:"), `comparison "one": figure has curves twice`},
		{"figure of two sides", replace("metrics:", "figure: tree, metrics:"), "figure: tree compares the layers of models with one another; give models: [...]"},
		{"figure scale", replace("metrics:", "figure: {heatmap: {scale: {min: 1, max: 0}}}, metrics:"), "figure scale: min is 1 and max is 0; min must be less"},
		{"figure colours", replace("metrics:", "figure: {heatmap: {scale: {map: jet}}}, metrics:"), `figure scale.map is "jet"; it must be one of viridis, cividis, rocket, diverging`},
		{"width of figures", whole + "figure: {width: colum}\n", `t.yaml:8:9: figure: width is "colum"; it must be column (80 mm), full (170 mm), or 50 to 1000 millimetres`},
		{"width that no page has", whole + "figure: {width: 3}\n", `figure: width is "3"; it must be column`},
		{"width of one figure", replace("metrics:", "figure: {heatmap: {width: ful}}, metrics:"), `comparison "one": figure heatmap: width is "ful"`},
		{"font", whole + "figure: {font: 72}\n", "figure.font is 72 points; it must be from 4 to 30"},
		{"legend", whole + "figure: {legend: left}\n", `figure.legend is "left"; it must be one of right, below, none`},
		{"formats of figures", whole + "figure: {format: pdf}\n", `unknown key "format" in figure; did you mean "font"?`},
		{"colour", replace("onnx: a.onnx", "onnx: a.onnx, colour: blue"), `model "a": colour is "blue"; it must be red, green and blue as two hexadecimal digits each, such as "#0072b2"`},
		{"one label of two models", replace("models:\n", "models:\n  - {name: b, onnx: b.onnx, label: a}\n"), `models "b" and "a" are both called "a" in figures; give each a label of its own`},
		{"one panel", whole + "panels: [{name: p, of: [one-cka]}]\n", `panels "p": of lists 1 of the figures; list 2 to 26 by their names in the folder figures`},
		{"name of panels", whole + "panels: [{name: a/b, of: [one-cka, two-cka]}]\n", `panels: name is "a/b"; it is the name of files`},
		{"store key", whole + "store: {folder: s, number: float16}\n", `t.yaml:8:20: unknown key "number" in store; did you mean "numbers"? (known: folder, numbers, keep, frames)`},
		{"store numbers", whole + "store: {numbers: fp16}\n", `t.yaml:8:8: store.numbers is "fp16"; it must be one of float32, float16`},
		{"no store", whole + "store: [s]\n", "t.yaml:8:8: store must be a mapping with the keys folder, numbers, keep, frames; found a list"},
		{"folder name", replace("name: t\n", "name: a/b\n"), "can't be the name of a folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), "t.yaml", nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestStore: a folder, or a mapping; paths of a base are those of its own folder in both.
func TestStore(t *testing.T) {
	base := filepath.Join(t.TempDir(), "b", "base.yaml")
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct{ Folder, Numbers string }{
		"":                                     {"", "float32"},
		"store: s\n":                           {"s", "float32"},
		"store: {folder: s}\n":                 {"s", "float32"},
		"store: {numbers: float16}\n":          {"", "float16"},
		"store: {folder: s, numbers: float16}": {"s", "float16"},
	} {
		if err := os.WriteFile(base, []byte(whole+text), 0o644); err != nil {
			t.Fatal(err)
		}
		for file, folder := range map[string]string{whole + text: want.Folder, "base: " + base: filepath.Join("b", want.Folder)} {
			c, err := Parse([]byte(file), filepath.Join(filepath.Dir(filepath.Dir(base)), "t.yaml"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if want.Folder == "" {
				folder = ""
			}
			if c.Store.Folder != folder || c.Store.Numbers != want.Numbers {
				t.Errorf("%q gives %+v", file, c.Store)
			}
		}
	}
	c, err := Parse([]byte(whole), "t.yaml", []string{"store.numbers=float16"})
	if err != nil || c.Store.Numbers != "float16" {
		t.Errorf("set: %+v %v", c, err)
	}
}

func TestSets(t *testing.T) {
	c, err := Parse([]byte(whole), "t.yaml", []string{"models.a.layers=0-3", "corpus.librispeech.subset=x", "comparisons.0.metrics=[neuron_neuron]", "audio.resample=true", "name=other"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Models[0].Layers != "0-3" || c.Corpus.LibriSpeech.Subset != "x" || c.Comparisons[0].Metrics[0].Name != "neuron_neuron" || !c.Audio.Resample || c.Name != "other" {
		t.Errorf("decoded %+v", c)
	}
	for set, want := range map[string]string{
		"models.zz.layers=1":   `--set models.zz.layers=1: "zz" is neither an index below 2 nor the name of an element of models`,
		"nothing":              "must be KEY=VALUE",
		"corpus.librispech=1":  `unknown key "librispech" in corpus; did you mean "librispeech"?`,
		"audio.rate=slow":      `--set audio.rate=slow: audio.rate is "slow"`,
		"name.x=1":             "is a single value",
		"comparisons.0.x=[nn]": `names the model "nn"`,
	} {
		if _, err := Parse([]byte(whole), "t.yaml", []string{set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v\nwant %s", set, err, want)
		}
	}
}

func TestLexicon(t *testing.T) {
	for text, want := range map[string]Lexicon{
		"lexicon: l.txt":                                      {File: "l.txt", Choice: "first", Stress: true},
		"lexicon: {file: l.txt, choice: last}":                {File: "l.txt", Choice: "last", Stress: true},
		"lexicon: {file: l.txt, stress: false}, silence: [x]": {File: "l.txt", Choice: "first"},
	} {
		c, err := Parse([]byte(strings.Replace(whole, "{root: c}}", "{root: c}, "+text+"}", 1)), "t.yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		got := *c.Corpus.Lexicon
		got.Pos = Pos{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("CORPUS_HERE", "/data/x")
	c, err := Parse([]byte(strings.Replace(whole, "root: c", `root: "${CORPUS_HERE}/y"`, 1)), "t.yaml", nil)
	if err != nil || c.Corpus.LibriSpeech.Root != "/data/x/y" {
		t.Errorf("root %v, error %v", c, err)
	}
}

// TestShipped checks that every config in the program parses once its variables are set, and begins with its command.
func TestShipped(t *testing.T) {
	for _, v := range []string{"TIMIT", "MODELS", "LIBRISPEECH", "ALIGNMENTS"} {
		t.Setenv(v, "/nowhere")
	}
	for _, name := range Shipped() {
		data, err := shipped.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(data, source{name, true}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if first, _, _ := strings.Cut(string(data), "\n"); !strings.Contains(first, "pipeline run configs/"+name) {
			t.Errorf("%s does not begin with the command that runs it: %q", name, first)
		}
	}
	if _, err := Load("elsewhere/demo.yaml", nil); err != nil {
		t.Errorf("a shipped config is found by name: %v", err)
	}
	if _, err := Load("dmo.yaml", nil); err == nil || !strings.Contains(err.Error(), `did you mean "demo.yaml"?`) {
		t.Errorf("missing config: %v", err)
	}
}

// TestFileBeatsShipped checks that a file of the user's is read before a shipped config of that name.
func TestFileBeatsShipped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.yaml")
	if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, nil)
	if err != nil || c.Name != "t" {
		t.Errorf("name %v, error %v", c, err)
	}
}

// FuzzParse: no input may panic, and an error is always one of ours, with a place.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("name: &a [*a]\n")
	f.Add("a: &x {b: *x}\n")
	f.Add("models: [{name: 1}]\ncomparisons: [{metrics: [{cka: {variant: []}}]}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse([]byte(text), "f.yaml", []string{"models.0.layers=1"})
		var one *Error
		var many Errors
		if err != nil && !errors.As(err, &one) && !errors.As(err, &many) {
			t.Errorf("error without a place: %v", err)
		}
	})
}

// TestKeys pins the keys of the language: renaming one breaks users' files.
func TestKeys(t *testing.T) {
	want := []string{"base", "name", "get", "note", "corpus", "audio", "models", "rows", "comparisons", "libraries", "products", "formats", "figure", "panels", "report", "runs", "store", "memory"}
	if diff := cmp.Diff(want, sortedKeys(keysOf(reflect.TypeOf(Config{})))); diff != "" {
		t.Error(diff)
	}
}

// TestFiguresOfTheDocs: the config of docs/figures.md is one.
func TestFiguresOfTheDocs(t *testing.T) {
	c, err := Load("../docs/figures.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Figure.Width != "column" || len(c.Panels) != 1 || c.Model("hubert").Label != "HuBERT" || c.Comparisons[0].Figures[1].Width != "full" {
		t.Errorf("it says %+v, %+v, %+v", c.Figure, c.Panels, c.Models)
	}
}

// TestResolved: comments and order are not part of what a config says; overrides are.
func TestResolved(t *testing.T) {
	text := func(data string, sets ...string) string {
		c, err := Parse([]byte(data), "t.yaml", sets)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if a, b := text(whole), text("# a comment\n\n"+whole); a != b {
		t.Errorf("%s\n%s", a, b)
	}
	if a, b := text(whole), text(whole, "audio.resample=true"); a == b || !strings.Contains(b, `"audio":{"rate":16000,"resample":true,"resampler":"kaiser"}`) {
		t.Errorf("%s\n%s", a, b)
	}
}

// TestTypedPaths: a path from --set, or one that begins with a variable, starts from the working directory, and one in a config
// from the config, wherever that is said to be.
func TestTypedPaths(t *testing.T) {
	dir := tree(t, map[string]string{"conf/base.yaml": paper, "conf/t.yaml": `base: base.yaml
models:
  - {name: a, onnx: "${WEIGHTS}/a.onnx"}
  - {name: b, onnx: "in-${WEIGHTS}/b.onnx"}
comparisons:
  - {x: [a, b], y: v, metrics: CKA}
`})
	t.Chdir(dir)
	t.Setenv("WEIGHTS", "here")
	for _, file := range []string{"conf/t.yaml", filepath.Join(dir, "conf", "t.yaml")} {
		c, err := Load(file, []string{"models.v.vectors=there/v.txt", "corpus.librispeech.groups=g.csv", "store=s", "corpus.lexicon=l.txt"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []struct{ got, want string }{
			{c.Model("a").ONNX, "here/a.onnx"}, {c.Model("b").ONNX, "conf/in-here/b.onnx"}, {c.Model("v").Vectors, "there/v.txt"},
			{c.Corpus.LibriSpeech.Root, "conf/data"}, {c.Corpus.LibriSpeech.Groups, "g.csv"}, {c.Store.Folder, "s"}, {c.Corpus.Lexicon.File, "l.txt"},
		} {
			got, err := filepath.Abs(c.Path(p.got))
			if want := filepath.Join(dir, p.want); err != nil || got != want {
				t.Errorf("%s: %s, want %s (%v)", file, got, want, err)
			}
		}
		if k := c.Comparisons[0]; c.Name != "t" || k.Name != "0" || k.Metrics[0].Name != "cka" {
			t.Errorf("%s: names %q, %q, %q", file, c.Name, k.Name, k.Metrics[0].Name)
		}
	}
}

// TestSetsAreBlamed: a mistake names the --set that made it, also where the element around it is the file's.
func TestSetsAreBlamed(t *testing.T) {
	for set, want := range map[string]string{
		"memory=lots":                        "memory is",
		"models.a.device=gpu":                `device is "gpu"; it must be one of cpu, cuda; did you mean "cuda"?`,
		"models.a.precision=fp16":            "precision: fp16 gains nothing",
		"corpus.librispeech.root=":           "corpus.librispeech.root is missing",
		"comparisons.0.rows.pooling=mean":    `did you mean "centre" (the mean of the frames whose centre lies in the segment)?`,
		"comparisons.0.null.permute=SPEAKER": `did you mean "group" (a group is a speaker`,
		"comparisons.0.null.draws=5":         "null.draws is 5",
		"comparisons.0.rows.first.0=1":       "is a single value",
		"comparisons.0.rows.first=1":         `first has "1"`,
		"comparisons.0.metrics.1.cka.p=3":    "metric cka has no p and k",
		"comparisons.0.interval=bootstrap":   `did you mean "jackknife"?`,
		"comparisons.0.y.0=b":                `names the model "b"`,
		"rows.unit=wrod":                     `rows.unit is "wrod"`,
		"comparisons.0.metrics={a: ${X}}":    `the value is not valid YAML: inside {...} and [...] a value with a variable must be in quotes: "${X}..."`,
	} {
		text := strings.Replace(whole, "rows: {unit: word}", "rows: {unit: word, first: all}, null: {seed: 1}", 1)
		_, err := Parse([]byte(text), "t.yaml", []string{set})
		if err == nil || !strings.HasPrefix(err.Error(), "--set "+set+": ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v\nwant %s", set, err, want)
		}
	}
}

// TestSyntax: what is no YAML is answered with its line, and a bare variable with the advice to quote it.
func TestSyntax(t *testing.T) {
	const quote = "inside {...} and [...] a value with a variable must be in quotes"
	for text, want := range map[string]string{
		"name: r\ncorpus:\n  timit: {root: ${TIMIT}, split: test}\n":                                                            "t.yaml:3:17: not valid YAML: " + quote,
		"name: r\ncorpus: {timit: {root: a}} # {${NO}\nnote: 'it''s {${NO}'\nmodels:\n  - {name: a,\n     onnx: ${M}/a.onnx}\n": "t.yaml:6:12: not valid YAML: " + quote,
		"name: r\nrows: {unit: word\nmodels:\n  - {name: a}\n":                                                                  "t.yaml:2:1: not valid YAML: did not find expected ',' or '}' here, or in the mapping or list that begins here",
		"name: r\nnote: ${A}/{b}\nmodels:\n  - {name: don't, onnx: b\n  - {name: c}\n":                                          "t.yaml:4:1: not valid YAML: did not find",
	} {
		if _, err := Parse([]byte(text), "t.yaml", nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\nerror %v\nwant %s", text, err, want)
		}
	}
}

// TestUnreadable: a folder, or a slip in a file's name, is answered with the config that is there.
func TestUnreadable(t *testing.T) {
	t.Chdir(tree(t, map[string]string{"conf/mine.yaml": whole}))
	for file, want := range map[string]string{
		"conf":           "conf: this is a folder, and a config is a file, such as conf/mine.yaml",
		"conf/mine.yml":  `conf/mine.yml: no such config file; did you mean "conf/mine.yaml"?`,
		"conf/other.txt": "conf/other.txt: no such config file, and none is shipped under that name",
	} {
		_, err := Load(file, nil)
		if _, ours := err.(*Error); !ours || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v\nwant %s", file, err, want)
		}
	}
}

func TestKeyNamed(t *testing.T) {
	for name, want := range map[string]string{"memory": "memory", "metrics": "comparisons.NAME.metrics", "onnx": "models.NAME.onnx", "draws": "comparisons.NAME.null.draws",
		"device": "models.NAME.device", "unit": "rows.unit", "wrokers": ""} {
		if got := KeyNamed(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
