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

func TestMatchWords(t *testing.T) {
	for _, tt := range []struct{ transcript, aligned, want string }{
		{"go do you hear", "_ go do _ you hear _", "[-1 0 1 -1 2 3 -1]"},
		{"GO DO YOU", "go do you", "[0 1 2]"},
		{"it’s O'CLOCK don't", "its o'clock don’t", "[0 1 2]"},
		{"a b c d", "a c d", "[0 2 3]"},
		{"a c d", "a b c d", "[0 -1 1 2]"},
		{"a b c", "a x c", "[0 -1 2]"},
		{"the quilter's word", "the <unk> word", "[0 1 2]"},
		{"a twenty-one b", "a twenty one b", "[0 1 1 2]"},
		{"a every one b", "a everyone b", "[0 1 3]"},
		{"it's", "it 's", "[0 0]"},
		{"had had had", "had had", "[0 1]"},
		{"", "a _ b", "[-1 -1 -1]"},
		{"a b", "", "[]"},
		{"a b", "_ _", "[-1 -1]"},
		{"x y z", "p q r", "[-1 -1 -1]"},
		{"the cat", "<the> cat", "[-1 1]"},
		{"& a", "% a", "[-1 1]"},
		{"a b c d e f", "b c d e f g", "[1 2 3 4 5 -1]"},
		{"one two three", "one <unk> two three", "[0 -1 1 2]"},
		{"ÉTÉ déjà", "été DÉJÀ", "[0 1]"},
	} {
		if got := fmt.Sprint(MatchWords(strings.Fields(tt.transcript), spokenWords(tt.aligned))); got != tt.want {
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
		words, tier := strings.Fields(tt.transcript), spokenWords(tt.aligned)
		if got := fmt.Sprint(Unaligned(words, tier, MatchWords(words, tier))); got != tt.want {
			t.Errorf("%q against %q: %s, want %s", tt.transcript, tt.aligned, got, tt.want)
		}
	}
}

// A matched pair is always equal, split, joined or <unk>, and indices never go down.
func TestMatchWordsProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := []string{"a", "b", "ab", "c", "a-b", "<unk>", "ba"}
	for range 2000 {
		var text []string
		var tier []Segment
		for range r.IntN(12) {
			text = append(text, vocabulary[r.IntN(5)])
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
			k, w := transcriptKey(tier[i].Label), transcriptKey(text[m])
			ok := k == w || k == "<unk>" ||
				m+1 < len(text) && joined(k, w, transcriptKey(text[m+1])) ||
				len(k) < len(w) && (strings.HasPrefix(w, k) || strings.HasSuffix(w, k))
			if !ok || m < last || tier[i].Silent {
				t.Fatalf("%v against %v: %v", text, tier, match)
			}
			last = m
		}
	}
}

// In a table that is too large only a band is searched; what differs little is matched as in the whole table.
func TestMatchWordsInABand(t *testing.T) {
	var text []string
	var tier []Segment
	var spoken []int
	for i := range 1500 {
		w := fmt.Sprintf("w%d", i)
		if i%100 != 7 {
			text = append(text, w)
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
		if i >= 0 && text[i] != tier[j].Label {
			t.Fatalf("%q is matched with %q", tier[j].Label, text[i])
		}
	}
}

func TestTranscriptWords(t *testing.T) {
	for text, want := range map[string]string{
		"She had your dark suit, in greasy wash water all year.": "She had your dark suit in greasy wash water all year",
		"BOYS' 'TIS QUILTER'S":        "BOYS' 'TIS QUILTER'S",
		"'hello' ‘there’":             "hello there",
		"twenty-one - pick-up -- now": "twenty-one pick-up now",
		"night—and day… \"yes\" (no)": "night and day yes (no)",
		"<unk> [laughter] a":          "<unk> [laughter] a",
		"  ":                          "",
		"été, ça":                     "été ça",
		"a--b":                        "a b",
	} {
		if got := strings.Join(splitWords(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkMatchWords(b *testing.B) {
	text := strings.Fields(strings.Repeat("the quick brown fox jumps ", 7))
	tier := spokenWords("_ " + strings.Replace(strings.Repeat("the quick brown fox jumps ", 7), "brown", "blown", 3) + " _")
	for b.Loop() {
		MatchWords(text, tier)
	}
}

func BenchmarkMatchWordsLong(b *testing.B) {
	text := make([]string, 8000)
	tier := make([]Segment, 8000)
	for i := range text {
		text[i], tier[i].Label = fmt.Sprint("a", i%97), fmt.Sprint("a", i%89)
	}
	for b.Loop() {
		MatchWords(text, tier)
	}
	b.ReportMetric(float64(len(text)*len(tier))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mcells/s")
}
