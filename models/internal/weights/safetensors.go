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
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Safetensors is an open checkpoint in the format of github.com/huggingface/safetensors: eight bytes with the length of
// a JSON header, the header with type, shape and place of every tensor, then the numbers, without gaps.
type Safetensors struct {
	path    string // of the file or of the index
	files   []*os.File
	tensors map[string]tensor
}

// tensor is one entry of a header.
type tensor struct {
	path  string // of the file that holds it
	from  io.ReaderAt
	kind  string
	shape []int
	at    int64 // in the file
	bytes int64
}

// headerMost is the longest header that the format allows.
const headerMost = 100_000_000

// sizes is how many bytes an element of each type has. A model's float types are f32, f16 and bf16; the others are known, so that
// a file may hold them, and cannot be read as float32.
var sizes = map[string]int64{
	"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// OpenSafetensors opens a file, or the shards that an index (model.safetensors.index.json) lists.
func OpenSafetensors(path string) (*Safetensors, error) {
	s := &Safetensors{path: path, tensors: map[string]tensor{}}
	var err error
	if strings.HasSuffix(path, ".json") {
		err = s.openShards()
	} else {
		s.tensors, err = s.open(path)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open reads the header of a file and keeps the file open.
func (s *Safetensors) open(path string) (map[string]tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; a safetensors file is wanted", path)
	}
	return readHeader(f, info.Size(), path)
}

// openShards opens every file that the index names. An index names files beside it and nothing else.
func (s *Safetensors) openShards() error {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	if isLFS(data) {
		return lfsError(s.path)
	}
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return fmt.Errorf("%s is not an index of safetensors: %w", s.path, err)
	}
	if len(index.Files) == 0 {
		return fmt.Errorf("%s is not an index of safetensors: its weight_map is empty", s.path)
	}
	shards := map[string]map[string]tensor{}
	for _, name := range slices.Sorted(maps.Keys(index.Files)) {
		file := index.Files[name]
		if file != filepath.Base(file) || !filepath.IsLocal(file) {
			return fmt.Errorf("%s: tensor %q is said to be in %q, which is not a file beside the index", s.path, name, file)
		}
		shard, opened := shards[file]
		if !opened {
			if shard, err = s.open(filepath.Join(filepath.Dir(s.path), file)); err != nil {
				return err
			}
			shards[file] = shard
		}
		t, ok := shard[name]
		if !ok {
			return fmt.Errorf("%s: tensor %q is said to be in %s, which does not have it", s.path, name, file)
		}
		s.tensors[name] = t
	}
	return nil
}

const lfs = "version https://git-lfs"

func isLFS(head []byte) bool { return bytes.HasPrefix(head, []byte(lfs)) }

func lfsError(path string) error {
	return fmt.Errorf("%s is a Git LFS pointer in place of the file: fetch the file itself with `git lfs pull`", path)
}

// readHeader reads and checks the header of a file of so many bytes.
func readHeader(f io.ReaderAt, size int64, path string) (map[string]tensor, error) {
	var head [len(lfs)]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if isLFS(head[:n]) {
		return nil, lfsError(path)
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
	for name, e := range entries {
		t, err := e.tensor(8+int64(length), size)
		if err != nil {
			return nil, fmt.Errorf("%s: tensor %q: %w", path, name, err)
		}
		t.path, t.from = path, f
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
		return tensor{}, fmt.Errorf("it ends at byte %d of %d: the file is truncated", e.Offsets[1], size-data)
	}
	t.at = data + e.Offsets[0]
	n, ok := Elements(e.Shape)
	if !ok {
		return tensor{}, fmt.Errorf("shape %v is not one of a tensor", e.Shape)
	}
	if each, known := sizes[e.Kind]; known && int64(n)*each != t.bytes {
		return tensor{}, fmt.Errorf("shape %v of %s takes %d bytes, and it has %d", e.Shape, e.Kind, int64(n)*each, t.bytes)
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

// Files lists the files that were read: the index, if there is one, and the shards.
func (s *Safetensors) Files() []string {
	var list []string
	if len(s.files) != 1 || s.files[0].Name() != s.path {
		list = append(list, s.path)
	}
	for _, f := range s.files {
		list = append(list, f.Name())
	}
	return list
}

// Shape is that of a tensor.
func (s *Safetensors) Shape(name string) ([]int, error) {
	t, ok := s.tensors[name]
	if !ok {
		return nil, Missing(s.path, name)
	}
	return slices.Clone(t.shape), nil
}

// Float32 reads a tensor of f32, f16 or bf16.
func (s *Safetensors) Float32(name string) ([]float32, error) {
	t, ok := s.tensors[name]
	if !ok {
		return nil, Missing(s.path, name)
	}
	decode := decoders[t.kind]
	if decode == nil {
		return nil, fmt.Errorf("%s: tensor %q has type %q; F32, F16 and BF16 can be read", t.path, name, t.kind)
	}
	out := make([]float32, t.bytes/sizes[t.kind])
	const step = 1 << 18 // elements at a time
	raw := make([]byte, min(t.bytes, step*sizes[t.kind]))
	at := t.at
	for rest := out; len(rest) > 0; {
		n := min(len(rest), step)
		part := raw[:int64(n)*sizes[t.kind]]
		if _, err := t.from.ReadAt(part, at); err != nil {
			return nil, fmt.Errorf("%s: tensor %q: %w", t.path, name, err)
		}
		decode(rest[:n], part)
		rest, at = rest[n:], at+int64(len(part))
	}
	return out, nil
}

// Close closes its files.
func (s *Safetensors) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// decoders turn little-endian bytes into float32.
var decoders = map[string]func(to []float32, from []byte){
	"F32": func(to []float32, from []byte) {
		for i := range to {
			to[i] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))
		}
	},
	"F16": func(to []float32, from []byte) {
		for i := range to {
			to[i] = Half(binary.LittleEndian.Uint16(from[2*i:]))
		}
	},
	"BF16": func(to []float32, from []byte) {
		for i := range to {
			to[i] = BFloat16(binary.LittleEndian.Uint16(from[2*i:]))
		}
	},
}

// BFloat16 is the number of a bfloat16: the upper half of a float32.
func BFloat16(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// Half is the number of an IEEE 754 half.
func Half(bits uint16) float32 {
	sign, exponent, mantissa := uint32(bits>>15)<<31, uint32(bits>>10&31), uint32(bits&1023)
	switch exponent {
	case 0: // zero and subnormal: mantissa / 2^24
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)/(1<<24)))
	case 31:
		return math.Float32frombits(sign | 255<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}
