package features

import (
	"context"
	"errors"
	"fmt"
	"math"

	"speechsim/pipeline/internal/kaldi"
	"speechsim/pipeline/internal/npy"
)

// shape is that of the features of an utterance.
type shape struct{ layers, frames, units int }

// reader reads the features of one utterance.
type reader interface {
	header() (shape, error)
	finite(ctx context.Context) error   // that every value is, in float32 too
	read(want shape) ([]float32, error) // [layers, frames, units]
}

var errChanged = errors.New("the file was changed while the run was using it")

// numpy is an array that numpy wrote.
type numpy struct{ open func() (*npy.Array, error) }

func shapeOf(a *npy.Array) shape { return shape{a.Planes, a.Rows / a.Planes, a.Cols} }

func (n numpy) header() (shape, error) {
	a, err := n.open()
	if err != nil {
		return shape{}, err
	}
	return shapeOf(a), a.Close()
}

func (n numpy) finite(ctx context.Context) error {
	a, err := n.open()
	if err != nil {
		return err
	}
	largest, err := a.Check(ctx, 1, func(int) {})
	if err == nil && largest > math.MaxFloat32 {
		err = fmt.Errorf("%s: a value of %g is beyond the range of float32", a.Name(), largest)
	}
	return errors.Join(err, a.Close())
}

func (n numpy) read(want shape) ([]float32, error) {
	a, err := n.open()
	if err != nil {
		return nil, err
	}
	if shapeOf(a) != want {
		return nil, errors.Join(fmt.Errorf("%s: %w", a.Name(), errChanged), a.Close())
	}
	data := make([]float32, a.Rows*a.Cols)
	return data, errors.Join(npy.Read(a, data, 0, a.Rows), a.Close())
}

// archived is a matrix in an archive of Kaldi.
type archived struct{ *kaldi.Entry }

func (e archived) header() (shape, error) { return shape{1, e.Rows, e.Cols}, nil }

func (e archived) finite(context.Context) error {
	x, err := e.Read()
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("%s: the value at row %d, column %d (counted from 0) is %v; every value must be finite", e.Name(), i/e.Cols, i%e.Cols, v)
		}
	}
	return err
}

func (e archived) read(shape) ([]float32, error) { return e.Read() }
