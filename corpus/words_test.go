package corpus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// spokenWords makes the words of an alignment; "_" is silence.
func spokenWords(words string) []Segment {
	var out []Segment
	for i, w := range strings.Fields(words) {
		s := Segment{Index: i, Label: w}
		if w == "_" {
			s.Label, s.Silent = "", true
		}
		out = append(out, s)
	}
	return out
}

// fields are words as they stand between blanks.
func fields(text string) []Word {
	var out []Word
	for _, w := range strings.Fields(text) {
		out = append(out, Word{Text: w})
	}
	return out
}

func TestMatchWords(t *testing.T) {
	for _, tt := range []struct{ transcript, aligned, want string }{
		{"go do you hear", "_ go do _ you hear _", "[-1 0 1 -1 2 3 -1]"},
		{"GO DO YOU", "go do you", "[0 1 2]"},
		{"it’s O'CLOCK don't", "its o'clock don’t", "[0 1 2]"},
		{"itʼs", "it's", "[0]"},
		{"a b c d", "a c d", "[0 2 3]"},
		{"a c d", "a b c d", "[0 -1 1 2]"},
		{"a b c", "a x c", "[0 -1 2]"},
		{"the quilter's word", "the <unk> word", "[0 1 2]"},
		{"a twenty-one b", "a twenty one b", "[0 1 1 2]"},
		{"a every one b", "a everyone b", "[0 1 3]"},
		{"it's", "it 's", "[0 0]"},
		{"a state-of-the-art b", "a state of the art b", "[0 1 1 1 1 2]"},
		{"a state of the art b", "a state-of-the-art b", "[0 1 5]"},
		{"jack-in-the-box", "jack _ in the _ box", "[0 -1 0 0 -1 0]"},
		{"had had had", "had had", "[0 1]"},
		{"", "a _ b", "[-1 -1 -1]"},
		{"a b", "", "[]"},
		{"a b", "_ _", "[-1 -1]"},
		{"x y z", "p q r", "[-1 -1 -1]"},
		{"the cat", "<the> cat", "[-1 1]"},
		{"& a", "% a", "[-1 1]"},
		{"(the) cat", "the (cat)", "[0 1]"},
		{"a b c d e f", "b c d e f g", "[1 2 3 4 5 -1]"},
		{"one two three", "one <unk> two three", "[0 -1 1 2]"},
		{"ÉTÉ déjà", "été DÉJÀ", "[0 1]"},
	} {
		if got := fmt.Sprint(MatchWords(fields(tt.transcript), spokenWords(tt.aligned))); got != tt.want {
			t.Errorf("%q against %q: %s, want %s", tt.transcript, tt.aligned, got, tt.want)
		}
	}
}

func TestUnaligned(t *testing.T) {
	for _, tt := range []struct{ transcript, aligned, want string }{
		{"a b c", "a b c", "[]"},
		{"a b c", "_ b", "[0 2]"},
		{"a every one b", "a everyone b", "[]"},
		{"twenty-one b", "twenty one", "[1]"},
		{"the quilter's", "the <unk>", "[]"},
	} {
		words, tier := fields(tt.transcript), spokenWords(tt.aligned)
		if got := fmt.Sprint(Unaligned(words, tier, MatchWords(words, tier))); got != tt.want {
			t.Errorf("%q against %q: %s, want %s", tt.transcript, tt.aligned, got, tt.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ transcript, aligned, want string }{
		{"“Hello,” said Anna.", "hello _ said anna", "Hello||said|Anna"},
		{"It's O’Clock!", "its o'clock", "It's|O’Clock"},
		{"It’s", "it 's", "It|’s"},
		{"a well-known “twenty-one”", "a well known twentyone", "a|well|known|twenty-one"},
		{"every one, too", "everyone too", "every one|too"},
		{"L’homme d'été", "l' homme d été", "L’|homme|d|été"},
		{"L’e\u0301te\u0301 x", "l’ été x", "L’|e\u0301te\u0301|x"},
		{"state-of-the-art", "state of _ the art", "state|of||the|art"},
		{"a state of, the art", "a state-of-the-art", "a|state of, the art"},
		{"the quilter's word", "the <unk> bird", "the|quilter's|"},
	} {
		words, tier := SplitWords(tt.transcript), spokenWords(tt.aligned)
		var got []string
		for _, p := range Places(words, tier, MatchWords(words, tier)) {
			got = append(got, string([]rune(tt.transcript)[p[0]:p[1]]))
		}
		if got := strings.Join(got, "|"); got != tt.want {
			t.Errorf("%q against %q: %s, want %s", tt.transcript, tt.aligned, got, tt.want)
		}
	}
}

// A matched pair is always equal, split, joined or <unk>, and indices never go down.
func TestMatchWordsProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := []string{"a", "b", "ab", "c", "a-b", "<unk>", "ba"}
	for range 2000 {
		var text []Word
		var tier []Segment
		for range r.IntN(12) {
			text = append(text, Word{Text: vocabulary[r.IntN(5)]})
		}
		for range r.IntN(12) {
			w := vocabulary[r.IntN(len(vocabulary))]
			tier = append(tier, Segment{Label: w, Silent: r.IntN(5) == 0})
		}
		last := 0
		match := MatchWords(text, tier)
		for i, m := range match {
			if m < 0 {
				continue
			}
			k, w := transcriptKey(tier[i].Label), transcriptKey(text[m].Text)
			ok := k == w || k == "<unk>" ||
				joined(text[m:], tier[i].Label) > 1 ||
				len(k) < len(w) && strings.Contains(w, k)
			if !ok || m < last || tier[i].Silent {
				t.Fatalf("%v against %v: %v", text, tier, match)
			}
			last = m
		}
	}
}

// In a table that is too large only a band is searched; what differs little is matched as in the whole table.
func TestMatchWordsInABand(t *testing.T) {
	var text []Word
	var tier []Segment
	var spoken []int
	for i := range 1500 {
		w := fmt.Sprintf("w%d", i)
		if i%100 != 7 {
			text = append(text, Word{Text: w})
		}
		if i%90 != 3 {
			spoken = append(spoken, len(tier))
			tier = append(tier, Segment{Label: w})
		}
	}
	want := MatchWords(text, tier)
	if n := len(want) - len(slices.DeleteFunc(slices.Clone(want), func(m int) bool { return m < 0 })); n > 16 {
		t.Fatalf("%d words are not matched", n)
	}
	for _, cells := range []int{1 << 20, 1 << 18, 1 << 17} {
		if got := newMatcher(text, tier, spoken).run(cells); !slices.Equal(got, want) {
			t.Errorf("with %d cells the match differs", cells)
		}
	}
	// However narrow, it ends and gives pairs of equal words.
	for j, i := range newMatcher(text, tier, spoken).run(1) {
		if i >= 0 && text[i].Text != tier[j].Label {
			t.Fatalf("%q is matched with %q", tier[j].Label, text[i].Text)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string]string{
		"She had your dark suit, in greasy wash water all year.": "She had your dark suit in greasy wash water all year",
		"BOYS' 'TIS QUILTER'S":        "BOYS' 'TIS QUILTER'S",
		"'hello' ‘there’":             "hello there",
		"twenty-one - pick-up -- now": "twenty-one pick-up now",
		"night—and day… \"yes\" (no)": "night and day yes no",
		"<unk> [laughter] a":          "<unk> [laughter] a",
		"  ":                          "",
		"ʼ itʼs ʼʼ":                   "itʼs",
		"été, ça":                     "été ça",
		"a--b---c-":                   "a b c",
		"‘«ça»’ “d’été”":              "ça d’été",
	} {
		var got []string
		for _, w := range SplitWords(text) {
			if got = append(got, w.Text); w.Text != string([]rune(text)[w.From:w.To()]) {
				t.Errorf("%q: %q does not stand at %d", text, w.Text, w.From)
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkMatchWords(b *testing.B) {
	text := fields(strings.Repeat("the quick brown fox jumps ", 7))
	tier := spokenWords("_ " + strings.Replace(strings.Repeat("the quick brown fox jumps ", 7), "brown", "blown", 3) + " _")
	for b.Loop() {
		MatchWords(text, tier)
	}
}

func BenchmarkMatchWordsLong(b *testing.B) {
	text := make([]Word, 8000)
	tier := make([]Segment, 8000)
	for i := range text {
		text[i].Text, tier[i].Label = fmt.Sprint("a", i%97), fmt.Sprint("a", i%89)
	}
	for b.Loop() {
		MatchWords(text, tier)
	}
	b.ReportMetric(float64(len(text)*len(tier))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mcells/s")
}
