package textgrid

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var formats = []struct {
	name   string
	format Format
}{{"long", Long}, {"short", Short}, {"binary", Binary}}

// Our files are those that Praat saves, byte for byte.
func TestWriteAsPraat(t *testing.T) {
	for _, name := range []string{"ascii", "unicode"} {
		for form, path := range map[Format]string{Long: "long.utf8", Short: "short.utf8", Binary: "binary"} {
			path = filepath.Join("testdata", "praat", name+"."+path+".TextGrid")
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			grid, err := ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(mustWrite(t, grid, form))); d != "" {
				t.Errorf("%s (-Praat +ours):\n%s", path, d)
			}
		}
	}
}

// odd holds what is hard to write.
func odd() *TextGrid {
	return &TextGrid{Start: math.Copysign(0, -1), End: 1e22, Tiers: []Tier{
		{Name: `"`, End: 1, Intervals: []Interval{
			{Start: math.SmallestNonzeroFloat64, End: 1e-7, Label: `""`},
			{Start: 1e-7, End: 0.30000000000000004, Label: "\n \t\n"},
			{Start: 0.30000000000000004, End: math.MaxFloat64, Label: "ʃ 日本 😀 \ufeff"},
			{Start: 5, End: -5, Label: `! <exists> 5`},
		}},
		{Name: "", Start: 1, End: -1},
		{Name: "same", Kind: TextTier, Points: []Point{{Time: 3}, {Time: 1. / 3, Label: `a"b"`}}},
		{Name: "same", Kind: TextTier},
		{Name: "long", Intervals: []Interval{{Label: strings.Repeat("é", longestBinary)}, {Label: strings.Repeat("e", longestBinary)}}},
	}}
}

func TestReadWhatWasWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		grid *TextGrid
	}{{"sample", sample()}, {"odd", odd()}, {"nothing", &TextGrid{}}, {"LibriSpeech", librispeechSize(3)}} {
		for _, form := range formats {
			file := mustWrite(t, c.grid, form.format)
			got, err := Read(bytes.NewReader(file), "x")
			if err != nil {
				t.Errorf("%s %s: %v", c.name, form.name, err)
				continue
			}
			if d := cmp.Diff(c.grid, got, content); d != "" {
				t.Errorf("%s %s (-want +got):\n%s", c.name, form.name, d)
			}
			if math.Signbit(got.Start) != math.Signbit(c.grid.Start) {
				t.Errorf("%s %s: start %v became %v", c.name, form.name, c.grid.Start, got.Start)
			}
		}
	}
}

func TestWriteNumbers(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {1, "1"}, {0.30000000000000004, "0.30000000000000004"}, {12.5, "12.5"},
		{1e-7, "0.0000001"}, {86400, "86400"}, {1e21, "1000000000000000000000"}, {-1.5e300, "-1.5e+300"}, {math.SmallestNonzeroFloat64, "5e-324"},
	} {
		if got := string(appendTime(nil, "", c.v, "")); got != c.want {
			t.Errorf("%v is written %s, want %s", c.v, got, c.want)
		}
	}
}

func TestWriteLineEnds(t *testing.T) {
	grid := &TextGrid{Tiers: []Tier{{Name: "a\r\nb\rc\n\r\nd"}}}
	for _, form := range formats {
		got, err := Read(bytes.NewReader(mustWrite(t, grid, form.format)), "x")
		if err != nil {
			t.Fatal(err)
		}
		if want := "a\nb\nc\n\nd"; got.Tiers[0].Name != want {
			t.Errorf("%s: name %q, want %q", form.name, got.Tiers[0].Name, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	interval := func(v Interval) *TextGrid {
		return &TextGrid{Tiers: []Tier{{Name: "w", Intervals: []Interval{v}}}}
	}
	for _, c := range []struct {
		name   string
		grid   *TextGrid
		format Format
		want   string
	}{
		{"format", &TextGrid{}, 7, "textgrid: unknown format 7; use Long, Short or Binary"},
		{"grid not finite", &TextGrid{End: math.Inf(1)}, Long, "textgrid: the TextGrid from 0 to +Inf s: times must be finite"},
		{"tier not finite", &TextGrid{Tiers: []Tier{{Name: "w", Start: math.NaN()}}}, Long, `textgrid: tier 1 "w" from NaN to 0 s: times must be finite`},
		{"interval not finite", interval(Interval{End: math.Inf(-1)}), Short, `textgrid: interval 1 of tier 1 "w" from 0 to -Inf s: times must be finite`},
		{"point not finite", &TextGrid{Tiers: []Tier{{Kind: TextTier, Points: []Point{{Time: math.NaN()}}}}}, Binary, `textgrid: point 1 of tier 1 "" at NaN s: times must be finite`},
		{"label not UTF-8", interval(Interval{Label: "caf\xe9"}), Long, `textgrid: label of interval 1 of tier 1 "w": "caf\xe9" is not UTF-8`},
		{"label with NUL", interval(Interval{Label: "a\x00"}), Long, `textgrid: label of interval 1 of tier 1 "w": "a\x00" has a NUL character, which Praat cannot read`},
		{"mark with NUL", &TextGrid{Tiers: []Tier{{Kind: TextTier, Points: []Point{{Label: "\x00"}}}}}, Binary, `textgrid: label of point 1 of tier 1 "": "\x00" has a NUL character, which Praat cannot read`},
		{"name not UTF-8", &TextGrid{Tiers: []Tier{{Name: "\xff"}}}, Long, `textgrid: name of tier 1 "\xff": "\xff" is not UTF-8`},
		{"long label in binary", interval(Interval{Label: strings.Repeat("é", 65535)}), Binary,
			`textgrid: label of interval 1 of tier 1 "w": "éééééééééééééééééééééééééééééé..." has 65535 characters, the binary form holds at most 65534; use a text form`},
		{"points in an IntervalTier", &TextGrid{Tiers: []Tier{{Points: []Point{{}}}}}, Long, `textgrid: tier 1 "" is an IntervalTier, but has points`},
		{"intervals in a TextTier", &TextGrid{Tiers: []Tier{{Kind: TextTier, Intervals: []Interval{{}}}}}, Long, `textgrid: tier 1 "" is a TextTier, but has intervals`},
		{"kind", &TextGrid{Tiers: []Tier{{Kind: 2}}}, Long, `textgrid: tier 1 "": unknown kind 2; use IntervalTier or TextTier`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			err := c.grid.Write(&b, c.format)
			if err == nil || err.Error() != c.want {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written", b.Len())
			}
		})
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteFailing(t *testing.T) {
	if err := sample().Write(full{}, Long); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
