package models

import "testing"

// TestMFCCMatchesKaldi holds coefficients and deltas to kaldi-native-fbank and scipy: of speech, and of an utterance of fewer
// frames than a delta reaches. Kaldi computes in float32.
func TestMFCCMatchesKaldi(t *testing.T) {
	speech, want := golden(t, "filterbanks")["speech_16k"].Floats, golden(t, "mfcc")
	for name, samples := range map[string]int{"speech": len(speech), "short": 720} {
		got := NewMFCC(16000).Frames(speech[:samples])
		if len(want[name].Shape) != 2 || got.Shape[0] != want[name].Shape[0] || got.Shape[1] != 39 {
			t.Fatalf("%s: shape %v, want %v", name, got.Shape, want[name].Shape)
		}
		if d := furthest(t, got.Data, want[name].Floats); d > 5e-4 {
			t.Errorf("%s: differs by %g", name, d)
		}
	}
}

// TestMFCCOfNothing: an utterance shorter than a window has no frames.
func TestMFCCOfNothing(t *testing.T) {
	if got := NewMFCC(16000).Frames(make([]float32, 399)); got.Shape[0] != 0 || got.Shape[1] != 39 {
		t.Errorf("shape %v", got.Shape)
	}
}
