package corpus

import (
	"strings"
	"testing"

	"speechsim/tokenizer"
)

const threeWords = "ONE  W AH1 N\nONE(1)  W AH0 N\nTWO  T UW1\n"

func TestPhonesOf(t *testing.T) {
	a, _, err := alignGrid(t, Spec{}, grid(1.5, tier{"words", labels("", .2, "one", .6, "two", 1.2, "", 1.5)},
		tier{"phones", labels("", .2, "W", .3, "AH1", .4, "", .5, "N", .65, "T", .9, "UW1", 1.2, "", 1.5)}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "W AH1 N", "T UW1", ""} {
		if got := strings.Join(a.PhonesOf(&a.Words[i]), " "); got != want {
			t.Errorf("word %d has the phones %q, want %q", i, got, want)
		}
	}
}

// TestCheckLexicon: words without a pronunciation are listed, and phones of other words or of another set are found.
func TestCheckLexicon(t *testing.T) {
	lexicon, err := tokenizer.ReadLexicon(strings.NewReader(threeWords), "l.txt", tokenizer.LexiconOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for phones, want := range map[string][]string{
		"w ah n t uw":  {"warning not-in-lexicon"},
		"W AA M T UW1": {"warning not-in-phone-tier", "warning not-in-phone-tier", "warning not-in-lexicon"}, // slips stay
		"S IY K L IH": {"warning not-in-phone-tier", "warning not-in-phone-tier", "warning not-in-phone-tier", "warning not-in-phone-tier", "warning not-in-phone-tier",
			"warning not-in-lexicon", "warning phones-against-lexicon"},
	} {
		p := strings.Fields(phones)
		content := grid(1.5, tier{"words", labels("", .2, "one", .6, "two", 1.2, "Three", 1.4, "", 1.5)},
			tier{"phones", labels("", .2, p[0], .3, p[1], .4, p[2], .6, p[3], .9, p[4], 1.2, "TH", 1.4, "", 1.5)})
		root := t.TempDir()
		write(t, root+"/a.wav", wav(16000, 1, tone(24000, 16000)))
		write(t, root+"/a.lab", "one two three")
		write(t, root+"/a.TextGrid", content)
		r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{Lexicon: lexicon})
		wantFindings(t, r.Findings, want...)
		if *r.Pronounced != 2 {
			t.Errorf("%d types have a pronunciation", *r.Pronounced)
		}
		if f := r.Findings[0]; f.Kind == KindUnheard && !strings.Contains(f.Message, `which the lexicon has in "one": W AH1 N`) {
			t.Errorf("%s", f.Message)
		}
		if f := r.Findings[len(want)-1]; f.Kind == KindPronunciation && !strings.Contains(f.Message, `5 of 5 phones are not those of the words: "one" is aligned as S IY K, and the lexicon has W AH1 N`) {
			t.Errorf("%s", f.Message)
		}
	}
}
