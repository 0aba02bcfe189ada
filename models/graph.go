package models

import (
	"errors"
	"fmt"
	"os"

	"speechsim/models/internal/onnxproto"
)

// scanModel reads the structure of a mapped file, with errors that say what the
// file is if it is no ONNX model.
func scanModel(path string, m *mapping) (*onnxproto.Model, error) {
	scan, err := onnxproto.Scan(m.data)
	if err == nil && len(scan.Graph.Nodes) > 0 {
		return scan, nil
	}
	if other := otherFormat(m.data); other != "" {
		return nil, fmt.Errorf("%s is not an ONNX file, but %s", path, other)
	}
	if err == nil {
		return nil, fmt.Errorf("%s is not a usable ONNX file: its graph has no nodes", path)
	}
	return nil, fmt.Errorf("%s is not a complete ONNX file (%w): get or export it again", path, err)
}

// checkExternal reports a file with weights that is missing, before ONNX
// Runtime does so in its own words.
func checkExternal(path string, scan *onnxproto.Model) error {
	for _, file := range externalFiles(path, scan) {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s keeps its weights in %s, which does not exist: put that file next to it", path, file)
		}
	}
	return nil
}
