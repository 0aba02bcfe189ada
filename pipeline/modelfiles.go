package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"speechsim/configs"
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

// modelOptions are what the config says of a model.
func modelOptions(cfg *configs.Config, m *configs.Model, attention bool) (models.Options, error) {
	o := models.Options{Name: m.Name, Device: m.Device, Precision: m.Precision, Attentions: []string{}}
	if attention {
		o.Attentions = nil
	}
	if m.Layers != "" {
		o.Layers = strings.Split(strings.ReplaceAll(m.Layers, " ", ""), ",")
	}
	var err error
	if m.Card != "" {
		o.Card, err = models.ReadCardFile(cfg.Path(m.Card))
	}
	return o, err
}

// loadModel loads an ONNX model with the layers that the config chooses.
func loadModel(rt *models.Runtime, cfg *configs.Config, m *configs.Model, attention bool) (*models.Model, error) {
	o, err := modelOptions(cfg, m, attention)
	if err != nil {
		return nil, err
	}
	model, err := rt.Load(cfg.Path(m.ONNX), o)
	if err != nil {
		return nil, fmt.Errorf("model %q: %w", m.Name, err)
	}
	return model, nil
}

// measureDeviations says of every model that does not run in float32 on the CPU how far it is from that. A run with such
// models tells it in its manifest and on its page.
func (p *Plan) measureDeviations(ctx context.Context) error {
	p.deviations = map[string]models.Deviation{}
	for i := range p.Config.Models {
		m := &p.Config.Models[i]
		if m.Device != models.CUDA || p.sources[i].Model.Described() {
			continue
		}
		o, err := modelOptions(p.Config, m, p.needsAttention(m.Name))
		if err != nil {
			return err
		}
		d, err := p.runtime.Deviation(ctx, p.sources[i].Model, o)
		if err != nil {
			return fmt.Errorf("model %q: %w", m.Name, err)
		}
		p.deviations[m.Name] = d
		p.opts.Progress.Note("model %q on the GPU in %s %v", m.Name, firstOf(m.Precision, models.Float32), d)
	}
	return nil
}

// VerifyModel runs the tests of a model file, a line each; ok is false when one fails. reference is the .npz that an
// export wrote, or "".
func VerifyModel(ctx context.Context, w io.Writer, path, reference, device, precision string) (ok bool, err error) {
	rt, err := OpenRuntime("")
	if err != nil {
		return false, err
	}
	defer rt.Close()
	checks, err := rt.Verify(ctx, path, reference, models.Options{Device: device, Precision: precision})
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
