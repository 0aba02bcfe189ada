package models

import (
	"strings"
	"testing"
)

func layersOf(names ...string) []LayerOutput {
	var out []LayerOutput
	for _, n := range names {
		out = append(out, LayerOutput{Name: n, Tensor: "t" + n})
	}
	return out
}

func TestSelectOutputs(t *testing.T) {
	large := layersOf("0", "1", "2", "3", "3.prenorm", "cnn.1", "cnn.2", "cnn.3")
	tests := []struct {
		choices []string
		want    string
	}{
		{nil, "0-3"},
		{[]string{}, "none"},
		{[]string{"0-2"}, "0-2"},
		{[]string{"2", "0"}, "0, 2"},
		{[]string{"1-2", "2-3"}, "1-3"},
		{[]string{"last"}, "3"},
		{[]string{"cnn"}, "cnn.1-3"},
		{[]string{"cnn.2-3"}, "cnn.2-3"},
		{[]string{"cnn.1-cnn.2", "prenorm"}, "cnn.1-2, 3.prenorm"},
		{[]string{"all"}, "cnn.1-3, 0-2, 3.prenorm, 3"},
		{[]string{"numbered", "cnn.1"}, "cnn.1, 0-3"},
	}
	for _, tt := range tests {
		got, err := selectOutputs("layers", large, tt.choices)
		if err != nil || listNames(got) != tt.want {
			t.Errorf("%q: %s, %v; want %s", tt.choices, listNames(got), err, tt.want)
		}
	}
	for choice, want := range map[string]string{
		"4":              `there is no "4" in this model; it has 0-3, 3.prenorm, cnn.1-3`,
		"2-5":            `there is no "4"`,
		"3-1":            "should run upwards",
		"":               "empty",
		"0-999999999999": "should run upwards",
		"attention":      `there is no "attention"`,
	} {
		if _, err := selectOutputs("layers", large, []string{choice}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v does not say %q", choice, err, want)
		}
	}
	inside := layersOf("0", "1", "2", "2.branch", "cnn.1")
	if got, err := selectOutputs("layers", inside, []string{"all"}); err != nil || listNames(got) != "cnn.1, 0-1, 2.branch, 2" {
		t.Errorf("%s, %v", listNames(got), err)
	}
	branches := layersOf("first", "second")
	if got, err := selectOutputs("layers", branches, nil); err != nil || len(got) != 2 {
		t.Errorf("without numbers, all are meant: %v, %v", got, err)
	}
}
