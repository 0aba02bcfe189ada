package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"speechsim/models/internal/elements"
)

// Safetensors is an open file in the format of github.com/huggingface/safetensors: eight bytes with the length of a JSON header,
// the header with type, shape and place of every tensor, then the numbers, without gaps.
type Safetensors struct {
	path    string
	from    io.ReaderAt
	close   func() error
	tensors map[string]tensor
}

// tensor is one entry of a header.
type tensor struct {
	kind  string
	shape []int
	at    int64 // in the file
	bytes int64
}

// headerMost is the longest header that the format allows.
const headerMost = 100_000_000

// types are the types of numbers that can be read. A file may hold others, such as 8-bit floats.
var types = map[string]*elements.Type{
	"F64": elements.Float64, "F32": elements.Float32, "F16": elements.Float16, "BF16": elements.BFloat16,
	"I64": elements.Int64, "I32": elements.Int32, "I16": elements.Int16, "I8": elements.Int8,
	"U64": elements.Uint64, "U32": elements.Uint32, "U16": elements.Uint16, "U8": elements.Uint8, "BOOL": elements.Bool,
}

// OpenSafetensors reads the header of a file. Every tensor is checked against the file, so that one which is damaged or cut short is
// refused here.
func OpenSafetensors(path string) (*Safetensors, error) {
	f, size, err := elements.Open(path)
	if err != nil {
		return nil, err
	}
	s := &Safetensors{path: path, from: f, close: f.Close}
	if s.tensors, err = readHeader(f, size, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// readHeader reads and checks the header of a file of so many bytes.
func readHeader(f io.ReaderAt, size int64, path string) (map[string]tensor, error) {
	var head [8]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if n < 8 {
		return nil, fmt.Errorf("%s is not a safetensors file, or truncated: it has %d bytes", path, size)
	}
	length := binary.LittleEndian.Uint64(head[:])
	switch {
	case length > headerMost:
		return nil, fmt.Errorf("%s is not a safetensors file: its header would have %d bytes, and %d are allowed", path, length, int64(headerMost))
	case int64(length) > size-8:
		return nil, fmt.Errorf("%s is truncated, or not a safetensors file: its header has %d bytes, and %d are left", path, length, size-8)
	}
	text := make([]byte, length)
	if _, err := f.ReadAt(text, 8); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	entries, err := decodeHeader(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a safetensors file: its header: %w", path, err)
	}
	tensors := make(map[string]tensor, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) { // so that the message about a damaged file is the same each time
		e := entries[name]
		t, err := e.tensor(8+int64(length), size)
		if err != nil {
			return nil, fmt.Errorf("%s: tensor %q: %w", path, name, err)
		}
		tensors[name] = t
	}
	return tensors, checkPlaces(tensors, path, 8+int64(length), size)
}

// entry is what a header says of a tensor.
type entry struct {
	Kind    string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// decodeHeader decodes the JSON object entry by entry: a name that occurs twice is an error, which decoding into a map would not show.
func decodeHeader(text []byte) (map[string]entry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	entries := map[string]entry{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a name is not a string")
		}
		if name == "__metadata__" {
			var ignored json.RawMessage
			if err := d.Decode(&ignored); err != nil {
				return nil, err
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("there are two tensors %q", name)
		}
		entries[name] = e
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return entries, nil
}

// tensor checks an entry by itself: data begins at a byte of a file of so many.
func (e *entry) tensor(data, size int64) (tensor, error) {
	if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] {
		return tensor{}, fmt.Errorf("data_offsets %v are not a beginning and an end", e.Offsets)
	}
	t := tensor{kind: e.Kind, shape: e.Shape, bytes: e.Offsets[1] - e.Offsets[0]}
	if e.Offsets[1] > size-data {
		return tensor{}, fmt.Errorf("it ends at byte %d, and the file has %d: it is truncated", data+e.Offsets[1], size)
	}
	t.at = data + e.Offsets[0]
	n, ok := elements.Count(e.Shape, size) // no element is smaller than a byte
	if !ok {
		return tensor{}, fmt.Errorf("shape %v is not one of a tensor in %d bytes", e.Shape, t.bytes)
	}
	if each, known := types[e.Kind]; known && n*int64(each.Size) != t.bytes {
		return tensor{}, fmt.Errorf("shape %v of %s takes %d bytes, and it has %d", e.Shape, e.Kind, n*int64(each.Size), t.bytes)
	}
	return t, nil
}

// checkPlaces sees that the tensors fill the file one after the other: neither do two share bytes, nor is anything left over.
func checkPlaces(tensors map[string]tensor, path string, data, size int64) error {
	names := slices.SortedFunc(maps.Keys(tensors), func(a, b string) int {
		x, y := tensors[a], tensors[b] // an empty tensor stands before the one that begins where it lies
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.bytes, y.bytes), cmp.Compare(a, b))
	})
	at, last := data, "the header"
	for _, name := range names {
		t := tensors[name]
		switch {
		case t.at < at:
			return fmt.Errorf("%s: tensor %q shares bytes with %s", path, name, last)
		case t.at > at:
			return fmt.Errorf("%s: %d bytes between %s and tensor %q belong to none", path, t.at-at, last, name)
		}
		at, last = t.at+t.bytes, fmt.Sprintf("tensor %q", name)
	}
	if at != size {
		return fmt.Errorf("%s: %d bytes behind %s belong to no tensor", path, size-at, last)
	}
	return nil
}

// Names lists the tensors, sorted.
func (s *Safetensors) Names() []string { return slices.Sorted(maps.Keys(s.tensors)) }

// Shape is that of a tensor.
func (s *Safetensors) Shape(name string) ([]int, error) {
	t, ok := s.tensors[name]
	if !ok {
		return nil, Missing(s.path, name)
	}
	return slices.Clone(t.shape), nil
}

// Float32 reads a tensor. Numbers that float32 can't hold are rounded to it.
func (s *Safetensors) Float32(name string) ([]float32, error) {
	t, ok := s.tensors[name]
	if !ok {
		return nil, Missing(s.path, name)
	}
	of := types[t.kind]
	if of == nil {
		return nil, fmt.Errorf("%s: tensor %q has type %q, which can't be read (F32, F16 and BF16 are what models have)", s.path, name, t.kind)
	}
	out := make([]float32, t.bytes/int64(of.Size))
	if err := of.Read(s.from, t.at, out); err != nil {
		return nil, fmt.Errorf("%s: tensor %q: %w", s.path, name, err)
	}
	return out, nil
}

// Close closes the file.
func (s *Safetensors) Close() error { return s.close() }
