package models

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func results(checks []Check) string {
	var words []string
	for _, c := range checks {
		words = append(words, c.Name+" "+c.Result.String())
	}
	return strings.Join(words, ", ")
}

func TestVerify(t *testing.T) {
	rt := testRuntime(t)
	tests := []struct{ file, reference, want string }{
		{"demo/wav2vec2.onnx", "demo/reference/wav2vec2.npz",
			"reference ok, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer skipped, cpu skipped"},
		{"testdata/bert.ts17.onnx", "testdata/bert.npz",
			"reference ok, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer ok, cpu skipped"},
		{"testdata/bert.sdpadynamo23.onnx", "",
			"reference skipped, lengths ok, determinism ok, mask ok, attention skipped, finite ok, last layer ok, cpu skipped"},
		{"testdata/bert.ts17.onnx", "testdata/distilbert.npz", // another model's reference
			"reference FAILED, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer ok, cpu skipped"},
		{"testdata/golden/encodecmae-v2.onnx", "testdata/golden/filterbanks.npz", // no reference at all
			"reference FAILED, lengths ok, determinism ok, mask skipped, attention ok, finite ok, last layer skipped, cpu skipped"},
	}
	for _, tt := range tests {
		checks, err := rt.Verify(context.Background(), tt.file, tt.reference, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := results(checks); got != tt.want {
			t.Errorf("%s with %q:\ngot  %s\nwant %s\n%v", tt.file, tt.reference, got, tt.want, checks)
		}
	}
}

// The mask that is tested does something: without it, the same padding moves real
// frames.
func TestPaddingWithoutAMaskIsSeen(t *testing.T) {
	rt := testRuntime(t)
	m, err := rt.Load("demo/wav2vec2.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	v := verifier{ctx: context.Background(), runtime: rt, model: m}
	in := v.input(8000)
	want, err := m.Run(v.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	padded := append(m.normalised(in.Samples), make([]float32, 8000)...)
	feeds, err := m.audioFeeds(padded, len(padded), len(padded))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.compute(v.ctx, feeds, len(padded))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	var d difference
	last := len(want.Layers) - 1
	if d.add(got.Layers[last].Data[:len(want.Layers[last].Data)], want.Layers[last].Data); d.result() != Failed {
		t.Errorf("16 000 samples of which half are padding differ by %g only", d.largest)
	}
}

func TestInspectionIsReadable(t *testing.T) {
	for _, name := range []string{"hubert-base.ts17", "bert.sdpadynamo23"} {
		in, err := Inspect(filepath.Join("testdata", name+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := in.Write(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".inspection.txt")
		if *update {
			write(t, golden, got.String())
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got; go test -update writes it):\n%s", name, diff)
		}
	}
}

// What ONNX Runtime says when CUDA's libraries are missing, in our words.
func TestExplainCUDA(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory",
			"libcublasLt.so.13 is missing: it comes with nvidia-cublas"},
		{"error: libcudnn.so.9: cannot open shared object file", "libcudnn.so.9 is missing: it comes with nvidia-cudnn"},
		{"libcuda.so.1: cannot open shared object file", "the NVIDIA driver"},
		{"CUDA failure 100: no CUDA-capable device is detected", "cannot use it: CUDA failure 100"},
	}
	for _, tt := range tests {
		if got := explainCUDA(errors.New(tt.in)).Error(); !strings.Contains(got, tt.want) || !strings.Contains(got, "cuda was asked for") {
			t.Errorf("%q does not say %q", got, tt.want)
		}
	}
}

func TestCUDASettings(t *testing.T) {
	want := map[string]string{"device_id": "1", "cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested",
		"use_tf32": "0", "gpu_mem_limit": "1000"}
	if diff := cmp.Diff(want, CUDAOptions{Device: 1, MemoryLimit: 1000}.settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (CUDAOptions{TF32: true}).settings()["use_tf32"]; got != "1" {
		t.Errorf("use_tf32 is %q", got)
	}
}
