package extract

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"speechsim/corpus"
	"speechsim/models"
)

// labelled is a corpus of two utterances of two speakers: .1 s of silence, "ah" to .2 s, "T" to .25 s; and one "t".
func labelled() (*corpus.Corpus, *Table) {
	c := &corpus.Corpus{Utterances: []corpus.Utterance{{ID: "a", Speaker: "anna"}, {ID: "b", Speaker: "bert"}}}
	c.Spec.Audio.Rate = 16000
	segment := func(u int, label string, from, to int) Row {
		return Row{Utterance: u, Label: label, Start: float64(from) / 16000, End: float64(to) / 16000, From: from, To: to}
	}
	return c, &Table{Rows: []Row{segment(0, "ah", 1600, 3200), segment(0, "T", 3200, 4000), segment(1, "t", 0, 1600)}, Begin: []int{0, 2, 3}}
}

func newLabels(t *testing.T, kind string, silence bool) *Labels {
	t.Helper()
	c, segments := labelled()
	l, err := NewLabels(kind, c, segments, silence)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLabelsOfFrames: a frame has the label at its centre, 200 + 320 i samples.
func TestLabelsOfFrames(t *testing.T) {
	tests := []struct {
		kind  string
		frame int
		want  []float32
	}{
		{"phone", 4, []float32{1, 0, 0}}, // sample 1480: silence, ah, t
		{"phone", 5, []float32{0, 1, 0}}, // 1800
		{"phone", 9, []float32{0, 1, 0}}, // 3080
		{"phone", 10, []float32{0, 0, 1}},
		{"phone", 11, []float32{0, 0, 1}},
		{"phone", 12, []float32{1, 0, 0}}, // 4040: after the last
		{"length", 4, []float32{0}},
		{"length", 5, []float32{.1}},
		{"length", 10, []float32{.05}},
		{"speaker", 0, []float32{1, 0}},
	}
	for _, tt := range tests {
		x, err := newLabels(t, tt.kind, true).At(0, nil, card20ms, 13)
		if err != nil {
			t.Fatal(err)
		}
		d := x.Shape[1]
		if got := x.Data[tt.frame*d : (tt.frame+1)*d]; fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s at frame %d: %v, want %v", tt.kind, tt.frame, got, tt.want)
		}
	}
	// A model of another rate: its sample 2300 of 24 kHz is sample 1533 of the corpus.
	x, err := newLabels(t, "phone", true).At(0, nil, &models.Card{Kind: models.Audio, SampleRate: 24000, Hop: 200, Window: 4600}, 2)
	if err != nil || x.Data[0] != 1 || x.Data[4] != 1 {
		t.Errorf("at 24 kHz: %v %v", x.Data, err)
	}
}

// TestLabelsOfRows: a row has the mean over its time; a segment of its own tier just its own label.
func TestLabelsOfRows(t *testing.T) {
	tests := []struct {
		kind     string
		silence  bool
		u        int
		from, to int
		want     []float32
	}{
		{"phone", false, 0, 1600, 3200, []float32{1, 0}},             // the phone itself
		{"phone", false, 0, 2400, 4000, []float32{.5, .5}},           // a word of two phones
		{"phone", true, 0, 800, 2400, []float32{.5, .5, 0}},          // half of it silence
		{"phone", false, 0, 3200, 3200, []float32{0, 1}},             // no length: the sample at its start
		{"phone", false, 1, 0, 1600, []float32{0, 1}},                // letter case makes no difference
		{"length", false, 0, 2400, 4000, []float32{.075}},            // the mean of .1 and .05
		{"speaker", false, 1, 0, 10, []float32{0, 1}},                //
		{"phone", true, 0, 4000, 4800, []float32{1, 0, 0}},           // after the last
		{"phone", false, 0, 4000, 4800, []float32{0, 0}},             // no class for it
		{"phone", true, 0, 1600, 4000, []float32{0, 2. / 3, 1. / 3}}, // a word
	}
	for _, tt := range tests {
		s := &Source{Labels: newLabels(t, tt.kind, tt.silence)}
		out := [][]float32{make([]float32, s.Layers()[0].Units)}
		if err := s.Pool(nil, []Row{{Utterance: tt.u, Start: float64(tt.from) / 16000, End: float64(tt.to) / 16000, From: tt.from, To: tt.to}}, Max, 16000, out); err != nil {
			t.Fatal(err)
		}
		for i, want := range tt.want {
			if math.Abs(float64(out[0][i]-want)) > 1e-6 {
				t.Errorf("%s of [%d, %d): %v, want %v", tt.kind, tt.from, tt.to, out[0], tt.want)
				break
			}
		}
	}
}

// TestOverlappingLabels: where words overlap, as TIMIT's do, shares still add up to one, and each word keeps its own.
func TestOverlappingLabels(t *testing.T) {
	c, segments := labelled()
	segments.Rows[1].From = 3000 // T begins before ah ends
	l, err := NewLabels("phone", c, segments, false)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 2)
	if l.mean(0, 3000, 4000, out); out[1] != 1 {
		t.Errorf("the segment itself: %v", out)
	}
	if l.mean(0, 2400, 4000, out); out[0] != .5 || out[1] != .5 {
		t.Errorf("both: %v", out)
	}
}

// TestLogMel: frames every 10 ms; a louder sound has more energy; a 20 ms model gets the mean of two frames.
func TestLogMel(t *testing.T) {
	s := &Source{Labels: newLabels(t, "logmel", false)}
	samples := make([]float32, 4000)
	for i := range samples {
		samples[i] = float32(math.Sin(float64(i)/4)) * float32(i) / 4000
	}
	a, err := s.Activate(context.Background(), s.Labels.corpus, &s.Labels.corpus.Utterances[0], &corpus.Audio{Samples: samples, Rate: 16000})
	if err != nil {
		t.Fatal(err)
	}
	mel := a.Layers[0]
	if mel.Shape[0] != 23 || mel.Shape[1] != 80 || !s.IsAudio() {
		t.Fatalf("shape %v", mel.Shape)
	}
	if mel.Data[20*80+30] <= mel.Data[2*80+30] {
		t.Error("a louder frame has less energy")
	}
	x, err := s.Labels.At(0, a, card20ms, 12)
	if err != nil {
		t.Fatal(err)
	}
	// Frame 5 of the model: centre 1800, so samples 1640 to 1960 with the centres 1640 and 1800.
	if want := (mel.Data[9*80+3] + mel.Data[10*80+3]) / 2; math.Abs(float64(x.Data[5*80+3]-want)) > 1e-5 {
		t.Errorf("frame 5 has %v, want %v", x.Data[5*80+3], want)
	}
	if _, err := s.Labels.At(0, &Activations{Layers: []models.Tensor{{Shape: []int{0, 80}}}}, card20ms, 1); err == nil || !strings.Contains(err.Error(), "utterance a is too short") {
		t.Errorf("error %v", err)
	}
}

// TestLabelsThatDoNotVary are refused with the reason.
func TestLabelsThatDoNotVary(t *testing.T) {
	c, segments := labelled()
	c.Utterances[1].Speaker = "anna"
	if _, err := NewLabels("speaker", c, segments, false); err == nil || !strings.Contains(err.Error(), "does not vary") {
		t.Errorf("error %v", err)
	}
	c.Utterances[1].Speaker = ""
	if _, err := NewLabels("speaker", c, segments, false); err == nil || !strings.Contains(err.Error(), "utterance b has no speaker") {
		t.Errorf("error %v", err)
	}
}

// TestLabelDigests: other labels are other work.
func TestLabelDigests(t *testing.T) {
	seen := map[string]string{}
	for _, kind := range []string{"phone", "word", "speaker", "logmel", "mfcc", "length"} {
		d := newLabels(t, kind, false).Digest()
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", kind, other)
		}
		seen[d] = kind
	}
	c, segments := labelled()
	c.Utterances[0].Speaker = "carla"
	l, err := NewLabels("speaker", c, segments, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := seen[l.Digest()]; ok {
		t.Error("another speaker gives the same digest")
	}
}
