package models

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// outputs copies everything out of activations and closes them.
func outputs(a *Activations) [][]float32 {
	defer a.Close()
	var out [][]float32
	for _, t := range slices.Concat(a.Layers, a.Attentions) {
		out = append(out, slices.Clone(t.Data))
	}
	return out
}

func sameBits(a, b [][]float32) bool {
	return slices.EqualFunc(a, b, func(x, y []float32) bool {
		return slices.EqualFunc(x, y, func(p, q float32) bool { return math.Float32bits(p) == math.Float32bits(q) })
	})
}

func tone(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(0.4*math.Sin(float64(i)*0.05) + 0.1*math.Sin(float64(i*i)*1e-5))
	}
	return x
}

// Many goroutines on one session, of many lengths, give the bits that one gives.
func TestRunIsConcurrent(t *testing.T) {
	rt := testRuntime(t)
	m, err := rt.Load("demo/hubert.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	lengths := []int{400, 1111, 5000, 8123}
	want := map[int][][]float32{}
	for _, n := range lengths {
		a, err := m.Run(context.Background(), Input{Samples: tone(n)})
		if err != nil {
			t.Fatal(err)
		}
		want[n] = outputs(a)
	}
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			for i := range 8 {
				n := lengths[(worker+i)%len(lengths)]
				a, err := m.Run(context.Background(), Input{Samples: tone(n)})
				if err != nil {
					t.Error(err)
					return
				}
				if !sameBits(outputs(a), want[n]) {
					t.Errorf("%d samples gave other bits in a crowd", n)
				}
			}
		})
	}
	group.Wait()
}

// The number of threads inside a run moves values by rounding alone. (It does
// change bits, so whoever promises the same bytes fixes it.)
func TestThreadsChangeOnlyRounding(t *testing.T) {
	rt := testRuntime(t)
	var first [][]float32
	for _, threads := range []int{1, 2, 3} {
		m, err := rt.Load("demo/wav2vec2.onnx", Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		a, err := m.Run(context.Background(), Input{Samples: tone(16000)})
		if err != nil {
			t.Fatal(err)
		}
		got := outputs(a)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		var d difference
		for i := range got {
			d.add(got[i], first[i])
		}
		if d.result() != Passed {
			t.Errorf("%d threads differ from one by %g, %g of the tolerance", threads, d.largest, d.share)
		}
	}
}

// A chosen layer is the same with and without the nodes after it.
func TestPruningKeepsTheValues(t *testing.T) {
	rt := testRuntime(t)
	whole, err := rt.Load("demo/hubert.onnx", Options{Attentions: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	pruned, err := rt.Load("demo/hubert.onnx", Options{Layers: []string{"0-2"}, Attentions: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	defer pruned.Close()
	run, file := pruned.nodes[0], pruned.nodes[1]
	if all := whole.nodes[0]; run >= all || file < all {
		t.Errorf("%d of %d nodes run, %d for all layers", run, file, all)
	}
	in := Input{Samples: tone(9000)}
	a, err := whole.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := pruned.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !sameBits(outputs(b), outputs(a)[:3]) {
		t.Error("layers 0-2 have other bits without the nodes after them")
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	rt := testRuntime(t)
	m, err := rt.Load("demo/hubert.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Run(ctx, Input{Samples: tone(8000)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := m.Run(ctx, Input{Samples: tone(16000 * 60)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a run of a minute of audio stopped only after %v", took)
	}
	a, err := m.Run(context.Background(), Input{Samples: tone(8000)})
	if err != nil {
		t.Fatalf("after a cancelled run: %v", err)
	}
	a.Close()
}

func TestRunRefuses(t *testing.T) {
	rt := testRuntime(t)
	load := func(path string) *Model {
		m, err := rt.Load(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	speech, text := load("demo/hubert.onnx"), load("testdata/bert.ts17.onnx")
	defer speech.Close()
	defer text.Close()
	closed := load("testdata/bert.ts17.onnx")
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		model *Model
		in    Input
		want  string
	}{
		{"too short", speech, Input{Samples: tone(399)}, "399 samples are too short: one frame takes 400 (0.025 s)"},
		{"no samples", speech, Input{IDs: []int64{1}}, "this is an audio model"},
		{"no ids", text, Input{Samples: tone(400)}, "this is a text model"},
		{"id beyond the vocabulary", text, Input{IDs: []int64{2, 50}}, "token 1 has id 50, the embedding has 50 rows"},
		{"negative id", text, Input{IDs: []int64{-1}}, "token 0 has id -1"},
		{"too long", text, Input{IDs: make([]int64, 41)}, "41 tokens are more than the 40 positions"},
		{"closed", closed, Input{IDs: []int64{1}}, "is closed"},
	}
	for _, tt := range tests {
		_, err := tt.model.Run(context.Background(), tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "model ") {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
