package configs

import "slices"

// Baselines are the labels that stand for what the sound alone says: a model that learned anything of speech is above them.
var baselines = []string{"logmel", "mfcc", "length"}

// Baseline says whether a model is an acoustic baseline.
func (m *Model) Baseline() bool { return slices.Contains(baselines, m.Labels) }

// ControlsOf are the names of the models that are another one without training: those that it names as its control, and those
// with random weights of its checkpoint.
func (c *Config) ControlsOf(name string) []string {
	m := c.Model(name)
	if m == nil {
		return nil
	}
	list := slices.Clone(m.Control)
	for i := range c.Models {
		o := &c.Models[i]
		if m.Weights == "" && m.Checkpoint != "" && o.Weights != "" && o.Checkpoint == m.Checkpoint && o.Revision == m.Revision && !slices.Contains(list, o.Name) {
			list = append(list, o.Name)
		}
	}
	return list
}

// IsControl says whether a model is the control of another one.
func (c *Config) IsControl(name string) bool {
	return slices.ContainsFunc(c.Models, func(m Model) bool { return slices.Contains(c.ControlsOf(m.Name), name) })
}

// validateControls checks that controls are other models that can be one.
func (c *Config) validateControls(names []string, bad func(Pos, string, ...any)) {
	for i := range c.Models {
		m := &c.Models[i]
		for _, name := range m.Control {
			switch at := m.Pos.Of("control"); {
			case name == m.Name:
				bad(at, "model %q: control names the model itself; it names the same network without training", m.Name)
			case !slices.Contains(names, name):
				bad(at, "model %q: control names the model %q, which models does not list%s", m.Name, name, didYouMean(name, names))
			case c.Model(name).Labels != "" || c.Model(name).Vectors != "":
				bad(at, "model %q: control names %q, which has no layers of a network: a control is the same network without training; log-mel and MFCC are taken for baselines without a key", m.Name, name)
			case slices.Contains(c.Model(name).Control, m.Name):
				bad(at, "models %q and %q each name the other as control: leave it out at the one that is not trained", m.Name, name)
			}
		}
	}
}
