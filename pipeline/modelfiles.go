package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"speechsim/configs"
	"speechsim/models"
)

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
		p.opts.Progress.Note("model %q on the GPU in %s %v", m.Name, cmp.Or(m.Precision, models.Float32), d)
	}
	return nil
}
