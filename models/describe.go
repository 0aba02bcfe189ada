package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Describe returns a model that cannot run: what its card says, for planning
// before the file is there. The card is the sidecar of path, or that of the
// options, and must have all that a file would have shown: layers with their
// units, heads of attention maps.
func Describe(path string, o Options) (*Model, error) {
	m := &Model{name: o.Name, path: path, card: &Card{}}
	if m.name == "" {
		m.name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if o.Card != nil {
		m.card.fill(o.Card, "config")
	}
	sidecar := SidecarPath(path)
	switch c, err := ReadCardFile(sidecar); {
	case err == nil:
		m.card.fill(c, "sidecar "+sidecar)
	case !errors.Is(err, os.ErrNotExist) || o.Card == nil:
		return nil, err
	}
	problems := m.card.problems()
	for _, l := range m.card.Layers {
		if l.Units <= 0 {
			problems = append(problems, fmt.Sprintf("layer %s has no units: write {name: %q, tensor: %s, units: NUMBER}", l.Name, l.Name, l.Tensor))
		}
	}
	for i := range m.card.Attentions {
		a := &m.card.Attentions[i]
		if m.card.Heads == 0 {
			m.card.Heads = a.Heads
		}
	}
	if len(m.card.Attentions) > 0 && m.card.Heads == 0 {
		problems = append(problems, "heads is not known: write heads: NUMBER")
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("model %s: %s does not exist, and its card lacks what the file would show:\n  %s\nwrite these into %s (see docs/models.md)",
			m.name, path, strings.Join(problems, "\n  "), sidecar)
	}
	var err error
	if m.layers, err = selectOutputs("layers", m.card.Layers, o.Layers); err == nil {
		m.attentions, err = selectOutputs("attentions", m.card.Attentions, o.Attentions)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	text, err := json.Marshal(m.card)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	m.digest = "card " + hex.EncodeToString(sum[:])
	m.widest, m.described = describedConvolution(m.card), true
	return m, nil
}

// Described says that the model is known by its card alone.
func (m *Model) Described() bool { return m.described }

// WeightBytes is the size of the model's file, with the weights next to it. Of a
// model that is described it is an estimate: a block of d units has some 12 d²
// weights, the convolutions and embeddings before the blocks as much as one.
func (m *Model) WeightBytes() int64 {
	if !m.described {
		files, err := filepath.Glob(escapeGlob(m.path) + "*") // NAME.onnx, NAME.onnx.data
		if err != nil {
			return 0
		}
		var total int64
		for _, f := range files {
			if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
				total += info.Size()
			}
		}
		return total
	}
	blocks, widest := 0, 0
	numbered := slices.DeleteFunc(slices.Clone(m.card.Layers), func(l LayerOutput) bool { return !l.numbered() })
	for _, l := range numbered {
		if n, err := strconv.Atoi(l.Name); err == nil {
			blocks = max(blocks, n)
		}
		widest = max(widest, l.Units)
	}
	return 4 * 12 * int64(blocks+1) * int64(widest) * int64(widest)
}
