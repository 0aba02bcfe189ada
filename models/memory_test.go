package models

import (
	"context"
	"testing"
)

// TestRunMemory: the outputs of a run are foretold to the byte, and what the session computes in from the widest tensors.
func TestRunMemory(t *testing.T) {
	m, err := testRuntime(t).Load("demo/hubert.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const seconds = 3
	a, err := m.Run(context.Background(), Input{Samples: tone(seconds * 16000)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	outputs := 0
	for _, x := range a.Layers {
		outputs += 4 * len(x.Data)
	}
	for _, x := range a.Attentions {
		outputs += 4 * len(x.Data)
	}
	if got := m.RunMemory(seconds * 16000); got.Outputs != int64(outputs) {
		t.Errorf("%d bytes of outputs are foretold, there are %d", got.Outputs, outputs)
	}
	const channels, everySamples = 48, 5
	if want := float64(channels * m.card.Hop / everySamples); m.widest != want {
		t.Errorf("%g numbers of the widest convolution for each frame, want %g", m.widest, want)
	}
	short, long := m.RunMemory(8*16000), m.RunMemory(64*16000)
	if frames := int64(m.card.Frames(8 * 16000)); short.Inside != int64(convolutionCopies*4*m.widest*float64(frames)) {
		t.Errorf("%d bytes in the session for 8 s: not those of its convolutions", short.Inside)
	}
	if frames := int64(m.card.Frames(64 * 16000)); long.Inside != 2*4*4*frames*frames || long.Attention != (2+4)*4*4*frames*frames {
		t.Errorf("%+v for 64 s: not those of its attention", long)
	}
	if loaded, loading := m.SessionMemory(); loaded < m.WeightBytes() || loading < 2*m.WeightBytes() {
		t.Errorf("%d bytes loaded and %d while loading, of %d bytes of weights", loaded, loading, m.WeightBytes())
	}
}

// TestDescribedMemory: of a model that is known by its card, memory is foretold as of one that begins like wav2vec 2.0.
func TestDescribedMemory(t *testing.T) {
	c := &Card{Kind: Audio, Hop: 320}
	if got := describedConvolution(c); got != 512*64 {
		t.Errorf("%g numbers a frame", got)
	}
	for _, c := range []*Card{{Kind: Text}, {Kind: Audio, Hop: 160, FrontEnd: FrontEndWhisper80}} {
		if got := describedConvolution(c); got != 0 {
			t.Errorf("%+v: %g numbers a frame", c, got)
		}
	}
}
