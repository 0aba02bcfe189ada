package npy

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wanted is the matrix that all files of testdata/make.py hold, by rows.
func wanted() []float64 {
	x := make([]float64, 21)
	for k := range x {
		x[k] = float64(k)/8 - 1
	}
	return x
}

func TestEveryFormIsRead(t *testing.T) {
	for _, spec := range []string{"f2.npy", "f4.npy", "f8.npy", "big-f2.npy", "big-f4.npy", "big-f8.npy", "fortran-f2.npy", "fortran-f4.npy", "fortran-f8.npy",
		"version2.npy", "version3.npy", "stored.npz:one", "stored.npz:two", "stored.npz:two.npy", "compressed.npz", "compressed.npz:only"} {
		t.Run(spec, func(t *testing.T) {
			a, err := Open(filepath.Join("testdata", spec))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Rows != 7 || a.Cols != 3 {
				t.Fatalf("shape [%d, %d]", a.Rows, a.Cols)
			}
			all := make([]float64, 21)
			if err := Read(a, all, 0, 7); err != nil || !slices.Equal(all, wanted()) {
				t.Errorf("float64: %v, %v", all, err)
			}
			part := make([]float32, 6)
			if err := Read(a, part, 4, 2); err != nil {
				t.Error(err)
			}
			for k, v := range wanted()[12:18] {
				if float64(part[k]) != v {
					t.Errorf("float32, element %d of rows 4 and 5: %v, want %v", k, part[k], v)
				}
			}
			if largest, err := a.Check(context.Background(), 2, func(int) {}); err != nil || largest != 1.5 {
				t.Errorf("largest %v, %v", largest, err)
			}
			checkView(t, a)
		})
	}
}

// checkView compares the elements in place, if they can be had so, with those read.
func checkView(t *testing.T, a *Array) {
	at := func(k int) int {
		if a.Fortran {
			return k%a.Cols*a.Rows + k/a.Cols
		}
		return k
	}
	in32, in64 := View[float32](a), View[float64](a)
	if in32 != nil && in64 != nil {
		t.Error("elements of two types")
	}
	for k, v := range wanted() {
		if in32 != nil && float64(in32[at(k)]) != v || in64 != nil && in64[at(k)] != v {
			t.Fatalf("element %d differs in place", k)
		}
	}
	if native := !a.BigEndian && a.Size > 2 && a.Member == ""; native && in32 == nil && in64 == nil {
		t.Error("the elements can't be had in place")
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const head = "\x93NUMPY\x01\x00"
	header := func(dict string) string { return head + string(rune(len(dict))) + "\x00" + dict }
	const right = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
	write("empty", "")
	write("text", "1 2 3\n4 5 6\n")
	write("magic", "\x93NUMPY")
	write("version", "\x93NUMPY\x04\x00\x00\x00")
	write("long", "\x93NUMPY\x02\x00\xff\xff\xff\x7f")
	write("header", head+"\x76\x00{'descr'")
	write("short", header(right)+"1234567")
	write("more", header(right)+"123456789")
	write("key", header("{'descr': '<f4', 'order': False}"))
	write("twice", header("{'descr': '<f4', 'descr': '<f4'}"))
	write("missing", header("{'descr': '<f4', 'shape': (1, 2)}"))
	write("behind", header(right+" x"))
	write("huge", header("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000000000000, 4), }"))
	write("number", header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 4), }"))
	write("negative", header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4), }"))
	write("zip", "PK\x03\x04 and no more")
	for _, test := range []struct{ spec, want string }{
		{"nowhere.npy", "nowhere.npy: no such file or directory"},
		{dir, "is a folder; a .npy or .npz file is needed"},
		{"/dev/null", "is not a regular file"},
		{"empty", "the file is empty"},
		{"text", `not a numpy file: it begins with "1 2 3\n4 "; write one with numpy.save`},
		{"magic", "the file is cut off: it has 6 bytes"},
		{"version", "the header is of version 4.0; 1, 2 and 3 can be read"},
		{"long", "the header claims to have 2147483647 bytes"},
		{"header", "the file is cut off inside its header: 18 of 128 bytes"},
		{"short", "the file is cut off: 7 of the 8 bytes of its [1, 2] float32 array are there"},
		{"more", "1 bytes stand behind the [1, 2] float32 array"},
		{"key", `unknown key "order"`},
		{"twice", `the key "descr" stands twice`},
		{"missing", `the key "fortran_order" is missing`},
		{"behind", `expected the end, found "x"`},
		{"huge", "is larger than any file"},
		{"number", "expected a dimension"},
		{"negative", `expected a dimension, found "-1, 4)`},
		{"zip", "the archive can't be read"},
		{"testdata/refused-vector.npy", "the array has shape [3]; a matrix of two dimensions is needed, [rows, units]: numpy.save(file, x.reshape(-1, units))"},
		{"testdata/refused-batch.npy", "the array has shape [1, 7, 3]; a matrix of two dimensions is needed, [rows, units]: numpy.save(file, x[0])"},
		{"testdata/refused-empty.npy", "the array is empty: its shape is [0, 3]"},
		{"testdata/refused-integers.npy", `the elements are integers ("<i8"); float16, float32 and float64 can be read`},
		{"testdata/refused-complex.npy", "the elements are complex numbers"},
		{"testdata/refused-fields.npy", "the array has named fields"},
		{"testdata/refused-objects.npy", "the array holds Python objects"},
		{"testdata/refused-none.npz", "the archive holds no .npy array"},
		{"testdata/stored.npz", "the archive holds 2 arrays: one, two; name one, as in testdata/stored.npz:one"},
		{"testdata/stored.npz:three", `the archive has no array "three"; it holds one, two`},
		{"testdata/f4.npy:x", "no such file"},
	} {
		if _, err := os.Stat(filepath.Join(dir, test.spec)); err == nil {
			test.spec = filepath.Join(dir, test.spec)
		}
		a, err := Open(test.spec)
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), strings.SplitN(test.spec, ".npz:", 2)[0]) {
			t.Errorf("%s: %v, want %s", test.spec, err, test.want)
		}
	}
}

func TestCheckNamesThePlace(t *testing.T) {
	for file, want := range map[string]string{
		"refused-nan.npy":     "testdata/refused-nan.npy: the value at row 4, column 1 (counted from 0) is NaN; every value must be finite",
		"refused-several.npy": "3 values are not finite; the first in the file is -Inf at row 5, column 0 (counted from 0)",
	} {
		a, err := Open(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Check(context.Background(), 3, func(int) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
		a.Close()
	}
}

// TestPlanes: an array of three dimensions is a stack of matrices where that will do, and one of two dimensions a stack of one.
func TestPlanes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, order, shape string, values ...float32) string {
		dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': %s, 'shape': %s, }", order, shape)
		b := append([]byte("\x93NUMPY\x01\x00"), byte(len(dict)), 0)
		b = append(b, dict...)
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stack := write("stack.npy", "False", "(2, 3, 1)", 1, 2, 3, 4, 5, 6)
	a, err := OpenPlanes(stack)
	if err != nil || a.Planes != 2 || a.Rows != 6 || a.Cols != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	defer a.Close()
	x := make([]float32, 6)
	if err := Read(a, x, 0, 6); err != nil || !slices.Equal(x, []float32{1, 2, 3, 4, 5, 6}) {
		t.Errorf("%v %v", x, err)
	}
	if one, err := OpenPlanes(write("one.npy", "True", "(1, 3, 2)", 1, 2, 3, 4, 5, 6)); err != nil || one.Planes != 1 || one.Rows != 3 || one.Cols != 2 {
		t.Errorf("%+v %v", one, err)
	} else {
		defer one.Close()
		if err := Read(one, x, 0, 3); err != nil || !slices.Equal(x, []float32{1, 4, 2, 5, 3, 6}) {
			t.Errorf("Fortran: %v %v", x, err)
		}
	}
	nan := float32(math.NaN())
	bad, err := OpenPlanes(write("nan.npy", "False", "(2, 3, 1)", 1, 2, 3, 4, nan, 6))
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	if _, err := bad.Check(context.Background(), 1, func(int) {}); err == nil || !strings.Contains(err.Error(), "layer 1, row 1, column 0 (counted from 0) is NaN") {
		t.Error(err)
	}
	for spec, want := range map[string]string{
		write("fortran.npy", "True", "(2, 3, 1)", 1, 2, 3, 4, 5, 6): "one of three dimensions must be in C order",
		write("none.npy", "False", "(0, 3, 1)"):                     "the array is empty: its shape is [0, 3, 1]",
		write("vector.npy", "False", "(3,)", 1, 2, 3):               "the array has shape [3]; [frames, units] or [layers, frames, units] is needed",
		write("huge.npy", "False", "(4000000000, 4000000000, 4)"):   "is larger than any file",
	} {
		if _, err := OpenPlanes(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
	if _, err := Open(stack); err == nil || !strings.Contains(err.Error(), "a matrix of two dimensions is needed") {
		t.Error(err)
	}
}

// TestArchive: many members of one archive, stored and compressed.
func TestArchive(t *testing.T) {
	for file, names := range map[string][]string{"stored.npz": {"one", "two"}, "compressed.npz": {"only"}} {
		archive, err := OpenArchive(filepath.Join("testdata", file))
		if err != nil || !slices.Equal(archive.Names(), names) {
			t.Fatalf("%s: %v", file, err)
		}
		for _, name := range names {
			for range 2 { // closing one array leaves the archive open
				a, err := archive.OpenPlanes(name)
				if err != nil {
					t.Fatal(err)
				}
				x := make([]float64, 21)
				if err := Read(a, x, 0, 7); err != nil || !slices.Equal(x, wanted()) {
					t.Errorf("%s: %v %v", a.Name(), x, err)
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := OpenArchive("testdata/f4.npy"); err == nil || !strings.Contains(err.Error(), "f4.npy: the archive can't be read") {
		t.Error(err)
	}
}

func TestDamagedArchives(t *testing.T) {
	for _, name := range []string{"stored.npz", "compressed.npz"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/3] ^= 1 // within the first member
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		spec := path + map[string]string{"stored.npz": ":one", "compressed.npz": ""}[name]
		a, err := Open(spec)
		if err == nil {
			_, err = a.Check(context.Background(), 1, func(int) {})
			a.Close()
		}
		if err == nil {
			t.Errorf("%s: a changed bit went unseen", name)
		}
	}
}

// TestFileCutWhileRead: memory whose file has gone is an error, not a crash.
func TestFileCutWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	const rows, cols = 64 << 10, 4
	dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, cols)
	content := append([]byte("\x93NUMPY\x01\x00"+string(rune(len(dict)))+"\x00"+dict), make([]byte, rows*cols*4)...)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	to := make([]float32, 1024*cols)
	if err := Read(a, to, rows-1024, 1024); err == nil || !strings.Contains(err.Error(), "it was cut while in use") {
		t.Errorf("read: %v", err)
	}
	if _, err := a.Check(context.Background(), 2, func(int) {}); err == nil {
		t.Error("check: no error")
	}
}

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float64{0: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 1: math.Pow(2, -24), 0x83ff: -1023 * math.Pow(2, -24), 0x0400: math.Pow(2, -14), 0x3555: 0.333251953125,
		0x7c00: math.Inf(1), 0xfc00: math.Inf(-1)} {
		if got := float64(half(bits)); got != want {
			t.Errorf("half(%#04x) = %v, want %v", bits, got, want)
		}
	}
	if !math.IsNaN(float64(half(0x7e01))) || !math.Signbit(float64(half(0x8000))) {
		t.Error("NaN or -0")
	}
}

func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob("testdata/*.np*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("x.npy"); err != nil {
		f.Fatal(err)
	}
	z.Close()
	f.Add(b.Bytes())
	f.Add([]byte("\x93NUMPY\x01\x00\x3e\x00{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3, 1), }abcdefghijkl"))
	path := filepath.Join(f.TempDir(), "x.npz")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		a, err := OpenPlanes(path)
		if err != nil {
			return
		}
		defer a.Close()
		if a.Rows*a.Cols*a.Size != a.Bytes() || a.Rows%a.Planes != 0 {
			t.Fatalf("[%d, %d] of %d bytes in %d", a.Rows, a.Cols, a.Size, a.Bytes())
		}
		if _, err := a.Check(context.Background(), 1, func(int) {}); err != nil {
			return
		}
		if err := Read(a, make([]float64, a.Rows*a.Cols), 0, a.Rows); err != nil {
			t.Fatal(err)
		}
	})
}
