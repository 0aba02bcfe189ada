package pickled

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"speechsim/models/internal/elements"
)

// File is an open checkpoint. Its methods may be called from several goroutines.
type File struct {
	path    string
	r       io.ReaderAt
	close   func() error
	locate  func(*storage) (region, error)
	tensors map[string]*tensor
	values  any
}

// Open reads what a checkpoint says of its tensors, and the values beside them, but no tensor. Each tensor is checked against
// the file, so that a file which is damaged or cut short is refused here.
func Open(path string) (*File, error) {
	f, size, err := elements.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := read(f, size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	c.path, c.close = path, f.Close
	return c, nil
}

// read reads a checkpoint of so many bytes.
func read(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, min(size, 64))
	if err := elements.ReadFull(r, 0, head); err != nil {
		return nil, err
	}
	var object any
	var locate func(*storage) (region, error)
	var err error
	switch text := string(head); {
	case strings.HasPrefix(text, "PK\x03\x04"):
		object, locate, err = readArchive(r, size)
	case strings.HasPrefix(text, "\x80"):
		object, locate, err = readLegacy(r, size)
	default:
		err = fmt.Errorf("is no checkpoint of torch.save: it begins with %s", quote(text[:min(len(text), 16)]))
	}
	if err != nil {
		return nil, err
	}
	c := &File{r: r, locate: locate}
	t := &tree{tensors: map[string]*tensor{}, above: map[any]bool{}, check: func(t *tensor) error {
		_, err := c.place(t)
		return err
	}}
	if c.values, err = t.plain(object, ""); err != nil {
		return nil, err
	}
	if c.tensors = t.tensors; len(c.tensors) == 0 {
		return nil, errors.New("has no tensors: it is not a checkpoint with weights")
	}
	return c, nil
}

// Names are the names of all tensors, sorted.
func (c *File) Names() []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Shape is the shape of a tensor, outermost dimension first; empty for a single number.
func (c *File) Shape(name string) ([]int, error) {
	t, err := c.tensor(name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(t.shape), nil
}

// Float32 reads a tensor, row-major, whatever the strides and the type in the file. Numbers that float32 cannot hold are
// rounded to it.
func (c *File) Float32(name string) ([]float32, error) {
	t, err := c.tensor(name)
	if err != nil {
		return nil, err
	}
	start, err := c.place(t)
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %s: %w", c.path, quote(name), err)
	}
	values, err := t.read(c.r, start)
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %s: %w", c.path, quote(name), err)
	}
	return values, nil
}

// Value is what lies beside the tensors at a path of keys joined by dots ("cfg.encoder_layers"), and whether there is anything:
// map[string]any for a dict, []any for lists, tuples and sets, [Object], string (also for bytes), int64, *big.Int, float64,
// bool, or nil for None. Tensors are left out of dicts, and nil in lists. It must not be changed.
func (c *File) Value(path string) (any, bool) {
	if path == "" {
		return c.values, true
	}
	return find(c.values, path)
}

// Close closes the file.
func (c *File) Close() error { return c.close() }

func (c *File) tensor(name string) (*tensor, error) {
	if t := c.tensors[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%s: there is no tensor %s", c.path, quote(name))
}

// place is where in the file the elements begin that the tensor's offset counts from.
func (c *File) place(t *tensor) (int64, error) {
	where, err := c.locate(t.storage)
	if err != nil {
		return 0, err
	}
	return t.place(where)
}
