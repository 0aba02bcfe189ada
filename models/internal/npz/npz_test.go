package npz

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// array is what numpy.save writes for the header's dictionary and the data.
func array(header, data string) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + data
}

func TestReadArray(t *testing.T) {
	tests := []struct {
		name, in string
		want     Array
	}{
		{"float32", array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "\x00\x00\x80\x3f\x00\x00\x00\xc0"),
			Array{Shape: []int{2, 1}, Floats: []float32{1, -2}}},
		{"int64", array("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", "\xff\xff\xff\xff\xff\xff\xff\xff"),
			Array{Shape: []int{1}, Ints: []int64{-1}}},
		{"float64 without dimensions", array("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "\x00\x00\x00\x00\x00\x00\xe0\x3f"),
			Array{Floats: []float32{0.5}}},
	}
	for _, tt := range tests {
		got, err := ReadArray(bytes.NewReader([]byte(tt.in)))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestReadArrayRefuses(t *testing.T) {
	tests := []struct{ name, in string }{
		{"empty", ""},
		{"text", "hello, this is not an array"},
		{"cut off", array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "\x00\x00")},
		{"big-endian", array("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "\x00\x00\x00\x00")},
		{"column-major", array("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "\x00\x00\x00\x00")},
		{"strings", array("{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", "")},
		{"pickles", array("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "")},
		{"enormous", array("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", "")},
	}
	for _, tt := range tests {
		if _, err := ReadArray(bytes.NewReader([]byte(tt.in))); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("a.b.npy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(array("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "\x01\x02\xff"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Array{"a.b": {Shape: []int{3}, Ints: []int64{1, 2, 255}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzReadArray(f *testing.F) {
	f.Add([]byte(array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "\x00\x00\x80\x3f\x00\x00\x00\xc0")))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadArray(bytes.NewReader(data))
		if err != nil {
			return
		}
		n := 1
		for _, s := range a.Shape {
			n *= s
		}
		if n != len(a.Floats)+len(a.Ints) {
			t.Errorf("shape %v with %d numbers", a.Shape, len(a.Floats)+len(a.Ints))
		}
	})
}
