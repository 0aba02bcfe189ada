// Package modelcmd holds the commands on a single model file: inspect, verify, export, and extract, which writes its layers
// for a few audio files.
package modelcmd

import (
	"errors"
	"io"

	"speechsim/models"
	"speechsim/pipeline/native"
)

// Inspect writes what the program would do with a model file, and from where it knows. Where ONNX Runtime is there,
// the model is run once on a short input to learn what the file does not say, such as the widths of layers. Where that
// fails, or what was read contradicts itself, it writes what it knows before it returns the error.
func Inspect(w io.Writer, path string) error {
	inspect := models.Inspect
	if rt, err := native.OpenRuntime(""); err == nil {
		defer rt.Close()
		inspect = rt.Inspect
	}
	in, err := inspect(path)
	if in == nil {
		return err
	}
	return errors.Join(in.Write(w), err)
}
