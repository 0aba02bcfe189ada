package models

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const exampleCard = `name: hubert-base
kind: audio
sample_rate: 16000
hop: 320
window: 400
normalize: zero_mean_unit_var
input: input_values
layers:
  - {name: "0", tensor: hidden_states.0, units: 768}
  - {name: cnn.1, tensor: conv, hop: 5, window: 10, channels_first: true}
attentions:
  - {name: "0", tensor: attentions.0}
heads: 12
`

func TestCardSurvivesWriting(t *testing.T) {
	card, err := ReadCard([]byte(exampleCard), "example")
	if err != nil {
		t.Fatal(err)
	}
	out := card.YAML()
	if diff := cmp.Diff(exampleCard, out); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	again, err := ReadCard([]byte(out), "again")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(card, again, cmpopts.IgnoreUnexported(Card{})); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestReadCardPlacesMistakes(t *testing.T) {
	tests := []struct {
		name, in string
		line     int
		col      int
		want     string
	}{
		{"unknown key", "kind: audio\nsamplerate: 16000\n", 2, 1, `no key "samplerate"`},
		{"wrong type", "kind: audio\nhop: fast\n", 2, 1, "fast"},
		{"empty", "", 1, 1, "empty"},
		{"two documents", "kind: audio\n---\nkind: text\n", 2, 1, "a second document"},
		{"no YAML", "kind: [audio\n", 1, 1, ""},
	}
	for _, tt := range tests {
		_, err := ReadCard([]byte(tt.in), "x.card.yaml")
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v is not placed", tt.name, err)
			continue
		}
		if e.File != "x.card.yaml" || e.Line != tt.line || e.Col != tt.col || !strings.Contains(e.Msg, tt.want) {
			t.Errorf("%s: %v, want line %d, column %d, %q", tt.name, e, tt.line, tt.col, tt.want)
		}
	}
}

// Frames against the lengths of design and fixtures, Centre against the formulas.
func TestFrames(t *testing.T) {
	wav2vec := &Card{Kind: Audio, SampleRate: 16000, Hop: 320, Window: 400}
	beats := &Card{Kind: Audio, SampleRate: 16000, Hop: 2560, Window: 2800, Patches: 8}
	ec := &Card{Kind: Audio, SampleRate: 24000, Hop: 320, Window: 320, Partial: true, Chunk: 96000}
	mel := &Card{Kind: Audio, SampleRate: 24000, Hop: 318, Window: 637, Chunk: 96000, MinChunk: 2049}
	text := &Card{Kind: Text}
	zero := 0
	centred := &Card{Kind: Audio, SampleRate: 16000, Hop: 160, FirstFrame: &zero}
	whisper := &Card{Kind: Audio, SampleRate: 16000, Hop: 320, Window: 1040, Partial: true, FirstFrame: &zero}
	whisperShort := &Card{Kind: Audio, SampleRate: 16000, Hop: 320, Window: 160, FirstFrame: &zero}
	frames := []struct {
		name          string
		card          *Card
		samples, want int
	}{
		{"wav2vec, too short", wav2vec, 399, 0},
		{"wav2vec, one frame", wav2vec, 400, 1},
		{"wav2vec, 1 s", wav2vec, 16000, 49},
		{"wav2vec, 10 s", wav2vec, 160000, 499},
		{"BEATs fixture", beats, 17200, 48},
		{"BEATs long fixture", beats, 33000, 96},
		{"BEATs, too short", beats, 2799, 0},
		{"EncodecMAE v1 fixture", ec, 127200, 398},
		{"EncodecMAE v1 short", ec, 19323, 61},
		{"EncodecMAE v1 tail", ec, 100, 1},
		{"EncodecMAE v2 fixture", mel, 127200, 397},
		{"EncodecMAE v2 short", mel, 19323, 59},
		{"EncodecMAE v2, tail is dropped", mel, 96000 + 2048, 300},
		{"EncodecMAE v2, tail is kept", mel, 96000 + 2049, 305},
		{"EncodecMAE v2, too short", mel, 2048, 0},
		{"text", text, 7, 7},
		{"nothing", wav2vec, 0, 0},
		{"centred spectrogram", centred, 1, 1},
		{"centred spectrogram, 1 s", centred, 16000, 101},
		{"centred spectrogram, nothing", centred, 0, 0},
		{"Whisper, padded to 30 s", whisper, 1000, 4},
		{"Whisper at its own length", whisperShort, 1000, 3},
	}
	for _, tt := range frames {
		if got := tt.card.Frames(tt.samples); got != tt.want {
			t.Errorf("%s: %d samples have %d frames, want %d", tt.name, tt.samples, got, tt.want)
		}
	}
	centres := []struct {
		name        string
		card        *Card
		frame, want int
	}{
		{"wav2vec", wav2vec, 7, 320*7 + 200},
		{"BEATs: patches share a centre", beats, 8*2 + 5, 2560*2 + 1400},
		{"EncodecMAE v1: (i + .5) / 75 s", ec, 10, 10*320 + 160},
		{"EncodecMAE v1: second chunk", ec, 301, 96000 + 320 + 160},
		{"EncodecMAE v2: second chunk", mel, 300, 96000 + 318},
		{"Whisper: first frame", whisper, 0, 0},
		{"Whisper", whisper, 10, 3200},
	}
	for _, tt := range centres {
		if got := tt.card.Centre(tt.frame); got != tt.want {
			t.Errorf("%s: frame %d is centred at %d, want %d", tt.name, tt.frame, got, tt.want)
		}
	}
}

func FuzzReadCard(f *testing.F) {
	f.Add([]byte(exampleCard))
	f.Add([]byte("kind: text\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		card, err := ReadCard(data, "fuzz")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is not placed", err)
			}
			return
		}
		card.problems()
		out := card.YAML()
		again, err := ReadCard([]byte(out), "again")
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, out)
		}
		if diff := cmp.Diff(card, again, cmpopts.IgnoreUnexported(Card{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
