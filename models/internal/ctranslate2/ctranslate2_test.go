package ctranslate2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"speechsim/models/internal/npz"
)

// TestGolden reads models that CTranslate2's converter wrote (testdata/make.py), and compares them with what numpy makes of the
// original weights.
func TestGolden(t *testing.T) {
	expected, err := npz.Read("testdata/expected.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"float32", "float16", "bfloat16", "int16", "int8_float32", "int8_float16"} {
		t.Run(kind, func(t *testing.T) {
			f := open(t, kind+".bin")
			if spec, revision := f.Spec(); spec != "WhisperSpec" || revision != 3 {
				t.Errorf("specification %s, revision %d", spec, revision)
			}
			var names []string
			for name := range expected {
				if name, ok := strings.CutPrefix(name, kind+":"); ok {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			if got := f.Names(); !slices.Equal(got, names) {
				t.Errorf("names %q, expected %q", got, names)
			}
			for _, name := range names {
				compare(t, f, name, expected[kind+":"+name], expected["original:"+name], kind != "int16")
			}
			heads, ok := f.Value("encoder/num_heads")
			factor, isThere := f.Value("encoder/scale")
			if heads != int64(6) || factor != 0.5 || !ok || !isThere {
				t.Errorf("values %v and %v", heads, factor)
			}
			for _, name := range []string{"encoder/conv1/weight", "nothing"} {
				if v, ok := f.Value(name); ok {
					t.Errorf("%s has the value %v", name, v)
				}
			}
		})
	}
}

// compare expects the values of a variable to be exactly as wanted, and within half a step of int8 from what was converted,
// in each row where rows have scales of their own.
func compare(t *testing.T, f *File, name string, want, original npz.Array, byRow bool) {
	t.Helper()
	shape, err := f.Shape(name)
	if err != nil || !slices.Equal(shape, want.Shape) {
		t.Errorf("%s: shape %v (%v), expected %v", name, shape, err, want.Shape)
	}
	got, err := f.Float32(name)
	if err != nil || !slices.Equal(got, want.Floats) {
		t.Errorf("%s: %v (%v), expected %v", name, got, err, want.Floats)
		return
	}
	row := len(got)
	if len(shape) > 0 && byRow {
		row /= shape[0]
	}
	for i := 0; i < len(got); i += row {
		most := 0.0
		for _, x := range original.Floats[i : i+row] {
			most = max(most, math.Abs(float64(x)))
		}
		for k := range row {
			if d := math.Abs(float64(got[i+k] - original.Floats[i+k])); d > most/253 {
				t.Errorf("%s: element %d is %g, converted from %g", name, i+k, got[i+k], original.Floats[i+k])
			}
		}
	}
}

func open(t *testing.T, file string) *File {
	t.Helper()
	f, err := Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Pieces of a model.
func uint32s(n ...uint32) string {
	var b []byte
	for _, x := range n {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return string(b)
}

func name(s string) string {
	return string(binary.LittleEndian.AppendUint16(nil, uint16(len(s)+1))) + s + "\x00"
}

func entry(called string, kind byte, data string, shape ...uint32) string {
	return name(called) + string(byte(len(shape))) + uint32s(shape...) + string(kind) + uint32s(uint32(len(data))) + data
}

func model(aliases string, entries ...string) string {
	return uint32s(6) + name("WhisperSpec") + uint32s(3, uint32(len(entries))) + strings.Join(entries, "") + aliases
}

const (
	float32Type, int8Type, int32Type = 0, 1, 3
	one                              = "\x00\x00\x80\x3f"
)

func TestDamaged(t *testing.T) {
	noAlias := uint32s(0)
	for kind, c := range map[string]struct{ data, want string }{
		"empty":           {"", "4 bytes should follow at byte 0, but the file ends at 0"},
		"other file":      {"PK\x03\x04", "is no model.bin of CTranslate2 whose format has version 4 to 6: the file's first number is 67324752"},
		"long name":       {uint32s(6) + "\xff\xff" + strings.Repeat("x", 70000), "a name of 65535 bytes at byte 6"},
		"name without 0":  {uint32s(6) + "\x02\x00xy" + uint32s(3, 0, 0), "the name before byte 8 does not end as names do"},
		"many variables":  {uint32s(6) + name("S") + uint32s(1, 1<<31), "should have 2147483648 variables, more than 65536"},
		"many aliases":    {model(uint32s(1 << 31)), "should have 2147483648 aliases, more than 65536"},
		"many dimensions": {model(noAlias, entry("w", float32Type, "", make([]uint32, 9)...)), `variable "w": has 9 dimensions`},
		"unknown type":    {model(noAlias, entry("w", 6, one, 1)), `variable "w": is of type 6, only 0 to 5 are known`},
		"lying size":      {model(noAlias, entry("w", float32Type, one, 2)), `variable "w": its shape [2] of float32 does not take 4 bytes`},
		"overflow":        {model(noAlias, entry("w", float32Type, one, 1<<31, 1<<31, 1<<31, 1<<31)), `variable "w": its shape`},
		"twice":           {model(noAlias, entry("w", float32Type, one, 1), entry("w", float32Type, one, 1)), `variable "w": is there twice`},
		"beyond the file": {model("", name("w")+"\x01"+uint32s(1<<28)+"\x00"+uint32s(1<<30)), `variable "w": has 1073741824 bytes from byte`},
		"no aliases":      {model("", entry("w", float32Type, one, 1)), "the aliases at the end: 4 bytes should follow"},
		"unknown alias":   {model(uint32s(1)+name("a")+name("b"), entry("w", float32Type, one, 1)), `variable "a" should be the same as "b", which is not there`},
		"alias twice":     {model(uint32s(1)+name("w")+name("w"), entry("w", float32Type, one, 1)), `variable "w": is there twice`},
	} {
		t.Run(kind, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := read(strings.NewReader(c.data), int64(len(c.data)))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, expected one line with %q", err, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// TestScales are quantised weights without a fitting scale.
func TestScales(t *testing.T) {
	for kind, c := range map[string]struct {
		entries []string
		want    string
	}{
		"none":       {[]string{entry("a/weight", int8Type, "\x01\x02", 2, 1)}, `variable "a/weight": its int8 have no scale "a/weight_scale"`},
		"four bits":  {[]string{entry("a/weight", int32Type, one, 1), entry("a/weight_scale", float32Type, one, 1)}, `its int32 have no scale`},
		"too many":   {[]string{entry("a/weight", int8Type, "\x01\x02", 2, 1), entry("a/weight_scale", float32Type, one+one+one, 3)}, "its scale has shape [3] of float32, expected one number, or one for each of its rows: [2 1]"},
		"no numbers": {[]string{entry("a/weight", int8Type, "", 0, 1), entry("a/weight_scale", float32Type, "", 0)}, "its scale has shape [0]"},
		"integer":    {[]string{entry("a/weight", int8Type, "\x01", 1, 1), entry("a/weight_scale", int8Type, "\x01", 1)}, "its scale has shape [1] of int8"},
		"zero":       {[]string{entry("a/weight", int8Type, "\x01", 1, 1), entry("a/weight_scale", float32Type, "\x00\x00\x00\x00", 1)}, "the scale of row 0 is 0"},
		"no number":  {[]string{entry("a/weight", int8Type, "\x01", 1, 1), entry("a/weight_scale", float32Type, "\xff\xff\xff\xff", 1)}, "the scale of row 0 is NaN"},
	} {
		t.Run(kind, func(t *testing.T) {
			data := model(uint32s(0), c.entries...)
			f, err := read(strings.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Float32("a/weight"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
}

// TestCutShort cuts a model everywhere.
func TestCutShort(t *testing.T) {
	data, err := os.ReadFile("testdata/int8_float32.bin")
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := read(bytes.NewReader(data[:n]), int64(n)); err == nil {
			t.Fatalf("the first %d of %d bytes are read as a model", n, len(data))
		}
	}
	for path, want := range map[string]string{"testdata": "is no file", "testdata/none.bin": "no such file", "testdata/make.py": "is no model.bin"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, expected %q", path, err, want)
		}
	}
	f := open(t, "float32.bin")
	_, errShape := f.Shape("x")
	if _, err := f.Float32("x"); fmt.Sprint(err) != `testdata/float32.bin: there is no variable "x"` || fmt.Sprint(errShape) != fmt.Sprint(err) {
		t.Errorf("%v and %v", err, errShape)
	}
}

func FuzzRead(f *testing.F) {
	for _, kind := range []string{"float32", "bfloat16", "int16", "int8_float16"} {
		data, err := os.ReadFile("testdata/" + kind + ".bin")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(model(uint32s(1)+name("a")+name("w"), entry("w", float32Type, one, 1), entry("w_scale", float32Type, one, 1))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, name := range m.Names() {
			shape, err := m.Shape(name)
			if err != nil {
				t.Fatal(err)
			}
			n := 1
			for _, size := range shape {
				n *= size
			}
			if values, err := m.Float32(name); err == nil && len(values) != n {
				t.Errorf("%q: %d values of %d", name, len(values), n)
			}
			m.Value(name)
		}
	})
}
