package pickled

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"speechsim/models/internal/npz"
)

// TestGolden reads files that torch wrote (testdata/make.py) and compares every tensor with torch's own values.
func TestGolden(t *testing.T) {
	expected, err := npz.Read("testdata/expected.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file    string
		tensors int
	}{
		{"zip.pt", 21}, {"legacy.pt", 21}, {"protocol3.pt", 1}, {"protocol4.pt", 1}, {"protocol5.pt", 1}, {"unsigned.pt", 3},
	} {
		t.Run(c.file, func(t *testing.T) {
			f := open(t, c.file)
			compared := 0
			for _, name := range f.Names() {
				want, ok := expected[name]
				if !ok {
					continue
				}
				compared++
				if shape, err := f.Shape(name); err != nil || !slices.Equal(shape, want.Shape) {
					t.Errorf("%s: shape %v (%v), expected %v", name, shape, err, want.Shape)
				}
				got, err := f.Float32(name)
				if err != nil || !slices.EqualFunc(got, want.Floats, same) {
					t.Errorf("%s: %v (%v), expected %v", name, got, err, want.Floats)
				}
			}
			if compared != c.tensors {
				t.Errorf("%d tensors compared, expected %d: %q", compared, c.tensors, f.Names())
			}
		})
	}
}

// same compares bits, but for those of NaN.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
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

// TestValues looks at what lies beside the tensors.
func TestValues(t *testing.T) {
	for _, file := range []string{"zip.pt", "legacy.pt"} {
		f := open(t, file)
		for path, want := range map[string]string{
			"args.arch":                       `"hubert"`,
			"args.encoder_layers":             `12`,
			"args.layers":                     `[]interface {}{1, []interface {}{2, 3}}`,
			"args.layers.1.0":                 `2`,
			"cfg.dropout":                     `0.1`,
			"cfg.layer.norm":                  `<nil>`,
			"cfg.deep.flag":                   `true`,
			"cfg.deep.big":                    `1180591620717411303424`,
			"cfg.deep.negative":               `-1099511627776`,
			"cfg.deep.set":                    `[]interface {}{5}`,
			"cfg.3":                           `"three"`,
			"optimizer.state.0":               `map[string]interface {}{"step":5}`,
			"optimizer.groups":                `[]interface {}{interface {}(nil), "sgd"}`,
			"task_state.dictionary.symbols.1": `"a"`,
			"task_state.dictionary.parent":    `<nil>`,
			"task_state.attributes":           `pickled.Object{Class:"training_program.Attributes", Attributes:map[string]interface {}{"rate":16000, "seen":true}}`,
			"best":                            `pickled.Object{Class:"numpy._core.multiarray.scalar", Attributes:map[string]interface {}{}}`,
			"path":                            `pickled.Object{Class:"pathlib.PosixPath", Attributes:map[string]interface {}{}}`,
			"meters.loss":                     `2`,
			"device":                          `"cpu"`,
			"type":                            `pickled.Object{Class:"torch.float16", Attributes:map[string]interface {}(nil)}`,
			"size":                            `[]interface {}{2, 3}`,
		} {
			v, ok := f.Value(path)
			if got := fmt.Sprintf("%#v", v); !ok || got != want {
				t.Errorf("%s: %s is %s (%t), expected %s", file, path, got, ok, want)
			}
		}
		for _, path := range []string{"nothing", "args.nothing", "args.layers.2", "args.layers.-1", "args.layers.x", "args.arch.x", "model.module.f32", "."} {
			if v, ok := f.Value(path); ok {
				t.Errorf("%s: %s is %v, expected nothing", file, path, v)
			}
		}
		if all, ok := f.Value(""); !ok || all == nil {
			t.Errorf("%s: the object itself is not there", file)
		}
	}
}

func TestNoSuchTensor(t *testing.T) {
	f := open(t, "plain.pt")
	if names := f.Names(); !slices.Equal(names, []string{"bias", "w", "weight"}) {
		t.Errorf("names %q", names)
	}
	_, errShape := f.Shape("x\n")
	_, err := f.Float32("x\n")
	want := `testdata/plain.pt: there is no tensor "x\n"`
	if fmt.Sprint(err) != want || fmt.Sprint(errShape) != want {
		t.Errorf("%v and %v, expected %s", err, errShape, want)
	}
}
