// Package native knows the machine: where its native libraries are, how much memory and disk there is, and the version of the
// program that runs on it.
package native

import (
	"os"
	"path/filepath"
	"sort"

	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/internal/files"
)

// Environment variables that place a native library by hand.
const (
	EnvONNXRuntime = "SPEECHSIM_ONNXRUNTIME"
	EnvOpenBLAS    = "SPEECHSIM_OPENBLAS"
)

// library is a native library and the names its file may have.
type library struct {
	env   string
	files []string // patterns, looked for in folders
	names []string // names that the loader knows
}

var (
	onnxRuntime = library{EnvONNXRuntime, []string{"libonnxruntime.so*", "libonnxruntime*.dylib"}, []string{"libonnxruntime.so", "libonnxruntime.so.1", "libonnxruntime.dylib"}}
	openBLAS    = library{EnvOpenBLAS, []string{"libscipy_openblas*.so", "libscipy_openblas*.dylib", "libopenblas.so*", "libopenblas*.dylib"},
		[]string{"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"}}
)

// places lists where the library may be, in the order in which it is looked for: a place given by hand (config, else
// environment) alone, else the folder of the binary, the fetched folder, the loader's path.
func (l library) places(given string) []string {
	if given != "" {
		return []string{given}
	}
	if p := os.Getenv(l.env); p != "" {
		return []string{p}
	}
	var out []string
	for _, dir := range libraryFolders() {
		var found []string
		for _, pattern := range l.files {
			m, err := filepath.Glob(filepath.Join(dir, pattern))
			if err == nil {
				found = append(found, m...)
			}
		}
		sort.Sort(sort.Reverse(sort.StringSlice(found))) // the newest of several versions
		if len(found) == 0 {
			found = []string{filepath.Join(dir, l.names[0])}
		}
		out = append(out, found...)
	}
	return append(out, l.names...)
}

// libraryFolders are the folder of the binary, the lib folder next to it, and lib in the working directory or above: that
// is where "make lib" puts what it fetches.
func libraryFolders() []string {
	var dirs []string
	add := func(d string) {
		for _, x := range dirs {
			if x == d {
				return
			}
		}
		dirs = append(dirs, d)
	}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			bin := filepath.Dir(exe)
			add(bin)
			add(filepath.Join(filepath.Dir(bin), "lib"))
		}
	}
	if wd, err := os.Getwd(); err == nil {
		for d := wd; ; d = filepath.Dir(d) {
			if lib := filepath.Join(d, "lib"); files.Exists(filepath.Join(d, "go.mod")) || d == wd {
				add(lib)
			}
			if d == filepath.Dir(d) {
				break
			}
		}
	}
	return dirs
}

// OpenRuntime opens ONNX Runtime; given is the config's place, or "".
func OpenRuntime(given string) (*models.Runtime, error) {
	return models.OpenRuntime(onnxRuntime.places(given))
}

// OpenBackend opens OpenBLAS. Where there is none, and none was asked for by name, linear algebra is done in Go and note
// says that it is slower.
func OpenBackend(given string) (b metrics.Backend, note string, err error) {
	b, err = metrics.OpenBLAS(openBLAS.places(given))
	if err == nil {
		return b, "", nil
	}
	if given != "" || os.Getenv(EnvOpenBLAS) != "" {
		return nil, "", err
	}
	return metrics.PureGo(), "OpenBLAS was not found: linear algebra runs in pure Go, which is several times slower (make lib fetches OpenBLAS)", nil
}
