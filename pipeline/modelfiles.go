package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"speechsim/models"
)

// InspectModel writes what the program would do with a model file, and from where it knows. Where ONNX Runtime is there,
// the model is run once on a short input to learn what the file does not say, such as the widths of layers.
func InspectModel(w io.Writer, path string) error {
	inspect := models.Inspect
	if rt, err := OpenRuntime(""); err == nil {
		defer rt.Close()
		inspect = rt.Inspect
	}
	in, err := inspect(path)
	if err != nil {
		return err
	}
	return in.Write(w)
}

// VerifyModel runs the tests of a model file, a line each; ok is false when one fails. reference is the .npz that an
// export wrote, or "".
func VerifyModel(ctx context.Context, w io.Writer, path, reference, device string) (ok bool, err error) {
	rt, err := OpenRuntime("")
	if err != nil {
		return false, err
	}
	defer rt.Close()
	checks, err := rt.Verify(ctx, path, reference, models.Options{Device: device})
	if err != nil {
		return false, err
	}
	ok = true
	for _, c := range checks {
		fmt.Fprintln(w, c)
		ok = ok && c.Result != models.Failed
	}
	return ok, nil
}

// EnvPython names the Python that has the packages of models/export/requirements.txt.
const EnvPython = "SPEECHSIM_EXPORT_PYTHON"

// ExportModel runs the export tool in its own Python environment with the arguments as they are. The program itself never
// needs Python: this is a convenience for who has the repository.
func ExportModel(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	tool, err := exportTool()
	if err != nil {
		return err
	}
	python := os.Getenv(EnvPython)
	if python == "" {
		python = filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(tool))), ".venv-export", "bin", "python")
	}
	if _, err := os.Stat(python); err != nil {
		return fmt.Errorf("%s: there is no Python with the exporter's packages: make export-env installs them (about 3 GB), or set %s", python, EnvPython)
	}
	cmd := exec.CommandContext(ctx, python, append([]string{tool}, args...)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return fmt.Errorf("the exporter failed: %w", err)
	} else if err != nil {
		return err
	}
	return nil
}

// exportTool finds models/export/export.py: beside the folder of the binary, or in the working directory or above.
func exportTool() (string, error) {
	var starts []string
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	for _, start := range starts {
		for d := start; ; d = filepath.Dir(d) {
			if tool := filepath.Join(d, "models", "export", "export.py"); exists(tool) {
				return tool, nil
			}
			if d == filepath.Dir(d) {
				break
			}
		}
	}
	return "", errors.New("models/export/export.py was not found beside the program or above the working directory: run it from a checkout of the repository")
}
