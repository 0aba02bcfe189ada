package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models/internal/elements"
)

// file is a safetensors file with a header as given and so many bytes of data.
func file(header string, data int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	out = append(out, header...)
	for i := range data {
		out = append(out, byte(i))
	}
	return out
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSafetensors(t *testing.T) {
	data := file(`{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},`+
		`"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"BF16","shape":[],"data_offsets":[20,22]},`+
		`"eight":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[22,30]},"none":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]}}`, 0)
	for _, v := range []float32{1.5, -2} {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	for _, h := range []uint16{0x3c00, 0xc000, 0x7bff, 0x0001, 0x0000, 0x7c00} {
		data = binary.LittleEndian.AppendUint16(data, h)
	}
	data = binary.LittleEndian.AppendUint16(data, 0x3fc0)
	data = append(data, make([]byte, 8)...)
	s, err := OpenSafetensors(write(t, "m.safetensors", data))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var _ Tensors = s
	if got := s.Names(); !slices.Equal(got, []string{"a", "b", "c", "eight", "none"}) {
		t.Errorf("names %v", got)
	}
	if shape, err := s.Shape("b"); err != nil || !slices.Equal(shape, []int{2, 3}) {
		t.Errorf("shape %v, %v", shape, err)
	}
	for name, want := range map[string][]float32{
		"a": {1.5, -2}, "b": {1, -2, 65504, 1.0 / (1 << 24), 0, float32(math.Inf(1))}, "c": {1.5}, "none": {},
	} {
		if got, err := s.Float32(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"eight": `tensor "eight" has type "F8_E4M3", which can't be read`, "nosuch": `no tensor "nosuch"`} {
		if _, err := s.Float32(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := s.Shape("nosuch"); err == nil {
		t.Error("the shape of a tensor that is not there")
	}
}

func TestSafetensorsRefuses(t *testing.T) {
	one := func(kind, shape string, from, to, data int) []byte {
		return file(fmt.Sprintf(`{"w":{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}}`, kind, shape, from, to), data)
	}
	huge := file(`{}`, 0)
	binary.LittleEndian.PutUint64(huge, 1<<40)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "it has 0 bytes"},
		{"a huge header", huge, "its header would have 1099511627776 bytes"},
		{"a cut header", file(`{"w":{}}`, 0)[:12], "its header has 8 bytes, and 4 are left"},
		{"no JSON", file("weights", 0), "it is not a JSON object"},
		{"JSON and more", file("{}{}", 0), "something follows"},
		{"a pointer", []byte("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
		{"cut data", one("F32", "[2]", 0, 8, 4), `tensor "w": it ends at byte 70, and the file has 66: it is truncated`},
		{"a shape that lies", one("F32", "[3]", 0, 8, 8), `tensor "w": shape [3] of F32 takes 12 bytes, and it has 8`},
		{"a shape beyond numbers", one("F32", "[4294967296,4294967296]", 0, 8, 8), `tensor "w": shape`},
		{"a negative shape", one("F32", "[-1,-2]", 0, 8, 8), `tensor "w": shape`},
		{"an end before its beginning", one("F32", "[2]", 8, 0, 8), `tensor "w": data_offsets`},
		{"a beginning before the data", one("F32", "[2]", -8, 0, 8), `tensor "w": data_offsets`},
		{"a gap", one("F32", "[1]", 4, 8, 8), `4 bytes between the header and tensor "w"`},
		{"left over", one("F32", "[1]", 0, 4, 8), `4 bytes behind tensor "w"`},
		{"two in one place", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, 6), `tensor "b" shares bytes with tensor "a"`},
		{"one name twice", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), `two tensors "a"`},
	}
	for _, tt := range tests {
		_, err := OpenSafetensors(write(t, "m.safetensors", tt.data))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A header is refused or describes tensors that can be read from the bytes that are there.
func FuzzSafetensors(f *testing.F) {
	f.Add(file(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]}}`, 8))
	f.Add(file(`{"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, err := readHeader(bytes.NewReader(data), int64(len(data)), "fuzz")
		if err != nil {
			return
		}
		s := &Safetensors{path: "fuzz", from: bytes.NewReader(data), tensors: tensors}
		total := 0
		for _, name := range s.Names() {
			values, err := s.Float32(name)
			if err != nil {
				continue
			}
			shape, err := s.Shape(name)
			if n, ok := elements.Count(shape, int64(len(data))); err != nil || !ok || int(n) != len(values) {
				t.Errorf("%q has shape %v and %d numbers", name, shape, len(values))
			}
			total += len(values)
		}
		if total > len(data) {
			t.Errorf("%d numbers from %d bytes", total, len(data))
		}
	})
}
