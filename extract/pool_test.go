package extract

import (
	"testing"

	"speechsim/models"
)

var card20ms = &models.Card{Kind: models.Audio, SampleRate: 16000, Hop: 320, Window: 400}

// at makes a row from seconds, as the corpus does.
func at(start, end float64) Row {
	return Row{Start: start, End: end, From: int(start*16000 + .5), To: int(end*16000 + .5)}
}

// TestFrameRules holds the traps of the papers' rules: float64 division and truncation at 20 ms, the end inclusive or not.
func TestFrameRules(t *testing.T) {
	tests := []struct {
		rule       Pooling
		start, end float64
		lo, hi     int
	}{
		{Bolanos2024, 0.58, 1.16, 28, 58}, // 0.58/0.02 is 28.999..., 1.16/0.02 is 57.999..., end inclusive
		{Bolanos2024, 0.06, 0.14, 3, 8},   // 0.06/0.02 is 3, 0.14/0.02 is 7.000...1: frames 3 to 7
		{Bolanos2024, 0.5, 0.5, 25, 26},
		{Bolanos2024, 1.9, 9, 95, 99}, // clamped to the frames there are
		{Pasad2021, 0.06, 0.14, 3, 8}, // ceil(7.000...1) is 8
		{Pasad2021, 0.5, 0.7, 25, 35},
		{Pasad2021, 0.5, 0.5, 25, 26}, // no length: one frame, as in the code
		{Middle, 0.5, 0.68, 28, 31},   // 9 frames, 25 to 33: 3 left out on either side
		{Middle, 0.5, 0.7, 28, 32},    // 10 frames, 25 to 34: the code's (10 + 1)/3 = 3
		{Middle, 0.5, 0.66, 28, 30},   // 8 frames: 3 and 3
		{Middle, 0.5, 0.54, 26, 27},   // 2 frames: one on either side would leave none, so the second stays
		{Middle, 0.5, 0.52, 25, 26},   // 1 frame
		{Max, 0.58, 1.16, 29, 58},     // as centre
		{First, 0.58, 1.16, 29, 30},
		{First, 0.014, 0.018, 0, 1},
		{Centre, 0.58, 1.16, 29, 58},     // centres 0.5925 to 1.1525
		{Centre, 0.0125, 0.0325, 0, 1},   // a centre on the start is in, one on the end is out
		{Centre, 0.0126, 0.0324, 0, 1},   // no centre inside: the nearest to the middle, the earlier of two
		{Centre, 0.014, 0.018, 0, 1},     // middle .016: frame 0 (.0125) is nearer than frame 1 (.0325)
		{Centre, 0.026, 0.03, 1, 2},      // middle .028: frame 1
		{Centre, 1.985, 1.999, 98, 99},   // after the last centre
		{Centre, 0, 0.001, 0, 1},         // before the first
		{Bolanos2024, 2.5, 2.6, 124, 99}, // all past the end: empty
	}
	for _, tt := range tests {
		lo, hi := tt.rule.FrameRange(card20ms, models.LayerOutput{}, at(tt.start, tt.end), 16000, 99)
		if lo != tt.lo || hi != tt.hi {
			if lo >= hi && tt.lo >= tt.hi {
				continue
			}
			t.Errorf("%s [%g, %g): frames [%d, %d), want [%d, %d)", tt.rule, tt.start, tt.end, lo, hi, tt.lo, tt.hi)
		}
	}
}

// TestCentreCoversEveryFrame: segments that tile the utterance share its frames out, each frame once.
func TestCentreCoversEveryFrame(t *testing.T) {
	const frames = 99
	owner := make([]int, frames)
	for i := range 20 {
		r := Row{From: i * 1600, To: (i + 1) * 1600}
		lo, hi := Centre.FrameRange(card20ms, models.LayerOutput{}, r, 16000, frames)
		for f := lo; f < hi; f++ {
			owner[f]++
		}
	}
	for f, n := range owner {
		if n != 1 {
			t.Errorf("frame %d belongs to %d segments", f, n)
		}
	}
}

// TestCentrePatches: the frequency patches of one time step go together.
func TestCentrePatches(t *testing.T) {
	beats := &models.Card{Kind: models.Audio, SampleRate: 16000, Hop: 2560, Window: 2800, Patches: 8}
	lo, hi := Centre.FrameRange(beats, models.LayerOutput{}, at(0.1, 0.11), 16000, 40)
	if lo != 0 || hi != 8 {
		t.Errorf("a word between two centres has patches [%d, %d), want [0, 8)", lo, hi)
	}
	if lo, hi = Centre.FrameRange(beats, models.LayerOutput{}, at(0.2, 0.5), 16000, 40); lo != 8 || hi != 24 {
		t.Errorf("patches [%d, %d), want [8, 24)", lo, hi)
	}
}

// TestBolanosPatches: the thesis's intended rule for BEATs, patches (start//16)*8 to (end//16)*8+8 over frames of 10 ms.
func TestBolanosPatches(t *testing.T) {
	beats := &models.Card{Kind: models.Audio, SampleRate: 16000, Hop: 2560, Window: 2800, Patches: 8}
	lo, hi := Bolanos2024.FrameRange(beats, models.LayerOutput{}, at(0.2, 0.5), 16000, 80)
	if lo != 20/16*8 || hi != 50/16*8+8 {
		t.Errorf("patches [%d, %d), want [8, 32)", lo, hi)
	}
}

// TestFirstPatches: the first time step of BEATs has all its patches.
func TestFirstPatches(t *testing.T) {
	beats := &models.Card{Kind: models.Audio, SampleRate: 16000, Hop: 2560, Window: 2800, Patches: 8}
	if lo, hi := First.FrameRange(beats, models.LayerOutput{}, at(0.2, 0.5), 16000, 40); lo != 8 || hi != 16 {
		t.Errorf("patches [%d, %d), want [8, 16)", lo, hi)
	}
	if lo, hi := Middle.FrameRange(beats, models.LayerOutput{}, at(0, 0.48), 16000, 40); lo != 8 || hi != 16 {
		t.Errorf("patches [%d, %d), want [8, 16)", lo, hi)
	}
}

// TestReduce: max takes each unit's largest value, negative ones too; the other rules take the mean.
func TestReduce(t *testing.T) {
	x := models.Tensor{Shape: []int{4, 2}, Data: []float32{9, 9, -3, 1, -1, 5, 9, 9}}
	for rule, want := range map[Pooling][2]float32{Max: {-1, 5}, Centre: {-2, 3}, Middle: {-2, 3}, First: {-2, 3}} {
		out := make([]float32, 2)
		rule.reduce(x, 1, 3, make([]float64, 2), out)
		if out[0] != want[0] || out[1] != want[1] {
			t.Errorf("%s gives %v, want %v", rule, out, want)
		}
	}
}

func TestMean(t *testing.T) {
	x := models.Tensor{Shape: []int{3, 2}, Data: []float32{1, 10, 2, 20, 6, 60}}
	out := make([]float32, 2)
	mean(x, 1, 3, make([]float64, 2), out)
	if out[0] != 4 || out[1] != 40 {
		t.Errorf("mean %v", out)
	}
}

func TestTokensOf(t *testing.T) {
	//                   [CLS]   it      '       s       ,       up      ##on    [SEP]
	tokens := [][2]int{{0, 0}, {0, 2}, {2, 3}, {3, 4}, {4, 5}, {6, 8}, {8, 10}, {0, 0}}
	for place, want := range map[[2]int][2]int{
		{0, 4}: {1, 4}, {0, 2}: {1, 2}, {2, 4}: {2, 4}, {6, 10}: {5, 7},
		{7, 8}: {5, 6}, {7, 9}: {5, 7}, // the aligner cut within a token
	} {
		if lo, hi := tokensOf(tokens, place); [2]int{lo, hi} != want {
			t.Errorf("%v: tokens [%d, %d), want %v", place, lo, hi, want)
		}
	}
	for _, place := range [][2]int{{0, 0}, {5, 6}, {12, 14}} {
		if lo, hi := tokensOf(tokens, place); lo < hi {
			t.Errorf("a place without tokens, %v, has [%d, %d)", place, lo, hi)
		}
	}
}

func TestSelectBolanos2024(t *testing.T) {
	var dropped []string
	rows := []Row{{Label: "the", Segment: 0}, {Label: "quilter's", Segment: 1}, {Label: "apostle", Segment: 2}, {Label: "THE", Segment: 3}}
	got := SelectBolanos2024(rows, func(r Row, why string) { dropped = append(dropped, r.Label+": "+why) })
	if len(got) != 2 || got[0].Label != "apostle" || got[1].Segment != 0 {
		t.Errorf("kept %v", got)
	}
	if len(dropped) != 2 || dropped[0] != "quilter's: "+ApostropheWord || dropped[1] != "THE: "+RepeatedWord {
		t.Errorf("dropped %v", dropped)
	}
}
