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
		`"ids":{"dtype":"I64","shape":[1],"data_offsets":[22,30]},"none":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]}}`, 0)
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
	if got := s.Names(); !slices.Equal(got, []string{"a", "b", "c", "ids", "none"}) {
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
	for name, want := range map[string]string{"ids": `tensor "ids" has type "I64"`, "nosuch": `no tensor "nosuch"`} {
		if _, err := s.Float32(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := s.Shape("nosuch"); err == nil {
		t.Error("the shape of a tensor that is not there")
	}
}

// Half agrees with the definition for every half.
func TestHalf(t *testing.T) {
	for bits := range 1 << 16 {
		exponent, mantissa := bits>>10&31, float64(bits&1023)
		want := math.Ldexp(1+mantissa/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(mantissa, -24)
		case exponent == 31 && mantissa == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if bits>>15 == 1 {
			want = -want
		}
		if got := float64(Half(uint16(bits))); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%#x is %g, want %g", bits, got, want)
		}
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
		{"cut data", one("F32", "[2]", 0, 8, 4), `tensor "w": it ends at byte 8 of 4: the file is truncated`},
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

func TestShards(t *testing.T) {
	folder := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("1.safetensors", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	put("2.safetensors", file(`{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	index := func(files string) (*Safetensors, error) {
		put("model.safetensors.index.json", []byte(`{"metadata":{"total_size":12},"weight_map":`+files+`}`))
		return OpenSafetensors(filepath.Join(folder, "model.safetensors.index.json"))
	}
	s, err := index(`{"a":"1.safetensors","b":"2.safetensors"}`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if b, err := s.Float32("b"); err != nil || len(b) != 2 || len(s.Names()) != 2 {
		t.Errorf("%v %v, names %v", b, err, s.Names())
	}
	for files, want := range map[string]string{
		`{"a":"../1.safetensors"}`:   `tensor "a" is said to be in "../1.safetensors", which is not a file beside the index`,
		`{"a":"/etc/passwd"}`:        "not a file beside the index",
		`{"a":".."}`:                 "not a file beside the index",
		`{"a":""}`:                   "not a file beside the index",
		`{"a":"2.safetensors"}`:      `tensor "a" is said to be in 2.safetensors, which does not have it`,
		`{"a":"nosuch.safetensors"}`: "nosuch.safetensors",
		`{}`:                         "its weight_map is empty",
		`[]`:                         "not an index",
	} {
		if _, err := index(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", files, err, want)
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
		s := &Safetensors{path: "fuzz", tensors: tensors}
		total := 0
		for _, name := range s.Names() {
			values, err := s.Float32(name)
			if err != nil {
				continue
			}
			shape, err := s.Shape(name)
			if n, ok := Elements(shape); err != nil || !ok || n != len(values) {
				t.Errorf("%q has shape %v and %d numbers", name, shape, len(values))
			}
			total += len(values)
		}
		if 2*total > len(data) {
			t.Errorf("%d numbers from %d bytes", total, len(data))
		}
	})
}
