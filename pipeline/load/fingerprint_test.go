package load_test

import (
	"testing"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/pipeline/plantest"
)

// TestResamplerInKeys: the filter is part of what rows and sums are known by where a file or a model has another rate than the
// corpus, and only there.
func TestResamplerInKeys(t *testing.T) {
	if names := corpus.Resamplers(); configs.Default().Audio.Resampler != names[0] {
		t.Errorf("the config's default is %q, of the corpus's %q", configs.Default().Audio.Resampler, names)
	}
	for _, tt := range []struct {
		rate    string
		differs bool
	}{{"audio.rate=16000", false}, {"audio.rate=24000", true}} {
		in := func(resampler string) (file, model, text string, resampled bool) {
			in := plantest.Inputs(t, plantest.Config(t, plantest.Small, tt.rate, "audio.resample=true", "audio.resampler="+resampler), plantest.In(t.TempDir()))
			return in.Fingerprint.Corpus, in.Fingerprint.Cards["hubert"], in.Fingerprint.Cards["bert"], in.Resampled == in.CountUsable()
		}
		file, model, text, resampled := in("kaiser")
		otherFile, otherModel, otherText, _ := in("torchaudio")
		if resampled != tt.differs || (file != otherFile) != tt.differs || (model != otherModel) != tt.differs || text != otherText {
			t.Errorf("%s: another filter changes the corpus: %v, the speech model: %v, the text model: %v; expected %v, %v and false",
				tt.rate, file != otherFile, model != otherModel, text != otherText, tt.differs, tt.differs)
		}
	}
}
