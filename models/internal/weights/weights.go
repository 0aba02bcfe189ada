// Package weights reads the tensors of a checkpoint by name. [Tensors] is what all formats have in common; this package
// holds safetensors and checkpoints in shards, package pickled what torch.save writes, package ctranslate2 that format.
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
	// Close closes the file.
	Close() error
}

// Missing is the error for a tensor that a file does not have.
func Missing(path, name string) error { return fmt.Errorf("%s has no tensor %q", path, name) }
