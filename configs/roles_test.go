package configs

import (
	"slices"
	"strings"
	"testing"
)

const withControls = `
name: c
corpus: {folder: {root: x}}
models:
  - {name: a, checkpoint: m, control: [other]}
  - {name: other, onnx: o.onnx}
  - {name: drawn, checkpoint: m, weights: random}
  - {name: logmel, labels: logmel}
  - {name: phones, labels: phone}
comparisons:
  - {name: k, x: [a, other, drawn, logmel], y: [phones], metrics: [cka]}
`

func TestControls(t *testing.T) {
	c, err := Parse([]byte(withControls), "c.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ControlsOf("a"); !slices.Equal(got, []string{"other", "drawn"}) {
		t.Errorf("controls of a: %q", got)
	}
	if len(c.ControlsOf("drawn")) > 0 || !c.IsControl("other") || !c.IsControl("drawn") || c.IsControl("a") {
		t.Error("who is the control of whom")
	}
	if !c.Model("logmel").Baseline() || c.Model("phones").Baseline() || c.Model("a").Baseline() {
		t.Error("what is a baseline")
	}
	for wrong, want := range map[string]string{
		"control: [a]":      "control names the model itself",
		"control: [othr]":   `control names the model "othr", which models does not list; did you mean "other"?`,
		"control: [logmel]": "has no layers of a network",
	} {
		if _, err := Parse([]byte(strings.Replace(withControls, "control: [other]", wrong, 1)), "c.yaml", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
