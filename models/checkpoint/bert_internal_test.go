package checkpoint

import "testing"

// Every weight of a text model is drawn as transformers draws it.
func TestInitialOfText(t *testing.T) {
	normal, one, zero := distribution{deviation: 0.02}, distribution{constant: 1}, distribution{}
	for _, of := range []struct {
		architecture
		want map[string]distribution
	}{
		{newBERT(), map[string]distribution{
			"embeddings.word_embeddings.weight":                 normal,
			"embeddings.LayerNorm.weight":                       one,
			"embeddings.LayerNorm.bias":                         zero,
			"encoder.layer.3.attention.self.query.weight":       normal,
			"encoder.layer.3.attention.self.query.bias":         zero,
			"encoder.layer.3.attention.output.LayerNorm.weight": one,
		}},
		{newDistilBERT(), map[string]distribution{
			"embeddings.position_embeddings.weight":        normal,
			"embeddings.LayerNorm.weight":                  one,
			"transformer.layer.1.sa_layer_norm.weight":     one,
			"transformer.layer.1.output_layer_norm.weight": one,
			"transformer.layer.1.output_layer_norm.bias":   zero,
			"transformer.layer.1.ffn.lin1.weight":          normal,
		}},
	} {
		for name, want := range of.want {
			if got := of.initial(name, []int{768, 768}); got != want {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
	}
}
