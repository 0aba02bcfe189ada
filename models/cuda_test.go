package models

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What ONNX Runtime says when CUDA's libraries are missing, in our words.
func TestExplainCUDA(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory",
			"libcublasLt.so.13 is missing: it comes with nvidia-cublas"},
		{"error: libcudnn.so.9: cannot open shared object file", "libcudnn.so.9 is missing: it comes with nvidia-cudnn"},
		{"libcuda.so.1: cannot open shared object file", "the NVIDIA driver"},
		{"CUDA failure 100: no CUDA-capable device is detected", "docs/gpu.md): CUDA failure 100"},
	}
	for _, tt := range tests {
		if got := explainCUDA(errors.New(tt.in)).Error(); !strings.Contains(got, tt.want) || !strings.Contains(got, "cuda was asked for") {
			t.Errorf("%q does not say %q", got, tt.want)
		}
	}
}

func TestCUDASettings(t *testing.T) {
	want := map[string]string{"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested", "use_tf32": "0"}
	if diff := cmp.Diff(want, cudaSettings(Float32)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, precision := range []string{TF32, FP16} {
		if got := cudaSettings(precision)["use_tf32"]; got != "1" {
			t.Errorf("%s: use_tf32 is %q", precision, got)
		}
	}
}

// A build without CUDA names the package that has it; one with CUDA, on a machine
// without its libraries or without a GPU, says what is missing. Neither runs.
func TestCUDAIsNotReplacedByTheCPU(t *testing.T) {
	rt := testRuntime(t)
	want := "onnxruntime-gpu"
	if slices.Contains(rt.Providers(), "CUDAExecutionProvider") {
		if _, err := os.Stat(gpuFile); err == nil {
			t.Skip("there is a GPU to run on")
		}
		want = "docs/gpu.md"
	}
	_, err := rt.Load("testdata/bert.ts17.onnx", Options{Device: CUDA})
	if err == nil || !strings.Contains(err.Error(), "cuda was asked for") || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not say %q", err, want)
	}
}

// gpuFile is where NVIDIA's driver is, on Linux.
const gpuFile = "/dev/nvidiactl"

// cudaRuntime opens ONNX Runtime where it can use a GPU, and skips the test elsewhere.
func cudaRuntime(t *testing.T) *Runtime {
	t.Helper()
	rt := testRuntime(t)
	if !slices.Contains(rt.Providers(), "CUDAExecutionProvider") {
		t.Skipf("the ONNX Runtime in %s is built without CUDA", rt.Path())
	}
	if _, err := os.Stat(gpuFile); err != nil {
		t.Skip("there is no NVIDIA GPU here")
	}
	return rt
}

// A GPU gives what the original gives, in float32.
func TestCUDAMatchesTheOriginals(t *testing.T) {
	rt := cudaRuntime(t)
	for _, name := range []string{"beats", "encodecmae-v1", "encodecmae-v2-mel", "wavlm-base", "wavlm-large"} {
		folder := "export/testdata/"
		checks, err := rt.Verify(context.Background(), folder+name+".onnx", folder+name+".npz", Options{Device: CUDA})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Result == Failed {
				t.Errorf("%s: %v", name, c)
			}
		}
	}
}

// The GPU's lower precisions are far from float32 by what their mantissa says.
func TestCUDAPrecisions(t *testing.T) {
	rt := cudaRuntime(t)
	for _, precision := range []string{TF32, FP16} {
		o := Options{Device: CUDA, Precision: precision}
		m, err := rt.Load("demo/hubert.onnx", o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := rt.Deviation(context.Background(), m, o)
		if err != nil || d.Relative == 0 || d.Relative > 0.02 {
			t.Errorf("%s: %v, %v", precision, d, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
