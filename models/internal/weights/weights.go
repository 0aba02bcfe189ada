// Package weights reads the tensors of a checkpoint by name. [Tensors] is what all formats have in common; this package
// holds safetensors, in one file or in shards.
//
//	t, err := weights.OpenSafetensors("hubert/model.safetensors")
//	shape, err := t.Shape("encoder.layer_norm.weight")    // [768]
//	values, err := t.Float32("encoder.layer_norm.weight") // 768 numbers, whatever type the file keeps them in
//
// Files are not trusted: what they say of their sizes is checked against what they have before memory is taken for it, and
// every error is one line that names the file and the tensor.
package weights

import "fmt"

// Tensors are the named tensors of a checkpoint.
type Tensors interface {
	// Names lists them, sorted.
	Names() []string
	// Shape is that of a tensor; an error if there is none of that name.
	Shape(name string) ([]int, error)
	// Float32 reads the numbers of a tensor, row-major, as float32. The slice is the caller's.
	Float32(name string) ([]float32, error)
}

// Elements is how many elements a shape has, and whether that is a number at all.
func Elements(shape []int) (n int, ok bool) {
	const most = 1 << 48 // far beyond any file, far below overflow with 8 bytes each
	n = 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > most/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Missing is the error for a tensor that a file does not have.
func Missing(path, name string) error { return fmt.Errorf("%s has no tensor %q", path, name) }
