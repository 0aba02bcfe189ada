package modelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"speechsim/pipeline/internal/files"
)

// EnvPython names the Python that has the packages of models/export/requirements.txt.
const EnvPython = "SPEECHSIM_EXPORT_PYTHON"

// Export runs the export tool in its own Python environment with the arguments as they are. The program itself never
// needs Python: this is a convenience for who has the repository.
func Export(ctx context.Context, args []string, stdout, stderr io.Writer) error {
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

// exportTool finds models/export/export.py: next to the folder of the binary, or in the working directory or above.
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
			if tool := filepath.Join(d, "models", "export", "export.py"); files.Exists(tool) {
				return tool, nil
			}
			if d == filepath.Dir(d) {
				break
			}
		}
	}
	return "", errors.New("models/export/export.py was not found beside the program or above the working directory: run it from a checkout of the repository")
}
