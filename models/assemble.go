package models

import (
	"errors"
	"fmt"
	"os"

	"speechsim/models/internal/onnxproto"
)

// MetadataKey is where a card may stand inside an ONNX file.
const MetadataKey = "speechsim.card"

// assembleCard builds the card of a model: key by key from the override, the
// sidecar, the metadata and the graph, in this order. With an error it returns what
// it knows by then.
func assembleCard(path string, scan *onnxproto.Model, override *Card) (*Card, error) {
	card := &Card{}
	if override != nil {
		card.fill(override, "config")
	}
	sidecar := SidecarPath(path)
	switch c, err := ReadCardFile(sidecar); {
	case err == nil:
		card.fill(c, "sidecar "+sidecar)
	case !errors.Is(err, os.ErrNotExist):
		return card, err
	}
	if text, ok := scan.Metadata[MetadataKey]; ok {
		c, err := ReadCard([]byte(text), fmt.Sprintf("%s (metadata %s)", path, MetadataKey))
		if err != nil {
			return card, err
		}
		card.fill(c, "metadata")
	}
	if err := discover(card, path, scan); err != nil {
		return card, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}

// fill takes over from other what this card does not say yet.
func (c *Card) fill(other *Card, from string) {
	fillPart(c, "name", from, &c.Name, other.Name)
	fillPart(c, "family", from, &c.Family, other.Family)
	fillPart(c, "kind", from, &c.Kind, other.Kind)
	fillPart(c, "sample_rate", from, &c.SampleRate, other.SampleRate)
	fillPart(c, "hop", from, &c.Hop, other.Hop)
	fillPart(c, "window", from, &c.Window, other.Window)
	fillPart(c, "first_frame", from, &c.FirstFrame, other.FirstFrame)
	fillPart(c, "partial", from, &c.Partial, other.Partial)
	fillPart(c, "normalize", from, &c.Normalize, other.Normalize)
	fillPart(c, "epsilon", from, &c.Epsilon, other.Epsilon)
	fillPart(c, "front_end", from, &c.FrontEnd, other.FrontEnd)
	fillPart(c, "patches", from, &c.Patches, other.Patches)
	fillPart(c, "chunk", from, &c.Chunk, other.Chunk)
	fillPart(c, "min_chunk", from, &c.MinChunk, other.MinChunk)
	fillPart(c, "padding", from, &c.Padding, other.Padding)
	fillPart(c, "input", from, &c.Input, other.Input)
	fillPart(c, "mask", from, &c.Mask, other.Mask)
	fillPart(c, "token_types", from, &c.TokenTypes, other.TokenTypes)
	fillPart(c, "vocabulary", from, &c.Vocabulary, other.Vocabulary)
	fillPart(c, "max_tokens", from, &c.MaxTokens, other.MaxTokens)
	fillPart(c, "heads", from, &c.Heads, other.Heads)
	fillPart(c, "source", from, &c.Origin, other.Origin)
	if c.Notes == nil {
		c.Notes = other.Notes
	}
	fillList(c, "layers", from, &c.Layers, other.Layers)
	fillList(c, "attentions", from, &c.Attentions, other.Attentions)
}

func fillPart[T comparable](c *Card, key, from string, to *T, value T) {
	var zero T
	if *to == zero && value != zero {
		*to = value
		c.setSource(key, from)
	}
}

func fillList(c *Card, key, from string, to *[]LayerOutput, value []LayerOutput) {
	if *to == nil && value != nil {
		*to = append([]LayerOutput{}, value...)
		c.setSource(key, from)
	}
}
