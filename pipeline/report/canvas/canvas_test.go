package canvas

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/plot/vg"
)

func TestLimitsAreRoundAndHoldTheData(t *testing.T) {
	for _, test := range []struct {
		low, high *float64
		diverging bool
		values    []float64
		lo, hi    float64
	}{
		{nil, nil, false, nil, 0, 1},
		{nil, nil, false, []float64{0.11, 1}, 0.1, 1},
		{nil, nil, false, []float64{0.312, 0.488}, 0.31, 0.49},
		{nil, nil, false, []float64{0, 1}, 0, 1},
		{nil, nil, false, []float64{1, 1}, 0.95, 1.05},
		{nil, nil, true, []float64{-0.1, 0.3}, -0.3, 0.3},
		{new(0.2), nil, false, []float64{0.11, 1}, 0.2, 1},
		{new(0.0), new(2.0), false, []float64{0.11, 1}, 0, 2},
	} {
		lo, hi := Limits(test.low, test.high, test.diverging, test.values)
		if math.Abs(lo-test.lo) > 1e-9 || math.Abs(hi-test.hi) > 1e-9 {
			t.Errorf("limits of %v are %v to %v, expected %v to %v", test.values, lo, hi, test.lo, test.hi)
		}
	}
}

func TestTicks(t *testing.T) {
	labels := func(list []Tick) []string {
		var l []string
		for _, t := range list {
			l = append(l, t.Label)
		}
		return l
	}
	for _, test := range []struct {
		got, want []string
	}{
		{labels(Ticks(0, 1)), []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{labels(Ticks(-0.3, 0.3)), []string{"−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"}},
		{labels(BarTicks(0.05, 1)), []string{"0.05", "0.20", "0.40", "0.60", "0.80", "1.00"}},
		{labels(BarTicks(0.15, 1)), []string{"0.2", "0.4", "0.6", "0.8", "1.0"}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("got %v, expected %v", test.got, test.want)
		}
	}
}

// TestColourMapsSurviveGrayscale checks that lightness grows along the maps,
// and on both arms of the diverging one, so that a printed copy keeps the order.
func TestColourMapsSurviveGrayscale(t *testing.T) {
	for _, name := range []string{"viridis", "cividis", "rocket"} {
		m, err := MapNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 8; i < len(m); i++ {
			if luminance(m[i]) <= luminance(m[i-8]) {
				t.Errorf("%s gets darker at %d", name, i)
			}
		}
	}
	m, _ := MapNamed("diverging")
	for i := 8; i < 128; i++ {
		if luminance(m[i]) <= luminance(m[i-8]) || luminance(m[255-i]) <= luminance(m[255-i+8]) {
			t.Errorf("the diverging map is not lightest in its middle, at %d", i)
		}
	}
	if len(ColoursFor(13)) != 13 || len(ColoursFor(1)) != 1 {
		t.Error("the number of line colours is wrong")
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		room float64
		want []string
	}{
		{"one two three", 1000, []string{"one two three"}},
		{"hubert-large-ll60k", 45, []string{"hubert-", "large-ll60k"}},
		{"aaaaaaaa", 20, []string{"aaaa", "aaaa"}},
		{"a\nb", 1000, []string{"a", "b"}},
		{"", 10, []string{""}},
	} {
		if got := Wrap(Regular, TextSize, vg.Length(test.room), test.text); !slices.Equal(got, test.want) {
			t.Errorf("%q in %v points breaks into %q, expected %q", test.text, test.room, got, test.want)
		}
	}
}
