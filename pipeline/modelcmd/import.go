package modelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"speechsim/models/checkpoint"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
)

// Import is a job: an ONNX file with all layers, and its card, of a checkpoint.
type Import struct {
	Source   string // the folder of a checkpoint of transformers, its file of weights, or its id on the hub, which is looked for in the cache
	Revision string // of the id, "" = the default
	Out      string // NAME.onnx; NAME.card.yaml is written beside it
	Options  checkpoint.Options
}

// Check finds what the job can't be.
func (i Import) Check() error {
	if i.Out == "" {
		return errors.New("--out NAME.onnx is missing: the file to write")
	}
	if filepath.Ext(i.Out) != ".onnx" {
		return fmt.Errorf("--out %q: the name of the file to write is wanted, NAME.onnx", i.Out)
	}
	return i.Options.Check()
}

// Run writes the files and says on w what they are.
func (i Import) Run(ctx context.Context, w io.Writer) error {
	name := strings.TrimSuffix(filepath.Base(i.Out), ".onnx")
	source, err := checkpoints.FindNamed(i.Source, i.Revision, !i.Options.Random)
	if err != nil {
		return err
	}
	c, err := checkpoint.Open(source.Path, i.Options)
	if err != nil {
		return err
	}
	defer c.Close()
	m, err := c.Model(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(i.Out), 0o755); err != nil {
		return err
	}
	if err := m.Write(ctx, i.Out, files.Write); err != nil {
		return err
	}
	card := &m.Card
	fmt.Fprintf(w, "%s: %s, %d layers, %d attention maps of %d heads, %s of weights, from %s\n",
		i.Out, card.Family, len(card.Layers), len(card.Attentions), card.Heads, text.Bytes(m.WeightBytes()), card.Origin)
	for _, note := range card.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	return nil
}
