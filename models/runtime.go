package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"speechsim/models/internal/ort"
)

// Runtime is ONNX Runtime, opened. It can be used by several goroutines.
type Runtime struct {
	lib *ort.Library
}

// OpenRuntime opens ONNX Runtime's shared library from the first of the places
// that has one. A place is a file, a folder that holds the library, or a bare
// file name such as "libonnxruntime.so", which the system's loader looks up.
// Empty places are skipped. When none works, the error lists every place with
// the reason, and how to get the library.
func OpenRuntime(places []string) (*Runtime, error) {
	var tried []string
	for _, place := range places {
		if place == "" {
			continue
		}
		files, err := libraryFiles(place)
		if err != nil {
			tried = append(tried, fmt.Sprintf("  %s: %v", place, err))
		}
		for _, file := range files {
			lib, err := ort.Open(file)
			if err == nil {
				return &Runtime{lib: lib}, nil
			}
			tried = append(tried, fmt.Sprintf("  %s: %v", file, err))
		}
	}
	if len(tried) == 0 {
		tried = []string{"  (no place was given)"}
	}
	return nil, fmt.Errorf("ONNX Runtime's shared library was not found; tried\n%s\n"+
		"get it with `make lib`, or set SPEECHSIM_ONNXRUNTIME to the path of libonnxruntime.so (1.24 or newer)",
		strings.Join(tried, "\n"))
}

// libraryFiles turns a place into the files to try, newest version first.
func libraryFiles(place string) ([]string, error) {
	if !strings.ContainsRune(place, filepath.Separator) {
		if _, err := os.Stat(place); err != nil {
			return []string{place}, nil // a bare name: left to the loader
		}
	}
	path, err := filepath.Abs(place)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("does not exist")
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	for _, pattern := range []string{"libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll"} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(path), pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, errors.New("holds no libonnxruntime")
	}
	sort.Sort(sort.Reverse(sort.StringSlice(files)))
	return files, nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// Version is ONNX Runtime's version, such as "1.31.1".
func (r *Runtime) Version() string { return r.lib.Version() }

// Path is the shared library's file.
func (r *Runtime) Path() string { return r.lib.Path() }

// Providers lists the execution providers in this build of ONNX Runtime that a
// model can run on, such as "CPUExecutionProvider".
func (r *Runtime) Providers() []string {
	return r.lib.Providers()
}

// Close ends the use of the runtime. The library stays open until the process
// ends, since its threads outlive the sessions.
func (r *Runtime) Close() error { return nil }
