package checkpoint

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models"
	"speechsim/models/internal/npz"
	"speechsim/pipeline/native"
)

// A model whose weights lie beside it is the same model.
func TestExternalWeights(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	defer rt.Close()
	c, err := Open("testdata/wavlm-large", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	m.maxFile = 1000
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := m.Write(context.Background(), path, func(path string, write func(io.Writer) error) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return write(f)
	}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.Stat(path + ".data")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 100_000 || data.Size() < m.WeightBytes()/2 {
		t.Errorf("the model has %d bytes, the file of its weights %d of %d", info.Size(), data.Size(), m.WeightBytes())
	}
	arrays, err := npz.Read("testdata/wavlm-large.npz")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := rt.Load(path, models.Options{Layers: []string{"last"}})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	a, err := loaded.Run(context.Background(), models.Input{Samples: arrays["0.input"].Floats})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for i, want := range arrays["0.hidden_states.2"].Floats {
		if got := a.Layers[0].Data[i]; math.Abs(float64(got-want)) > models.Tolerance*(1+math.Abs(float64(want))) {
			t.Fatalf("number %d is %g, want %g", i, got, want)
		}
	}
}

// A write that is stopped says so.
func TestWriteStops(t *testing.T) {
	c, err := Open("testdata/hubert-base", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Write(ctx, "m.onnx", func(_ string, write func(io.Writer) error) error { return write(io.Discard) }); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

// Every weight of a family is drawn as transformers draws it: spread and shape of the distribution.
func TestInitial(t *testing.T) {
	wave := newWav2Vec2("wav2vec2")().(*wav2vec2)
	wave.ConvBias = true
	hubert := newWav2Vec2("hubert")().(*wav2vec2)
	batch := newWav2Vec2("hubert")().(*wav2vec2)
	batch.PositionBatchNorm = true
	vec := newWav2Vec2("data2vec-audio")().(*wav2vec2)
	lm := newWav2Vec2("wavlm")().(*wav2vec2)
	deep := newBEATs()
	deep.DeepNorm = true
	mae := &encodecMAE{Width: 768, Blocks: 10, Heads: 12, Inner: 4096, Features: 128, Encodec: 32}
	conformer := newWav2Vec2Bert()
	tests := []struct {
		of    architecture
		name  string
		shape []int
		want  distribution
	}{
		{wave, "encoder.layers.3.attention.q_proj.weight", []int{768, 768}, distribution{deviation: 0.02}},
		{wave, "encoder.layers.3.attention.q_proj.bias", []int{768}, distribution{}},
		{wave, "encoder.layers.3.final_layer_norm.weight", []int{768}, distribution{constant: 1}},
		{wave, "encoder.layers.3.final_layer_norm.bias", []int{768}, distribution{}},
		{wave, "encoder.layers.3.adapter_layer.norm.weight", []int{768}, distribution{constant: 1}},
		{wave, "feature_extractor.conv_layers.0.layer_norm.weight", []int{512}, distribution{constant: 1}},
		{wave, "feature_extractor.conv_layers.1.conv.weight", []int{512, 512, 3}, distribution{deviation: math.Sqrt(2.0 / 1536)}},
		{wave, "feature_extractor.conv_layers.1.conv.bias", []int{512}, distribution{bound: math.Sqrt(1.0 / 1536)}},
		{hubert, "feature_extractor.conv_layers.1.conv.bias", []int{512}, distribution{}},
		{wave, "feature_projection.projection.weight", []int{768, 512}, distribution{bound: math.Sqrt(1.0 / 512)}},
		{wave, "feature_projection.projection.bias", []int{768}, distribution{bound: math.Sqrt(1.0 / 512)}},
		{hubert, "feature_projection.projection.weight", []int{768, 512}, distribution{deviation: 0.02}},
		{hubert, "feature_projection.projection.bias", []int{768}, distribution{}},
		{wave, "encoder.pos_conv_embed.conv.weight", []int{768, 48, 128}, distribution{bound: math.Sqrt(1.0 / 6144)}},
		{wave, "encoder.pos_conv_embed.conv.bias", []int{768}, distribution{}},
		{vec, "encoder.pos_conv_embed.layers.0.conv.weight", []int{768, 48, 19}, distribution{deviation: math.Sqrt(2.0 / 912)}},
		{batch, "encoder.pos_conv_embed.conv.weight", []int{768, 48, 128}, distribution{deviation: math.Sqrt(2.0 / 6144)}},
		{batch, "encoder.pos_conv_embed.batch_norm.running_mean", []int{768}, distribution{}},
		{batch, "encoder.pos_conv_embed.batch_norm.running_var", []int{768}, distribution{constant: 1}},
		{lm, "encoder.layers.0.attention.gru_rel_pos_const", []int{1, 12, 1, 1}, distribution{constant: 1}},
		{lm, "encoder.layers.0.attention.rel_attn_embed.weight", []int{320, 12}, distribution{deviation: 0.02}},
		{deep, "patch_embedding.weight", []int{512, 1, 16, 16}, distribution{bound: 1.0 / 16}},
		{deep, "post_extract_proj.bias", []int{768}, distribution{bound: math.Sqrt(1.0 / 512)}},
		{deep, "encoder.pos_conv.0.weight", []int{768, 48, 128}, distribution{deviation: math.Sqrt(4.0 / (128 * 768))}},
		{deep, "encoder.pos_conv.0.bias", []int{768}, distribution{}},
		{deep, "encoder.layers.1.self_attn.q_proj.weight", []int{768, 768}, distribution{deviation: math.Sqrt(1.0 / 768)}},
		{deep, "encoder.layers.1.fc1.weight", []int{3072, 768}, distribution{deviation: math.Pow(96, -0.25) * math.Sqrt(2.0/3840)}},
		{deep, "encoder.layers.1.self_attn.grep_linear.weight", []int{8, 64}, distribution{deviation: 0.02}},
		{deep, "encoder.layers.1.self_attn.grep_a", []int{1, 12, 1, 1}, distribution{constant: 1}},
		{deep, "encoder.layers.1.final_layer_norm.weight", []int{768}, distribution{constant: 1}},
		{newBEATs(), "encoder.layers.1.fc1.weight", []int{3072, 768}, distribution{deviation: 0.02}},
		{mae, "positional_encoder.scale", nil, distribution{constant: 1}},
		{mae, "encoder_layers.0.ff_layer.2.weight", []int{768, 4096}, distribution{bound: 1.0 / 64}},
		{mae, "encoder_layers.0.ff_layer.2.bias", []int{768}, distribution{bound: 1.0 / 64}},
		{mae, "encoder_layers.0.norm1.weight", []int{768}, distribution{constant: 1}},
		{mae, "feat_projector.bias", []int{768}, distribution{bound: math.Sqrt(1.0 / 128)}},
		{mae, "wav_encoder.model.model.0.conv.conv.bias", []int{32}, distribution{bound: math.Sqrt(1.0 / 7)}},
		{mae, "wav_encoder.model.model.4.block.1.conv.conv.bias", []int{32}, distribution{bound: math.Sqrt(1.0 / 192)}},
		{mae, "wav_encoder.model.model.4.block.3.conv.conv.bias", []int{64}, distribution{bound: math.Sqrt(1.0 / 32)}},
		{mae, "wav_encoder.model.model.6.conv.conv.bias", []int{128}, distribution{bound: math.Sqrt(1.0 / 512)}},
		{mae, "wav_encoder.model.model.13.lstm.weight_hh_l1", []int{2048, 512}, distribution{bound: math.Sqrt(1.0 / 512)}},
		{mae, "wav_encoder.model.model.15.conv.conv.bias", []int{128}, distribution{bound: math.Sqrt(1.0 / 3584)}},
		{conformer, "feature_projection.projection.bias", []int{1024}, distribution{bound: math.Sqrt(1.0 / 160)}},
		{conformer, "encoder.layers.1.conv_module.pointwise_conv1.weight", []int{2048, 1024, 1}, distribution{deviation: math.Sqrt(2.0 / 1024)}},
		{conformer, "encoder.layers.1.conv_module.depthwise_layer_norm.weight", []int{1024}, distribution{constant: 1}},
		{conformer, "encoder.layers.1.self_attn.distance_embedding.weight", []int{73, 64}, distribution{deviation: 0.02}},
	}
	for _, tt := range tests {
		if got := tt.of.initial(tt.name, tt.shape); math.Abs(got.constant-tt.want.constant)+math.Abs(got.deviation-tt.want.deviation)+math.Abs(got.bound-tt.want.bound) > 1e-12 {
			t.Errorf("%T: %s: %+v, want %+v", tt.of, tt.name, got, tt.want)
		}
	}
}

// What is drawn has the mean, the spread and the bound of its distribution.
func TestDraw(t *testing.T) {
	for _, d := range []distribution{{deviation: 0.02}, {bound: 0.5}, {constant: 1}, {}} {
		r := &random{initial: func(string, []int) distribution { return d }}
		read, err := r.Weight("w", []int{100, 1000})
		if err != nil {
			t.Fatal(err)
		}
		values, err := read()
		if err != nil {
			t.Fatal(err)
		}
		var sum, squares, largest float64
		for _, v := range values {
			sum += float64(v)
			squares += float64(v) * float64(v)
			largest = max(largest, math.Abs(float64(v)))
		}
		n := float64(len(values))
		mean, spread := sum/n, math.Sqrt(squares/n-sum/n*sum/n)
		want := max(d.deviation, d.bound/math.Sqrt(3))
		if math.Abs(mean-d.constant) > 0.02*want || math.Abs(spread-want) > 0.02*want || d.bound > 0 && largest > d.bound {
			t.Errorf("%+v: mean %g, spread %g, largest %g", d, mean, spread, largest)
		}
	}
}

// Any config.json is refused or gives a graph, in bounded memory.
func FuzzConfig(f *testing.F) {
	for _, name := range []string{"hubert-base", "wavlm-large", "data2vec-audio", "mms", "hubert-batch-norm", "w2v-bert"} {
		data, err := os.ReadFile(filepath.Join("testdata", name, "config.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	text, err := filepath.Glob("testdata/text/*/config.json")
	if err != nil || len(text) == 0 {
		f.Fatal(text, err)
	}
	for _, path := range text {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "config.json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Open(folder, Options{Random: true})
		if err != nil {
			return
		}
		m, err := c.Model("m")
		if err != nil {
			return
		}
		if m.WeightBytes() <= 0 || len(m.Card.Layers) == 0 || m.Card.Kind == models.Audio && (m.Card.Hop <= 0 || m.Card.Window <= 0) {
			t.Errorf("%d bytes of weights, card %+v", m.WeightBytes(), m.Card)
		}
	})
}

// Any cfg of BEATs is refused or gives a graph.
func FuzzBEATs(f *testing.F) {
	f.Add([]byte(`{"encoder_layers": 3, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 64, "encoder_attention_heads": 4, "embed_dim": 24, "conv_bias": true, "conv_pos": 128,
		"conv_pos_groups": 16, "relative_position_embedding": true, "num_buckets": 320, "max_distance": 800, "gru_rel_pos": true, "deep_norm": true, "input_patch_size": 16}`))
	f.Add([]byte(`{"input_patch_size": 128, "relative_position_embedding": true, "gru_rel_pos": true, "embed_dim": 768, "conv_pos": 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var cfg map[string]any
		if json.Unmarshal(data, &cfg) != nil {
			return
		}
		c := &Checkpoint{}
		if c.readBEATs(cfg) == nil {
			c.weights = &random{initial: c.network.initial}
			builds(t, c)
		}
	})
}

// Any sizes of EncodecMAE are refused or give a graph.
func FuzzEncodecMAE(f *testing.F) {
	f.Add(32, 2, 4, 64, 128, 2)
	f.Add(36, 3, 3, 72, 256, 0)
	f.Fuzz(func(t *testing.T, width, blocks, heads, inner, features, encodec int) {
		a := &encodecMAE{width, blocks, heads, inner, features, encodec}
		if a.check() == nil {
			builds(t, &Checkpoint{network: a, weights: &random{initial: a.initial}})
		}
	})
}

// builds sees that a model is refused or has what it must.
func builds(t *testing.T, c *Checkpoint) {
	t.Helper()
	m, err := c.Model("m")
	if err == nil && (m.WeightBytes() <= 0 || len(m.Card.Layers) == 0 || m.Card.Hop <= 0 || m.Card.Window <= 0) {
		t.Errorf("%d bytes of weights, card %+v", m.WeightBytes(), m.Card)
	}
}

func TestConvolutionsOf(t *testing.T) {
	channels, kernels, strides, err := convolutionsOf("[(512,10,5)] + [(512, 3, 2)] * 2 + [(256,2,2)]")
	if want := []int{512, 512, 512, 256, 10, 3, 3, 2, 5, 2, 2, 2}; err != nil || !slices.Equal(slices.Concat(channels, kernels, strides), want) {
		t.Errorf("%v %v %v, %v", channels, kernels, strides, err)
	}
	for _, text := range []string{"", "[(1,2)]", "[(1,2,3)] * x", "[(1,2,3)] - [(1,2,3)]", "__import__('os')", strings.Repeat("[(1,1,1)]*999+", 9) + "[(1,1,1)]"} {
		if _, _, _, err := convolutionsOf(text); err == nil {
			t.Errorf("%.20q was read", text)
		}
	}
}
