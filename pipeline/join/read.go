package join

import (
	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/metrics"
)

// Layer is a stored layer of one of the sources that were joined.
type Layer struct {
	Source int // position among the sides
	extract.Layer
}

// Reader reads joined rows of some layers.
type Reader struct {
	rows    *Rows
	layers  []Layer
	readers []*store.LayerReader
}

// Open opens the stored files of some layers.
func (j *Rows) Open(layers []Layer) (*Reader, error) {
	r := &Reader{rows: j, layers: layers}
	for _, l := range layers {
		reader, err := j.Entries[l.Source].OpenLayer(l.Layer)
		if err != nil {
			r.Close()
			return nil, err
		}
		r.readers = append(r.readers, reader)
	}
	return r, nil
}

// Close closes the files.
func (r *Reader) Close() {
	for _, reader := range r.readers {
		reader.Close()
	}
}

// Range reads rows [from, to) of one layer: [to - from, units].
func (r *Reader) Range(layer, from, to int) ([]float32, error) {
	return r.gather(layer, r.rows.Index[r.layers[layer].Source][from:to])
}

// Blocks reads the rows in the given order, so many at once: a matrix a layer.
func (r *Reader) Blocks(order []int, size int, visit func([]metrics.Matrix) error) error {
	for from := 0; from < len(order); from += size {
		block := order[from:min(from+size, len(order))]
		out := make([]metrics.Matrix, len(r.layers))
		for i, l := range r.layers {
			index := make([]int, len(block))
			for k, row := range block {
				index[k] = r.rows.Index[l.Source][row]
			}
			data, err := r.gather(i, index)
			if err != nil {
				return err
			}
			out[i] = metrics.Matrix{Rows: len(block), Cols: l.Units, Data: data}
		}
		if err := visit(out); err != nil {
			return err
		}
	}
	return nil
}

// Whole reads all rows in the given order: a matrix a layer.
func (r *Reader) Whole(order []int) ([]metrics.Matrix, error) {
	out := make([]metrics.Matrix, len(r.layers))
	for i, l := range r.layers {
		out[i] = metrics.Matrix{Rows: len(order), Cols: l.Units, Data: make([]float32, 0, len(order)*l.Units)}
	}
	err := r.Blocks(order, metrics.BlockRows, func(rows []metrics.Matrix) error {
		for i := range rows {
			out[i].Data = append(out[i].Data, rows[i].Data...)
		}
		return nil
	})
	return out, err
}

// gather reads stored rows of one layer, neighbours together.
func (r *Reader) gather(layer int, index []int) ([]float32, error) {
	units := r.layers[layer].Units
	rows := make([]float32, len(index)*units)
	for a := 0; a < len(index); {
		e := a + 1
		for e < len(index) && index[e] == index[e-1]+1 {
			e++
		}
		if err := r.readers[layer].Read(index[a], rows[a*units:e*units]); err != nil {
			return nil, err
		}
		a = e
	}
	return rows, nil
}
