package models

import (
	"os"
	"path/filepath"
	"testing"

	"speechsim/models/internal/onnxproto"
)

// Whatever a graph holds, looking for layers ends, and what is found is in it.
func FuzzDiscover(f *testing.F) {
	for _, name := range []string{"bert.stripped14", "distilbert.dynamo18", "hubert-base.ts20"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".onnx"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scan, err := onnxproto.Scan(data)
		if err != nil || len(scan.Graph.Nodes) > 2000 {
			return
		}
		card := new(Card)
		if err := discover(card, filepath.Join(t.TempDir(), "model.onnx"), scan); err != nil {
			return
		}
		card.problems()
		computed, outputs := scan.Graph.Producers(), map[string]bool{}
		for _, o := range scan.Graph.Outputs {
			outputs[o.Name] = true
		}
		for _, l := range card.Layers {
			if _, ok := computed[l.Tensor]; !ok && !outputs[l.Tensor] {
				t.Errorf("layer %s is %q, which nothing computes", l.Name, l.Tensor)
			}
		}
	})
}
