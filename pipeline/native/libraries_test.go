package native

import (
	"os"
	"strings"
	"testing"
)

// TestLibraryPlaces: a place given by hand is the only one.
func TestLibraryPlaces(t *testing.T) {
	t.Setenv(EnvONNXRuntime, "")
	if got := onnxRuntime.places("/given"); len(got) != 1 || got[0] != "/given" {
		t.Errorf("places %v", got)
	}
	t.Setenv(EnvONNXRuntime, "/by/environment")
	if got := onnxRuntime.places(""); len(got) != 1 || got[0] != "/by/environment" {
		t.Errorf("places %v", got)
	}
	os.Unsetenv(EnvONNXRuntime)
	got := onnxRuntime.places("")
	if last := got[len(got)-1]; strings.Contains(last, "/") {
		t.Errorf("the loader's path comes last: %v", got)
	}
}
