package models

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// The shape of every output of every model in testdata is foretold from its
// first run, and rightly: ONNX Runtime refuses a wrong one.
func TestShapesAreForetold(t *testing.T) {
	rt := testRuntime(t)
	golden, err := filepath.Glob("testdata/golden/*.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(golden, plainFiles(t)...) {
		o := Options{Layers: []string{"all"}}
		if filepath.Dir(file) == "testdata" {
			o.Card = kindCard(file)
		}
		if strings.Contains(file, "23.onnx") { // its attention maps cannot be had
			o.Attentions = []string{}
		}
		m, err := rt.Load(file, o)
		if err != nil {
			t.Error(err)
			continue
		}
		for i, f := range m.forms {
			if f == nil {
				t.Errorf("%s: the shape of %s is not foretold", file, m.tensors[i])
			}
		}
		n := 7
		feeds, err := m.textFeeds(make([]int64, n), n)
		if m.card.Kind == Audio {
			n = max(m.card.Window+11*m.card.Hop+5, m.card.MinChunk)
			feeds, err = m.audioFeeds(tone(n), n, n)
		}
		if err != nil {
			t.Error(err)
			continue
		}
		out, err := m.session.Run(context.Background(), feeds, m.foretell(n))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		out.Release()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
