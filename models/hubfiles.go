package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"speechsim/models/internal/lfs"
)

// hubFiles is what the two JSON files that come with every model on the hubs
// say. They lie next to the model, or one folder up when it is in onnx/.
type hubFiles struct {
	config struct {
		path         string
		ModelType    string `json:"model_type"`
		Layers       int    `json:"num_hidden_layers"`
		LayersDistil int    `json:"n_layers"`
		Heads        int    `json:"num_attention_heads"`
		HeadsDistil  int    `json:"n_heads"`
		Vocabulary   int    `json:"vocab_size"`
		MaxPositions int    `json:"max_position_embeddings"`
		Padding      *int   `json:"pad_token_id"`
		ConvKernel   []int  `json:"conv_kernel"`
		ConvStride   []int  `json:"conv_stride"`
	}
	preprocessor struct {
		path      string
		Normalize *bool `json:"do_normalize"`
		Rate      int   `json:"sampling_rate"`
	}
}

func readHubFiles(model string) (*hubFiles, error) {
	h := new(hubFiles)
	var err error
	if h.config.path, err = readBeside(model, "config.json", &h.config); err != nil {
		return nil, err
	}
	h.preprocessor.path, err = readBeside(model, "preprocessor_config.json", &h.preprocessor)
	return h, err
}

// readBeside decodes the JSON file of that name that belongs to a model, and
// returns its path; "" if there is none.
func readBeside(model, name string, into any) (string, error) {
	folders := []string{filepath.Dir(model)}
	if abs, err := filepath.Abs(folders[0]); err == nil && filepath.Base(abs) == "onnx" {
		folders = append(folders, filepath.Dir(abs))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if lfs.IsPointer(data) {
			return "", fmt.Errorf("%s, which belongs to %s, is %s", path, model, lfs.InPlaceOf("file"))
		}
		if err := json.Unmarshal(data, into); err != nil {
			return "", fmt.Errorf("%s, which belongs to %s: %w", path, model, err)
		}
		return path, nil
	}
	return "", nil
}

// fillFromHub takes over what the JSON files say.
func (c *Card) fillFromHub(h *hubFiles) {
	from := h.config.path
	if from != "" {
		fillPart(c, "family", from, &c.Family, h.config.ModelType)
		fillPart(c, "heads", from, &c.Heads, max(h.config.Heads, h.config.HeadsDistil))
		if c.Kind == Text {
			fillPart(c, "vocabulary", from, &c.Vocabulary, h.config.Vocabulary)
			fillPart(c, "max_tokens", from, &c.MaxTokens, h.maxTokens())
		}
	}
	if from = h.preprocessor.path; from != "" && c.Kind == Audio {
		fillPart(c, "sample_rate", from, &c.SampleRate, h.preprocessor.Rate)
		if n := h.preprocessor.Normalize; n != nil {
			normalize := NormalizeNone
			if *n {
				normalize = ZeroMeanUnit
			}
			fillPart(c, "normalize", from, &c.Normalize, normalize)
		}
	}
}

// maxTokens is how many tokens have a position. RoBERTa and its relatives count positions from behind the padding token.
func (h *hubFiles) maxTokens() int {
	switch h.config.ModelType {
	case "roberta", "xlm-roberta", "camembert":
		padding := 1 // what transformers takes where the file says nothing
		if h.config.Padding != nil {
			padding = *h.config.Padding
		}
		return max(0, h.config.MaxPositions-padding-1)
	}
	return h.config.MaxPositions
}

// contradictions of config.json and the graph, which has so many blocks: the file
// belongs to another model, or the model was cut. Where the card names the layers (blocks
// is -1), it may name some of them only, but none beyond the last.
func (h *hubFiles) contradictions(c *Card, blocks int) error {
	layers := max(h.config.Layers, h.config.LayersDistil)
	if layers == 0 {
		return nil
	}
	if blocks < 0 {
		if last, err := strconv.Atoi(lastNumbered(c.Layers)); err == nil && last > layers {
			return fmt.Errorf("%s says %d transformer layers, but the card (%s) has a layer %d: "+
				"if the file belongs to another model, move it away; else number the layers of the card from 0 to %d",
				h.config.path, layers, c.Source("layers"), last, layers)
		}
		return nil
	}
	if blocks != layers {
		return fmt.Errorf("%s says %d transformer layers, but %d were found in the graph (%s): "+
			"if the file belongs to another model, move it away; else name the layers in the card",
			h.config.path, layers, blocks, c.Source("layers"))
	}
	return nil
}
