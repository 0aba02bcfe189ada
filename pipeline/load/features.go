package load

import (
	"context"
	"errors"

	"speechsim/pipeline/features"
)

// OpenFeatures opens and checks the features of the user's own among the models of a config: one set for each model, nil for other
// models. What is wrong with them is in faults, by model; err is another failure.
func OpenFeatures(ctx context.Context, f *Files, s *Speech) (sets []*features.Set, faults map[string]*features.Error, err error) {
	sets, faults = make([]*features.Set, len(f.Config.Models)), map[string]*features.Error{}
	for i := range f.Config.Models {
		m := &f.Config.Models[i]
		if m.Features == "" {
			continue
		}
		sets[i], err = features.Open(ctx, f.Corpus, s.Lengths, features.Options{
			Path: f.Config.Path(m.Features), Hop: m.Hop, Offset: m.Offset, Choice: choice(m), Workers: f.Workers, Progress: f.Progress,
		})
		var fault *features.Error
		switch {
		case errors.As(err, &fault):
			faults[m.Name] = fault
		case err != nil:
			return sets, faults, err
		}
	}
	return sets, faults, nil
}

// openFeatures opens them for a run, which says what is odd and ends with what is wrong.
func openFeatures(ctx context.Context, f *Files, s *Speech) ([]*features.Set, error) {
	sets, faults, err := OpenFeatures(ctx, f, s)
	for i := range f.Config.Models {
		m := &f.Config.Models[i]
		if fault := faults[m.Name]; fault != nil {
			return sets, f.Config.Errorf(m.Pos, "model %q: %v", m.Name, fault)
		}
		if sets[i] != nil {
			for _, note := range sets[i].Notes {
				f.Progress.Note("model %q: %s", m.Name, note)
			}
		}
	}
	return sets, err
}
