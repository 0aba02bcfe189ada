package models

import (
	"fmt"

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
