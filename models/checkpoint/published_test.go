package checkpoint_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/models/checkpoint"
)

// edited writes a checkpoint of torch.save in which the bytes of an entry are others: of its object ("data.pkl"), or of a tensor.
func edited(t *testing.T, from, to, entry string, change func([]byte) []byte) {
	t.Helper()
	source, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range source.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, "/"+entry) {
			changed := change(bytes.Clone(data))
			if bytes.Equal(changed, data) {
				t.Fatalf("%s of %s does not have what is to be changed", entry, from)
			}
			data = changed
		}
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err == nil {
			_, err = e.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// spelt replaces a text in a pickle by one of the same length.
func spelt(from, to string) func([]byte) []byte {
	return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(from), []byte(to)) }
}

// number replaces a small integer behind a key in a pickle.
func number(key string, to byte) func([]byte) []byte {
	return func(data []byte) []byte {
		at := bytes.Index(data, []byte(key))
		if at < 0 {
			return data
		}
		if k := bytes.IndexByte(data[at+len(key):], 'K'); k >= 0 { // BININT1
			data[at+len(key)+k+1] = to
		}
		return data
	}
}

// What their authors published and is damaged, or no model of the family, is refused with the reason.
func TestPublishedRefuses(t *testing.T) {
	tests := []struct {
		name, from, entry string
		change            func([]byte) []byte
		gin, want         string
	}{
		{"another width", "beats", "data.pkl", number("encoder_ffn_embed_dim", 72), "",
			`tensor "model.encoder.layers.0.fc1.weight" has shape [64 32], and cfg asks for [72 32]`},
		{"one block more", "beats", "data.pkl", number("encoder_layers", 4), "", `has no tensor "model.encoder.layers.3.self_attn.q_proj.weight"`},
		{"one block less", "beats", "data.pkl", number("encoder_layers", 2), "", `tensors of the layers are of no use to the network that cfg describes, the first "model.encoder.layers.2.`},
		{"no positions", "beats", "data.pkl", spelt("gru_rel_pos", "gru_rel_pox"), "", "gru_rel_pos false; false, true and true are wanted"},
		{"no size of squares", "beats", "data.pkl", spelt("input_patch_size", "input_match_size"), "", "cfg: input_patch_size is 0; a number from 1 to 128 is wanted"},
		{"heads that don't divide", "beats", "data.pkl", number("encoder_attention_heads", 5), "", "cfg: encoder_embed_dim 32 can't be split into 5 heads"},
		{"an unknown activation", "beats", "data.pkl", spelt("gelu", "sine"), "", `cfg: activation_fn is "sine"; gelu is wanted`},
		{"another family", "beats", "data.pkl", spelt("patch_embedding", "patch_embodding"), "", `cfg: extractor_mode is ""; default or layer_norm is wanted`},
		{"heads of no file", "encodecmae-v1", "", nil, "", "a model of 32 units does not show how many heads it has: put the config.gin"},
		{"heads of another file", "encodecmae-v1", "", nil, "NUM_DECODER_HEADS=4\n", "a model of 32 units does not show how many heads it has: put the config.gin"},
		{"heads of another model", "encodecmae-v1", "", nil, "NUM_ENCODER_HEADS = 12\n", "32 units can't be split into 12 heads"},
		{"no front end", "encodecmae-v1", "data.pkl", spelt("wav_encoder.model", "wav_encoder.madel"), "NUM_ENCODER_HEADS=4\n",
			"its front end gives 128 features; Encodec's convolutions or a filter bank of 256 bands are wanted"},
		{"no projection", "encodecmae-v2-mel", "data.pkl", spelt("post_net", "past_net"), "NUM_ENCODER_HEADS=3\n", `no tensor "feat_projector.weight"`},
		{"no final norm", "encodecmae-v2-mel", "data.pkl", spelt("final_norm", "finel_norm"), "NUM_ENCODER_HEADS=3\n", `has no tensor "final_norm.weight"`},
		{"neither", "encodecmae-v1", "data.pkl", spelt("visible_", "visable_"), "NUM_ENCODER_HEADS=4\n", "it is neither WavLM, BEATs nor EncodecMAE as their authors published them"},
	}
	for _, tt := range tests {
		folder := t.TempDir()
		path, from := filepath.Join(folder, "model.pt"), filepath.Join("..", "export", "testdata", tt.from+".pt")
		if tt.change != nil {
			edited(t, from, path, tt.entry, tt.change)
		} else {
			copyFile(t, from, path)
		}
		if tt.gin != "" {
			if err := os.WriteFile(filepath.Join(folder, "config.gin"), []byte(tt.gin), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c, err := checkpoint.Open(path, checkpoint.Options{})
		if err == nil {
			_, err = c.Model("m")
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), folder) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// EncodecMAE has one feed-forward: a checkpoint whose blocks have others is another network, which its shapes do not show.
func TestEncodecMAEHasOneFeedForward(t *testing.T) {
	folder := publishedFolder(t, "../export/testdata/encodecmae-v2-mel.pt", 3)
	edited(t, "../export/testdata/encodecmae-v2-mel.pt", filepath.Join(folder, "model.pt"), "data/22", func(data []byte) []byte {
		data[0] ^= 1
		return data
	})
	c, err := checkpoint.Open(folder, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	err = m.Write(context.Background(), filepath.Join(t.TempDir(), "m.onnx"), writeFile)
	if err == nil || !strings.Contains(err.Error(), "block 2 has a feed-forward of its own (ff_layer.2.bias)") {
		t.Errorf("%v", err)
	}
}

// Random weights need none, but for the sizes; two draws differ.
func TestRandomPublished(t *testing.T) {
	for _, from := range []string{"../export/testdata/beats.pt", publishedFolder(t, "../export/testdata/encodecmae-v1.pt", 4), publishedFolder(t, "../export/testdata/encodecmae-v2-mel.pt", 3)} {
		a := read(t, imported(t, from, checkpoint.Options{Random: true}))
		if b := read(t, imported(t, from, checkpoint.Options{Random: true})); !bytes.Equal(a, b) {
			t.Errorf("%s: the same seed gave another model", from)
		}
		if b := read(t, imported(t, from, checkpoint.Options{Random: true, Seed: 1})); len(a) != len(b) || bytes.Equal(a, b) {
			t.Errorf("%s: another seed gave the same model", from)
		}
		if want := "random weights, sizes of " + filepath.Base(from) + ", seed 0"; !bytes.Contains(a, []byte(want)) {
			t.Errorf("%s: the card does not say %q", from, want)
		}
	}
}
