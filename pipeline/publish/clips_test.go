package publish

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/results"
)

// TestByTurns: the first token of each type, then the second of each, and no token twice.
func TestByTurns(t *testing.T) {
	of := func(y, kind, utterance string, start float64) results.Contribution {
		return results.Contribution{Y: results.Layer{Model: y}, Type: kind, Utterance: utterance, Start: start, End: start + .5}
	}
	list := []results.Contribution{of("a", "dog", "u", 1), of("a", "dog", "u", 2), of("a", "dog", "v", 1), of("a", "cat", "w", 1), of("b", "cat", "w", 1), of("b", "cat", "w", 3)}
	want := []token{{"u", 1, 1.5}, {"w", 1, 1.5}, {"u", 2, 2.5}, {"w", 3, 3.5}, {"v", 1, 1.5}}
	if diff := cmp.Diff(want, byTurns(list), cmp.AllowUnexported(token{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWave: a WAV file of 16 bits, full scale and all.
func TestWave(t *testing.T) {
	b := wave([]float32{0, 1, -1, .5, -1. / 32768}, 8000)
	if len(b) != 54 || string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[36:40]) != "data" {
		t.Fatalf("% x", b)
	}
	for at, want := range map[int]uint32{4: 46, 16: 16, 24: 8000, 28: 16000, 40: 10} {
		if got := binary.LittleEndian.Uint32(b[at:]); got != want {
			t.Errorf("at byte %d: %d, expected %d", at, got, want)
		}
	}
	for k, want := range []int16{0, 32767, -32768, 16384, -1} {
		if got := int16(binary.LittleEndian.Uint16(b[44+2*k:])); got != want {
			t.Errorf("sample %d is %d, expected %d", k, got, want)
		}
	}
}
