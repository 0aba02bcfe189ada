package extract

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"speechsim/corpus"
	"speechsim/models"
)

// madeUp are features of one unit of which frame i is i.
type madeUp map[string]int

func (f madeUp) Layers() []Layer             { return []Layer{{"features", 1}} }
func (f madeUp) Frames(utterance string) int { return f[utterance] }

func (f madeUp) Read(utterance string) ([]models.Tensor, error) {
	if f[utterance] == 0 {
		return nil, errors.New("there are none")
	}
	t := models.Tensor{Name: "features", Shape: []int{f[utterance], 1}}
	for i := range f[utterance] {
		t.Data = append(t.Data, float32(i))
	}
	return []models.Tensor{t}, nil
}

func measured(frames int, hop, offset float64) (*Source, *corpus.Corpus) {
	c := &corpus.Corpus{Utterances: []corpus.Utterance{{ID: "a"}}}
	c.Spec.Audio.Rate = 16000
	return &Source{Name: "ema", Features: NewFeatures(madeUp{"a": frames}, hop, offset)}, c
}

// TestFeaturesAtFrames: a model of 20 ms, whose first centre is at 12.5 ms, gets the mean of what lies within 10 ms of its centres,
// and where features have the same times the very frames.
func TestFeaturesAtFrames(t *testing.T) {
	for _, tt := range []struct {
		hop, offset float64
		frames      int
		want        []float32
	}{
		{.02, .0125, 3, []float32{0, 1, 2}},
		{.01, 0, 6, []float32{1.5, 3.5, 5}},             // centres 12.5, 32.5, 52.5 ms: frames 10 and 20 ms, 30 and 40, 50
		{.005, 0, 14, []float32{2.5, 6.5, 10.5}},        // 2.5 to 22.5 ms: 5, 10, 15, 20
		{.02, 0, 4, []float32{1, 2, 3}},                 // 20 ms is within 10 ms of 12.5 ms
		{.02, .0125, 2, []float32{0, 1, 1}},             // the last stands for what is missing
		{1.0 / 64, 0, 4, []float32{1, 2, 3}},            // 15.6, 31.2, 46.9 ms
		{1.0 / 145.6453, .001, 9, []float32{2, 5, 7.5}}, // a rate that nothing divides
	} {
		s, c := measured(tt.frames, tt.hop, tt.offset)
		a, err := s.Activate(context.Background(), c, &c.Utterances[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.At(c, 0, 0, a, card20ms, 3)
		if err != nil || fmt.Sprint(x.Data) != fmt.Sprint(tt.want) {
			t.Errorf("hop %g, offset %g: %v, want %v (%v)", tt.hop, tt.offset, x.Data, tt.want, err)
		}
	}
}

// TestFeaturesOfRows: words are pooled by the features' own times; what lies behind the last frame or before the first is no row.
func TestFeaturesOfRows(t *testing.T) {
	s, c := measured(10, .01, .005) // 5 to 95 ms
	row := func(from, to float64) Row {
		return Row{Label: "w", Start: from, End: to, From: int(from * 16000), To: int(to * 16000)}
	}
	candidates := &Table{Rows: []Row{row(.02, .06), row(.0961, .1), row(.106, .15)}, Begin: []int{0, 3}}
	got := s.Rows(c, candidates, []int{2400}, Centre)
	if len(got.Rows) != 2 || len(got.Dropped) != 1 || got.Dropped[0].Reason != NoFeatures {
		t.Fatalf("%+v", got)
	}
	a, err := s.Activate(context.Background(), c, &c.Utterances[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	for pooling, want := range map[Pooling][]float32{Centre: {3.5, 9}, Max: {5, 9}, First: {2, 9}, Bolanos2024: {4, 9}} {
		out := [][]float32{make([]float32, 2)}
		if err := s.Pool(a, got.Rows, pooling, 16000, out); err != nil || fmt.Sprint(out[0]) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v (%v)", pooling, out[0], want, err)
		}
	}
	if s.IsAudio() || !s.HasFrames() || s.Frames(c, 0, 2400) != 10 {
		t.Error("features have frames of their own, and hear nothing")
	}
}

// TestFrameRows: a frame that is kept as a row gives a model its own frame, labels the value at its centre, and features what they give
// where frames stream by.
func TestFrameRows(t *testing.T) {
	s, c := measured(100, .01, 0)
	a, err := s.Activate(context.Background(), c, &c.Utterances[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range []*models.Card{card20ms, {Kind: models.Audio, SampleRate: 24000, Hop: 318, Window: 637}, {Kind: models.Audio, SampleRate: 16000, Hop: 321, Window: 1}} {
		const n = 20
		streamed, err := s.At(c, 0, 0, a, card, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			r := FrameRow(card, 0, i, 16000)
			if lo, hi := Centre.FrameRange(card, models.LayerOutput{}, r.middle(), 16000, n); lo != i || hi != i+1 {
				t.Errorf("hop %d: frame %d is frames %d to %d", card.Hop, i, lo, hi)
			}
			if at := card.Centre(i) * 16000 / card.SampleRate; math.Abs(float64(r.middle().From-at)) > 1 {
				t.Errorf("hop %d: the middle of frame %d is %d, want %d", card.Hop, i, r.middle().From, at)
			}
			out := [][]float32{make([]float32, 1)}
			if err := s.Pool(a, []Row{r}, Centre, 16000, out); err != nil || out[0][0] != streamed.Data[i] {
				t.Errorf("hop %d: frame %d is %v as a row and %v as it streams by (%v)", card.Hop, i, out[0][0], streamed.Data[i], err)
			}
		}
	}
}
