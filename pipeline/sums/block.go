package sums

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"

	"speechsim/metrics"
	"speechsim/pipeline/plan"
)

// Block gathers rows of all layers until there are enough for the products.
type Block struct {
	tile   *plan.Tile
	layers [][]float32
	units  []int
	size   int // rows that it holds
	rows   int
	marks  []mark

	projections *metrics.Projections // of the rows before they are multiplied; nil: they are as they are
}

// mark says of what the rows below end are, down to the mark before.
type mark struct {
	end  int
	name string
}

// NewBlock is an empty block for the layers of a tile.
func NewBlock(t *plan.Tile) *Block {
	k := &Block{tile: t, size: t.BlockSize()}
	for _, l := range t.Layers {
		k.layers = append(k.layers, make([]float32, 0, k.size*l.Units))
		k.units = append(k.units, l.Units)
	}
	return k
}

// Empty forgets the rows.
func (k *Block) Empty() {
	for i := range k.layers {
		k.layers[i] = k.layers[i][:0]
	}
	k.rows, k.marks = 0, k.marks[:0]
}

// Room is how many rows there is room for.
func (k *Block) Room() int { return k.size - k.rows }

// Fill takes rows of one layer; Advance says how many all layers got.
func (k *Block) Fill(layer int, data []float32) { k.layers[layer] = append(k.layers[layer], data...) }

// Advance says that every layer got so many rows, and of what they are.
func (k *Block) Advance(rows int, name string) {
	k.rows += rows
	k.marks = append(k.marks, mark{k.rows, name})
}

// blockHeader is the line of JSON before the saved rows of a block.
type blockHeader struct {
	Rows  int
	Ends  []int // of the marks
	Names []string
}

// WriteRows saves the rows: a line of JSON, then those of each layer.
func (k *Block) WriteRows(w io.Writer) error {
	head := blockHeader{Rows: k.rows}
	for _, m := range k.marks {
		head.Ends, head.Names = append(head.Ends, m.end), append(head.Names, m.name)
	}
	line, err := json.Marshal(head)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	for _, d := range k.layers {
		if err == nil {
			err = binary.Write(w, binary.LittleEndian, d)
		}
	}
	return err
}

// ReadRows fills an empty block with rows that WriteRows saved, and reads no further.
func (k *Block) ReadRows(in *bufio.Reader) error {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var head blockHeader
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	if head.Rows < 0 || head.Rows >= k.size || len(head.Ends) != len(head.Names) {
		return fmt.Errorf("a block of %d rows", head.Rows)
	}
	for i, units := range k.units {
		k.layers[i] = k.layers[i][:head.Rows*units]
		if err := binary.Read(in, binary.LittleEndian, k.layers[i]); err != nil {
			return err
		}
	}
	k.rows = head.Rows
	for i, end := range head.Ends {
		k.marks = append(k.marks, mark{end, head.Names[i]})
	}
	return nil
}

// name says of what a row is: "utterance 84-121123-0000".
func (k *Block) name(row int) string {
	i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].end > row })
	if i == len(k.marks) {
		return "?"
	}
	return k.marks[i].name
}

// Flush adds the rows to moments and empties the block.
func (k *Block) Flush(ctx context.Context, m *metrics.Moments) error {
	if k.rows == 0 {
		return nil
	}
	rows := make([]metrics.Matrix, len(k.layers))
	for i, d := range k.layers {
		rows[i] = metrics.Matrix{Rows: k.rows, Cols: k.units[i], Stride: k.units[i], Data: d}
	}
	var err error
	if k.projections != nil {
		rows, err = k.projections.Project(ctx, rows)
	}
	if err == nil {
		err = m.Add(ctx, rows)
	}
	err = Named(k.tile, err, k.name)
	k.Empty()
	return err
}

// Named gives an error about a value the names of model, layer and of what the row is.
func Named(t *plan.Tile, err error, name func(row int) string) error {
	var bad *metrics.NonFiniteError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s: %s: %w", name(bad.Row), t.Label(t.Layers[bad.Layer]), err)
	}
	return err
}
