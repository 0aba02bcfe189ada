//go:build cgo && (linux || darwin)

package linalg_test

import (
	"strings"
	"testing"

	"speechsim/metrics/internal/linalg"
)

func TestOpenBLASPlaces(t *testing.T) {
	_, err := linalg.OpenBLAS([]string{"", "/nowhere/libopenblas.so", "libspeechsim-none.so"})
	if err == nil {
		t.Fatal("opened a library that does not exist")
	}
	for _, place := range []string{"/nowhere/libopenblas.so", "libspeechsim-none.so"} {
		if !strings.Contains(err.Error(), place) {
			t.Errorf("the error does not name %s: %v", place, err)
		}
	}
	if _, err := linalg.OpenBLAS([]string{"libc.so.6"}); err == nil || !strings.Contains(err.Error(), "cblas_sgemm") {
		t.Errorf("opened the C library as OpenBLAS, or says not what it lacks: %v", err)
	}
	b, err := linalg.OpenBLAS(places())
	if err != nil {
		t.Skip(err)
	}
	if b.Name() != "openblas" || b.Path() == "" || len(strings.Fields(b.Version())) != 2 {
		t.Errorf("name %q, path %q, version %q", b.Name(), b.Path(), b.Version())
	}
}
