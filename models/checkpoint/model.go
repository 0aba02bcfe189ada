package checkpoint

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"speechsim/models"
	"speechsim/models/internal/network"
	"speechsim/models/internal/onnxproto"
)

// Model is the graph of a checkpoint, ready to be written.
type Model struct {
	Card    models.Card
	graph   *onnxproto.Builder
	maxFile int64 // of a file that holds its weights itself
}

// Model builds the graph and the card, under a name. Weights are looked for and not read yet.
func (c *Checkpoint) Model(name string) (*Model, error) {
	n := network.New(c.weights)
	card := c.network.build(n, c.feature)
	graph, err := n.Builder()
	if err != nil {
		return nil, err
	}
	if err := c.weights.finish(); err != nil {
		return nil, err
	}
	if card.Kind == models.Text && c.options.Normalize != "" {
		return nil, fmt.Errorf("normalize is for waveforms, and a model of type %s reads text", c.kind)
	}
	if _, err := os.Stat(filepath.Join(c.folder, "modules.json")); err == nil {
		card.Notes = append(card.Notes, "what sentence-transformers does after the last layer (modules.json: pooling, normalisation) is left out")
	}
	card.Name, card.Family, card.Origin = name, c.kind, c.Name()
	if c.options.Random {
		card.Origin = fmt.Sprintf("random weights, config.json of %s, seed %d", card.Origin, c.options.Seed)
	}
	return &Model{Card: card, graph: graph, maxFile: onnxproto.MaxFile}, nil
}

// WeightBytes is the size of its weights.
func (m *Model) WeightBytes() int64 { return m.graph.WeightBytes() }

// WriteFile writes a file whole: what write writes gets its name at the end.
type WriteFile func(path string, write func(io.Writer) error) error

// Write writes the model to a file that ends in .onnx, and its card both into it and beside it. Weights above 2 GB go into
// FILE.onnx.data. The model gets its name last, so that what has it is complete.
func (m *Model) Write(ctx context.Context, path string, write WriteFile) error {
	card := m.Card.YAML()
	m.graph.Metadata(models.MetadataKey, card)
	m.graph.Producer("pipeline", "")
	file := func(path string, content func(io.Writer) error) error {
		return write(path, func(w io.Writer) error { return content(stoppable{ctx, w}) })
	}
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	if err := file(models.SidecarPath(path), text(card)); err != nil {
		return err
	}
	if m.graph.WeightBytes() <= m.maxFile {
		return file(path, func(w io.Writer) error { return m.graph.Write(w, network.Opset) })
	}
	data := path + ".data"
	var model strings.Builder
	if err := file(data, func(w io.Writer) error {
		return m.graph.WriteExternal(&model, w, filepath.Base(data), network.Opset)
	}); err != nil {
		return err
	}
	return file(path, text(model.String()))
}

// stoppable is a writer that fails when its context ends: a large model takes seconds.
type stoppable struct {
	ctx context.Context
	w   io.Writer
}

func (s stoppable) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}
