package models

import (
	"fmt"
	"regexp"
	"slices"

	"speechsim/models/internal/ort"
)

// cudaSettings are ONNX Runtime's. HEURISTIC chooses convolution algorithms
// without timing them again for every length; the arena grows by what is asked
// for. TF32, which rounds what enters matrix products and convolutions to 10 bits
// of mantissa, is ONNX Runtime's default and not ours; with FP16 it is for the
// convolutions, which stay float32 otherwise.
func cudaSettings(precision string) map[string]string {
	s := map[string]string{
		"cudnn_conv_algo_search": "HEURISTIC",
		"arena_extend_strategy":  "kSameAsRequested",
		"use_tf32":               "0",
	}
	if precision == TF32 || precision == FP16 {
		s["use_tf32"] = "1"
	}
	return s
}

// sessionOptions maps our options to ONNX Runtime's.
func (r *Runtime) sessionOptions(o Options) (ort.Options, error) {
	out := ort.Options{Threads: o.Threads, Config: map[string]string{}}
	switch o.Device {
	case "", CPU:
		return out, nil
	case CUDA:
	default:
		return out, fmt.Errorf("there is no device %q: it is %s or %s", o.Device, CPU, CUDA)
	}
	if providers := r.Providers(); !slices.Contains(providers, "CUDAExecutionProvider") {
		return out, fmt.Errorf("cuda was asked for, but the ONNX Runtime in %s is a build without CUDA (it has %v): "+
			"use the library of the PyPI package onnxruntime-gpu (see docs/gpu.md)", r.Path(), providers)
	}
	out.CUDA = cudaSettings(o.Precision)
	return out, nil
}

var missingLibrary = regexp.MustCompile(`(lib[\w.+-]+\.so[\w.]*)[^:]*: cannot open shared object file`)

// packages that hold the libraries of CUDA, by the beginning of their names.
var packages = []struct{ prefix, pkg string }{
	{"libcudart", "nvidia-cuda-runtime"},
	{"libcublas", "nvidia-cublas"},
	{"libcudnn", "nvidia-cudnn-cu13 (or -cu12)"},
	{"libcufft", "nvidia-cufft"},
	{"libcurand", "nvidia-curand"},
	{"libnvrtc", "nvidia-cuda-nvrtc"},
	{"libcuda.so", "the NVIDIA driver"},
	{"libonnxruntime_providers_cuda", "onnxruntime-gpu"},
	{"libonnxruntime_providers_shared", "onnxruntime-gpu"},
}

// explainCUDA names the missing library and the package that has it.
func explainCUDA(err error) error {
	m := missingLibrary.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("cuda was asked for, but ONNX Runtime cannot use it (see docs/gpu.md): %w", err)
	}
	from := "the CUDA toolkit"
	for _, p := range packages {
		if len(m[1]) >= len(p.prefix) && m[1][:len(p.prefix)] == p.prefix {
			from = p.pkg
			break
		}
	}
	return fmt.Errorf("cuda was asked for, but %s is missing: it comes with %s; put its folder on LD_LIBRARY_PATH (see docs/gpu.md): %w", m[1], from, err)
}
