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
			"warning not-in-lexicon", "warning phones-against-lexicon", "warning word-against-lexicon"},
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
		for _, f := range r.Findings {
			if f.Kind != KindPronunciation || strings.Contains(f.Message, `5 of 5 phones are not those of the words: "one" is aligned as S IY K, and the lexicon has W AH1 N`) {
				continue
			}
			t.Errorf("%s", f.Message)
		}
	}
}

// TestFarWords: of a word type that is mostly aligned with other phones than the lexicon has, the number of places is told, the most
// frequent first; slips in a few places, words of two phones and reductions are not told.
func TestFarWords(t *testing.T) {
	lexicon, err := tokenizer.ReadLexicon(strings.NewReader("ONE W AH1 N\nTWO T UW1\nBASS B EY1 S\nLEAD L IY1 D\n"), "l.txt", tokenizer.LexiconOptions{})
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for i, said := range []string{"one=W,AH1,N two=T,UW1 bass=F,IH,SH lead=X,Y,Z", "One=Q,R,T two=X,Y bass=F,IH,SH lead=L,EH1,D", "one=W,AX,N two=T,UW1 bass=B,EY1,S lead=X,Y,Z", "lead=X,Y,Z one=W,AH1,N"} {
		var words, phones []Segment
		at := 0.0
		for _, pair := range strings.Fields(said) {
			word, list, _ := strings.Cut(pair, "=")
			from := at
			for _, p := range strings.Split(list, ",") {
				phones = append(phones, Segment{Label: p, Start: at, End: at + .25})
				at += .25
			}
			words = append(words, Segment{Label: word, Start: from, End: at})
		}
		base := root + "/" + string(rune('a'+i))
		write(t, base+".wav", wav(16000, 1, tone(int(at*16000), 16000-i)))
		write(t, base+".TextGrid", grid(at, tier{"words", words}, tier{"phones", phones}))
	}
	r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{Lexicon: lexicon})
	var got []string
	for _, f := range r.Findings {
		if f.Kind == KindFarWord {
			got = append(got, strings.TrimPrefix(f.String(), root+"/"))
		}
	}
	want := []string{
		`a.TextGrid:28: warning: "lead" is aligned as X Y Z, and the lexicon has L IY1 D; so or alike in 3 of the 4 places where the word is [word-against-lexicon]`,
		`a.TextGrid:24: warning: "bass" is aligned as F IH SH, and the lexicon has B EY1 S; so or alike in 2 of the 3 places where the word is [word-against-lexicon]`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
