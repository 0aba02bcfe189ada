package checkpoint_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/internal/npz"
	"speechsim/pipeline/native"
)

// writeFile is what the program passes: files.Write is not for this package.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return write(f)
}

// imported writes the model of a checkpoint and returns its path.
func imported(t *testing.T, folder string, o checkpoint.Options) string {
	t.Helper()
	c, err := checkpoint.Open(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m, err := c.Model(filepath.Base(folder))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.Write(context.Background(), path, writeFile); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every layer and attention map of every family is what the original computes, at three lengths.
func TestModelsMatchTheOriginals(t *testing.T) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skip(err)
	}
	defer rt.Close()
	references, err := filepath.Glob("testdata/*.npz")
	if err != nil || len(references) < 14 {
		t.Fatalf("%d references (%v)", len(references), err)
	}
	for _, reference := range references {
		folder := strings.TrimSuffix(reference, ".npz")
		t.Run(filepath.Base(folder), func(t *testing.T) {
			arrays, err := npz.Read(reference)
			if err != nil {
				t.Fatal(err)
			}
			m, err := rt.Load(imported(t, folder, checkpoint.Options{}), models.Options{Layers: []string{"all"}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			worst, compared := 0.0, 0
			for k := range 3 {
				a, err := m.Run(context.Background(), models.Input{Samples: arrays[fmt.Sprint(k, ".input")].Floats})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]models.Tensor{}
				for _, l := range a.Layers {
					got["hidden_states."+l.Name] = l
					got[l.Name] = l
				}
				for _, l := range a.Attentions {
					got["attentions."+l.Name] = l
				}
				for key, want := range arrays {
					if name, ok := strings.CutPrefix(key, fmt.Sprint(k, ".")); ok && name != "input" {
						worst = max(worst, distance(t, key, got[name], want))
						compared++
					}
				}
				a.Close()
			}
			if worst > 1 || compared < 3*5+3 {
				t.Errorf("%d arrays, the furthest %.3g times the tolerance away", compared, worst)
			}
			t.Logf("%d arrays, the furthest %.3g times the tolerance away", compared, worst)
		})
	}
}

// distance is the largest difference, as a share of what is allowed.
func distance(t *testing.T, key string, got models.Tensor, want npz.Array) (worst float64) {
	t.Helper()
	if !slices.Equal(got.Shape, want.Shape) {
		t.Errorf("%s: shape %v, want %v", key, got.Shape, want.Shape)
		return math.Inf(1)
	}
	for i, w := range want.Floats {
		share := math.Abs(float64(got.Data[i])-float64(w)) / (models.Tolerance + models.Tolerance*math.Abs(float64(w)))
		if math.IsNaN(share) {
			return math.Inf(1)
		}
		worst = max(worst, share)
	}
	return worst
}
