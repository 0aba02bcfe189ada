package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files, a text each, and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const paper = `corpus: {librispeech: {root: data, subset: dev, groups: /abs/groups.csv}}
models:
  - {name: a, onnx: onnx/a.onnx, layers: 0-3}
  - {name: b, onnx: onnx/b.onnx}
  - {name: v, vectors: v.txt}
rows: {unit: word, pooling: bolanos2024}
`

func TestBase(t *testing.T) {
	dir := tree(t, map[string]string{
		"paper/base.yaml": paper,
		"mine/fig.yaml": `base: ../paper/base.yaml
name: fig
corpus: {librispeech: {subset: test}}
models:
  - {name: a, layers: "7"}
  - {name: c, onnx: c.onnx}
rows: {select: bolanos2024}
comparisons:
  - {name: one, x: [a, c], y: [v], metrics: [cka]}
`,
		"other.yaml": strings.ReplaceAll(paper, "onnx/", "small/"),
	})
	c, err := Load(filepath.Join(dir, "mine", "fig.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := c.Corpus.LibriSpeech
	if c.Path(l.Root) != filepath.Join(dir, "paper", "data") || l.Subset != "test" || c.Path(l.Groups) != "/abs/groups.csv" {
		t.Errorf("corpus %+v", l)
	}
	// b is in the base, and no comparison is about it.
	var models []string
	for _, m := range c.Models {
		models = append(models, m.Name+" "+strings.TrimPrefix(c.Path(m.ONNX+m.Vectors), dir)+" "+m.Layers)
	}
	if diff := cmp.Diff([]string{"a /paper/onnx/a.onnx 7", "v /paper/v.txt ", "c /mine/c.onnx "}, models); diff != "" {
		t.Error(diff)
	}
	if c.Rows.Unit != "word" || c.Rows.Pooling != "bolanos2024" || c.Rows.Select != "bolanos2024" {
		t.Errorf("rows %+v", c.Rows)
	}
	// Another base, beside the config, and a key of it, from the command line: where it was typed.
	t.Chdir(filepath.Join(dir, "paper"))
	c, err = Load(filepath.Join(dir, "mine", "fig.yaml"), []string{"models.v.vectors=w.txt", "base=../other.yaml"})
	if err != nil || c.Path(c.Models[0].ONNX) != filepath.Join(dir, "small", "a.onnx") || c.Path(c.Model("v").Vectors) != filepath.Join(dir, "paper", "w.txt") {
		t.Errorf("models %+v, error %v", c.Models, err)
	}
}

// TestBaseMistakes: a mistake is answered with the file that has it.
func TestBaseMistakes(t *testing.T) {
	const fig = "base: base.yaml\nname: f\ncomparisons:\n  - {name: one, models: [a], metrics: [cka]}\n"
	tests := []struct{ name, base, fig, want string }{
		{"unknown key below", strings.Replace(paper, "unit:", "uint:", 1), fig, `base.yaml:6:8: unknown key "uint" in rows; did you mean "unit"?`},
		{"wrong value below", strings.Replace(paper, "unit: word", "unit: wrod", 1), fig, `base.yaml:6:7: rows.unit is "wrod"`},
		{"wrong value above", paper, fig + "rows: {unit: wrod}\n", `fig.yaml:5:7: rows.unit is "wrod"`},
		{"not yaml", "a: [", fig, "base.yaml:1:1: not valid YAML"},
		{"no such base", paper, strings.Replace(fig, "base.yaml", "bse.yaml", 1), "fig.yaml:1:7: base: DIR/bse.yaml can't be read: no such file or directory"},
		{"its own base", "base: fig.yaml\n" + paper, fig, "base.yaml:1:7: base: a config can't be its own base: DIR/fig.yaml -> DIR/base.yaml -> DIR/fig.yaml"},
		{"base of a base", "base: ../nowhere.yaml\n" + paper, fig, "base.yaml:1:7: base: "},
		{"a list", paper, strings.Replace(fig, "base.yaml", "[base.yaml]", 1), "base must be text; found a list"},
		{"no variable", paper, strings.Replace(fig, "base.yaml", `"${NO_SUCH_VARIABLE}"`, 1), "fig.yaml:1:7: base needs the environment variable NO_SUCH_VARIABLE"},
		{"unknown model", paper, strings.Replace(fig, "[a]", "[aa]", 1), `fig.yaml:4:5: comparison "one" names the model "aa", which models does not list`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"base.yaml": tt.base, "fig.yaml": tt.fig})
			_, err := Load(filepath.Join(dir, "fig.yaml"), nil)
			if want := strings.ReplaceAll(tt.want, "DIR", dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v\nwant %s", err, want)
			}
		})
	}
}

// TestCheckpointID: the id of a checkpoint is no path, and stays what it is whoever says it; what is a path is one.
func TestCheckpointID(t *testing.T) {
	dir := tree(t, map[string]string{
		"base.yaml": `corpus: {librispeech: {root: data}}
models:
  - {name: hub, checkpoint: facebook/hubert-base-ls960, revision: v1}
  - {name: folder, checkpoint: mine/hubert}
  - {name: dotted, checkpoint: ./facebook/hubert-base-ls960}
  - {name: deep, checkpoint: a/b/c}
comparisons: [{models: [hub, folder, dotted, deep, set], metrics: [cka]}]
`,
		"mine/hubert/config.json": "{}",
		"sub/fig.yaml":            "base: ../base.yaml\nmodels: [{name: set, onnx: x.onnx}]\n",
	})
	c, err := Load(filepath.Join(dir, "sub", "fig.yaml"), []string{"models.set={name: set, checkpoint: bert-base-uncased}"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"hub": "facebook/hubert-base-ls960", "folder": "../mine/hubert", "dotted": "../facebook/hubert-base-ls960", "deep": "../a/b/c", "set": "bert-base-uncased"} {
		if got := c.Model(name).Checkpoint; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
