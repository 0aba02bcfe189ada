package models

import (
	"math"
	"slices"
	"testing"

	"speechsim/models/internal/npz"
)

// Features of a tone: all of its power is in the band around it, everything else is 8 powers of ten or less below, and silence
// that follows is the floor of the utterance.
func TestWhisperMels(t *testing.T) {
	samples := make([]float32, 16000)
	for i := range samples {
		samples[i] = float32(math.Sin(2 * math.Pi * 2000 * float64(i) / whisperRate))
	}
	for _, w := range []*whisperMels{whisper80(), whisper128()} {
		bands := len(w.filters)
		data, shape := w.feed(slices.Concat(samples, make([]float32, 16100)), 320)
		if !slices.Equal(shape, []int64{1, int64(bands), 202}) {
			t.Fatalf("shape %v", shape)
		}
		at := func(band, frame int) float64 { return float64(data[band*202+frame]) }
		loudest := 0
		for b := range bands {
			if at(b, 50) > at(loudest, 50) {
				loudest = b
			}
		}
		// The band whose triangle is highest at 2 kHz.
		mel := slaneyMel(2000) / slaneyMel(whisperRate/2) * float64(bands+1)
		if math.Abs(float64(loudest+1)-mel) > 1 {
			t.Errorf("%d bands: the loudest is %d, expected about %.1f", bands, loudest, mel-1)
		}
		if floor := slices.Min(data); at(0, 150) != float64(floor) || math.Abs(float64(slices.Max(data)-floor)-2) > 1e-6 {
			t.Errorf("%d bands: from %g to %g, silence %g", bands, floor, slices.Max(data), at(0, 150))
		}
	}
}

// An utterance of LibriSpeech has the spectrogram that faster-whisper makes of it.
func TestWhisperMelsOfSpeech(t *testing.T) {
	arrays, err := npz.Read("checkpoint/testdata/whisper/tiny.en.npz")
	if err != nil {
		t.Fatal(err)
	}
	want := arrays["logmel"]
	frames := want.Shape[1]
	data, shape := whisper80().feed(slices.Concat(arrays["input"].Floats, make([]float32, 480000-len(arrays["input"].Floats))), 320)
	worst := 0.0
	for i, w := range want.Floats {
		worst = max(worst, math.Abs(float64(data[i/frames*int(shape[2])+i%frames]-w)))
	}
	if shape[2] != 3000 || worst > 1e-4 {
		t.Errorf("%d frames, the furthest value %.2g away", shape[2], worst)
	}
	t.Logf("the furthest value is %.2g away", worst)
}

// Silence is the lowest value there is.
func TestWhisperMelsOfSilence(t *testing.T) {
	data, _ := whisper80().feed(make([]float32, 3200), 320)
	for _, x := range data {
		if x != (-10+4)/4. {
			t.Fatalf("%g", x)
		}
	}
}

// The scale turns back into hertz, and its bend is where both halves meet.
func TestSlaneyScale(t *testing.T) {
	for hertz := 0.0; hertz <= 8000; hertz += 37 {
		if back := slaneyHertz(slaneyMel(hertz)); math.Abs(back-hertz) > 1e-9*(1+hertz) {
			t.Errorf("%g Hz become %g", hertz, back)
		}
	}
	if m := slaneyMel(1000); math.Abs(m-15) > 1e-12 {
		t.Errorf("1 kHz is %g mels", m)
	}
	if m := slaneyMel(6400); math.Abs(m-42) > 1e-12 {
		t.Errorf("6.4 kHz is %g mels", m)
	}
}

// What a card may say of padding, and what it does to lengths.
func TestPadding(t *testing.T) {
	card := Card{Kind: Audio, SampleRate: 16000, Hop: 320, FirstFrame: new(int), Partial: true, Normalize: NormalizeNone, Input: "x", Chunk: 16000,
		Padding: PaddingChunk, Layers: []LayerOutput{{Name: "0", Tensor: "y"}}}
	if p := card.problems(); len(p) > 0 {
		t.Errorf("%v", p)
	}
	for samples, padded := range map[int]int{1: 16000, 16000: 16000, 16001: 32000, 0: 0} {
		if got := card.Padded(samples); got != padded {
			t.Errorf("%d samples: padded to %d, want %d", samples, got, padded)
		}
	}
	if n := card.Frames(16321); n != 52 || card.Centre(51) != 16320 {
		t.Errorf("%d frames, the last at %d", n, card.Centre(n-1))
	}
	back, err := ReadCard([]byte(card.YAML()), "card")
	if err != nil || back.FirstFrame == nil || back.Padding != PaddingChunk {
		t.Errorf("%v, %+v from\n%s", err, back, card.YAML())
	}
	card.Chunk = 0
	if p := card.problems(); !slices.Equal(p, []string{"padding is to a chunk, and chunk is not known: write chunk: NUMBER (samples)"}) {
		t.Errorf("%v", p)
	}
	card.Padding = "zeros"
	if p := card.problems(); !slices.Equal(p, []string{`padding: "zeros" is not one of none, chunk`}) {
		t.Errorf("%v", p)
	}
}

// Rows and maps of the padding are cut off.
func TestFirstFrames(t *testing.T) {
	m := newTensor("0", 2, 3, 3)
	for i := range m.Data {
		m.Data[i] = float32(i)
	}
	if got := m.firstFrames(2); !slices.Equal(got.Shape, []int{2, 2, 2}) || !slices.Equal(got.Data, []float32{0, 1, 3, 4, 9, 10, 12, 13}) {
		t.Errorf("%+v", got)
	}
}
