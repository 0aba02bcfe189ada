package corpus

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// alignGrid aligns one utterance, speaker spk, with that TextGrid.
func alignGrid(t *testing.T, s Spec, content string) (*Alignment, []Finding, error) {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "spk", "u.wav"), wav(16000, 1, tone(16000, 16000)))
	write(t, filepath.Join(root, "spk", "u.TextGrid"), content)
	s.Layout, s.Root = "folder", root
	c := open(t, s)
	_, findings := c.align(&c.Utterances[0])
	a, err := c.Align(&c.Utterances[0])
	return a, findings, err
}

func TestAlignTiers(t *testing.T) {
	one := func(name, label string) tier { return tier{name, labels(label, 1.)} }
	for _, tt := range []struct {
		name          string
		spec          TierNames
		tiers         []tier
		words, phones string // labels
		err           string
	}{
		{name: "usual", tiers: []tier{one("words", "w"), one("phones", "p")}, words: "w", phones: "p"},
		{name: "singular, case, order", tiers: []tier{one("Phone", "p"), one("WORD ", "w")}, words: "w", phones: "p"},
		{name: "words alone", tiers: []tier{one("words", "w"), one("notes", "n")}, words: "w"},
		{name: "phones alone", tiers: []tier{one("phones", "p")}, phones: "p"},
		{name: "one other speaker", tiers: []tier{one("x - words", "w"), one("x - phones", "p")}, words: "w", phones: "p"},
		{name: "own speaker", tiers: []tier{one("x - words", "1"), one("SPK - words", "2"), one("y - words", "3")}, words: "2"},
		{name: "plain first", tiers: []tier{one("spk - words", "1"), one("words", "2")}, words: "2"},
		{name: "two speakers, neither ours", tiers: []tier{one("x - words", "1"), one("y - words", "2")}, err: `2 tiers could be the words of speaker "spk"`},
		{name: "two of one name", tiers: []tier{one("words", "1"), one("words", "2")}, err: "2 tiers could be"},
		{name: "configured", spec: TierNames{"ort", "kan"}, tiers: []tier{one("words", "1"), one("ORT", "2"), one("x - kan", "3")}, words: "2", phones: "3"},
		{name: "configured, absent", spec: TierNames{Phones: "kan"}, tiers: []tier{one("words", "1")}, err: `no interval tier "kan": the interval tiers are "words"`},
		{name: "none", tiers: []tier{one("ort", "1")}, err: `the interval tiers are "ort"; name yours`},
		{name: "empty tier", tiers: []tier{{"words", nil}}, err: "empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, _, err := alignGrid(t, Spec{Tiers: tt.spec}, grid(1, tt.tiers...))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "u.TextGrid") {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if join(a.Words) != tt.words || join(a.Phones) != tt.phones {
				t.Errorf("words %q, phones %q; want %q, %q", join(a.Words), join(a.Phones), tt.words, tt.phones)
			}
		})
	}
}

func join(segments []Segment) string {
	var out []string
	for _, s := range segments {
		out = append(out, s.Label)
	}
	return strings.Join(out, " ")
}

func TestAlignTimes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tier  []Segment
		want  []string
		fails bool
	}{
		{"good", labels("a", .5, "b", 1.), nil, false},
		{"gap", []Segment{{Label: "a", End: .4}, {Label: "b", Start: .5, End: 1}}, []string{"warning gap"}, false},
		{"rounded", []Segment{{Label: "a", End: .5004}, {Label: "b", Start: .5, End: 1}}, nil, false},
		{"overlap", []Segment{{Label: "a", End: .6}, {Label: "b", Start: .5, End: 1}}, []string{"error overlap"}, true},
		{"reversed", []Segment{{Label: "a", End: .5}, {Label: "b", Start: .5, End: .4}}, []string{"error bad-times"}, true},
		{"negative", []Segment{{Label: "a", Start: -.1, End: .5}, {Label: "b", Start: .5, End: 1}}, []string{"error bad-times"}, true},
		{"no length", labels("a", .5, "b", .5, "c", 1.), []string{"warning zero-length"}, false},
		{"less than a sample", labels("a", .5, "b", .50001, "c", 1.), []string{"warning zero-length"}, false},
		{"far away", labels("a", 1e12), []string{"error unreadable"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, findings, err := alignGrid(t, Spec{}, grid(1, tier{"words", tt.tier}))
			if (err != nil) != tt.fails {
				t.Errorf("Align: %v", err)
			}
			// What textgrid refuses or notes by itself may come as another kind; here it must be told somehow.
			wantFindings(t, findings, tt.want...)
			for _, f := range findings {
				if f.Line == 0 || f.Utterance != "spk/u" {
					t.Errorf("finding without its place: %v", f)
				}
			}
		})
	}
}

func TestSilence(t *testing.T) {
	for _, label := range []string{"", " ", "sil", "SIL", "sp", "spn", "<eps>", "<sil>", "h#", "pau", "epi", "<p:>"} {
		if !IsSilence(label) || isWord(label) {
			t.Errorf("%q is not silence", label)
		}
	}
	for label, word := range map[string]bool{"<unk>": false, "[laughter]": false, "{NS}": false, "the": true, "silly": true, "<": true, strings.Repeat(" ", 50) + "x": true} {
		if IsSilence(label) || isWord(label) != word {
			t.Errorf("%q: silence %v, word %v", label, IsSilence(label), isWord(label))
		}
	}
	a, _, err := alignGrid(t, Spec{Silence: []string{"Breath"}}, grid(1, tier{"words", labels("BREATH", .2, "<unk>", .5, "x", 1.)}))
	if err != nil || !a.Words[0].Silent || a.Words[1].Silent || !a.Words[1].Noise || a.Words[2].Noise {
		t.Errorf("%+v %v", a, err)
	}
	silence := grid(1, tier{"words", labels("Silence", .5, "sil", 1.)}, tier{"phones", labels("S", .5, "silence", 1.)})
	if a, _, err = alignGrid(t, Spec{}, silence); err != nil || a.Words[0].Silent || !isWord("silence") || !a.Words[1].Silent || !a.Phones[1].Silent {
		t.Errorf("the word silence: %+v %v", a, err)
	}
	if a, _, err = alignGrid(t, Spec{Silence: []string{"silence"}}, silence); err != nil || !a.Words[0].Silent {
		t.Errorf("silence where the config says that it is: %+v %v", a, err)
	}
}

// Which labels of silence may be words, and what is noise, on both tiers.
func TestLabelRules(t *testing.T) {
	text := grid(1, tier{"words", labels("sil", .1, "pau", .2, "sp", .3, "{LG}", .4, "<noise>", .5, "noise", .6, "<eps>", .7, "{SL}", .8, "spn", .9, "h#", 1.)},
		tier{"phones", labels("sil", .1, "pau", .2, "sp", .3, "{LG}", .4, "<noise>", .5, "NOISE", .6, "[BR]", .7, "{SL}", .8, "spn", .9, " a", 1.)})
	kinds := func(segments []Segment) string {
		var b strings.Builder
		for _, s := range segments {
			b.WriteByte(map[[2]bool]byte{{true, false}: 's', {false, true}: 'n', {false, false}: '.'}[[2]bool{s.Silent, s.Noise}])
		}
		return b.String()
	}
	for _, tt := range []struct {
		silence       []string
		words, phones string
	}{
		{nil, "sssnn.ssss", "sssnnnnss."},
		{[]string{"SP"}, "..snn.ss.s", "sssnnnnss."},
		{[]string{"pau", "noise"}, ".s.nnsss.s", "sssnnsnss."},
	} {
		a, _, err := alignGrid(t, Spec{Silence: tt.silence}, text)
		if err != nil || kinds(a.Words) != tt.words || kinds(a.Phones) != tt.phones {
			t.Errorf("silence %v: words %s, want %s; phones %s, want %s; %v", tt.silence, kinds(a.Words), tt.words, kinds(a.Phones), tt.phones, err)
		}
	}

	root := t.TempDir()
	write(t, filepath.Join(root, "u.wav"), wav(16000, 1, tone(16000, 16000)))
	write(t, filepath.Join(root, "u.TextGrid"), text)
	write(t, filepath.Join(root, "u.lab"), "sil pau noise spn")
	r := check(t, open(t, Spec{Layout: "folder", Root: root, Silence: []string{"sp"}}), CheckOptions{})
	for as, want := range map[string]string{
		"silence": `words: 1 "<eps>", 1 "h#", 1 "sp", 1 "{sl}"; phones: 1 "pau", 1 "sil", 1 "sp", 1 "spn", 1 "{sl}"`,
		"noise":   `words: 1 "<noise>", 1 "{lg}"; phones: 1 "<noise>", 1 "[br]", 1 "noise", 1 "{lg}"`,
		"word":    `words: 1 "pau", 1 "sil", 1 "spn"`,
		"trimmed": `phones: 1 "a"`,
	} {
		if got := r.labelsAs(as); got != want {
			t.Errorf("as %s: %s, want %s", as, got, want)
		}
	}
	if r.Words != 4 || r.Phones != 1 {
		t.Errorf("%d words, %d phones", r.Words, r.Phones)
	}
}

func TestWithin(t *testing.T) {
	a := &Alignment{WordsFile: "f", Words: []Segment{{Label: "a", To: 16000, End: 1, Line: 7}, {Label: "", Silent: true, To: 20000}}}
	if err := a.Within(16000-320, 16000); err != nil {
		t.Error(err)
	}
	if err := a.Within(16000-321, 16000); err == nil || !strings.HasPrefix(err.Error(), `f:7: word "a" ends at 1 s, but the audio is 0.9799 s long`) {
		t.Errorf("%v", err)
	}
}

// Seconds become samples by rounding, in one place: 0.58 s at 16 kHz is 9280, although 0.58 * 16000 is 9279.999...
func TestSecondsToSamples(t *testing.T) {
	a, _, err := alignGrid(t, Spec{}, grid(2, tier{"words", labels("a", .06, "b", .14, "c", .58, "d", 1.16, "e", 1.3333, "f", 2.)}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{960, 2240, 9280, 18560, 21333, 32000} {
		if a.Words[i].To != want {
			t.Errorf("%g s is sample %d, want %d", a.Words[i].End, a.Words[i].To, want)
		}
	}
}

// isWord reports whether the label of a word tier names a word: false for silence and for what stands in brackets,
// like <unk> (MFA's word outside the dictionary), [laughter] or {noise}. In a word tier "silence" is a word like others.
func isWord(label string) bool {
	return (!IsSilence(label) || strings.EqualFold(label, "silence")) && !inBrackets(label)
}

// TestAlignBlanks: what can't be seen around a label is no part of it, in every kind of file.
func TestAlignBlanks(t *testing.T) {
	said := func(segments []Segment) string {
		var all []string
		for _, s := range segments {
			all = append(all, fmt.Sprintf("%s %v %v", s.Label, s.Silent, s.Noise))
		}
		return strings.Join(all, ", ")
	}
	const want = " true false, one false false, <unk> false true,  true false,  true false"
	a, findings, err := alignGrid(t, Spec{Silence: []string{"breath "}}, grid(1, tier{"\u200bwords\u00a0", labels("\n", .2, " one\u00a0\n", .4, "\t<unk>\u200b", .6, "\u00a0 \ufeff", .8, "\u3000\u2060", 1.)},
		tier{"phones", labels("sil\u200b", .2, "\u200eW", .4, "AH1\u00a0", .6, "\u00a0breath", .8, strings.Repeat(" ", 40), 1.)}))
	if err != nil || len(findings) > 0 || said(a.Words) != want {
		t.Errorf("TextGrid: %v, %v, words %q, want %q", err, findings, said(a.Words), want)
	} else if got := said(a.Phones); got != "sil true false, W false false, AH1 false false, breath true false,  true false" {
		t.Errorf("TextGrid: phones %q", got)
	}
	inner, _, err := alignGrid(t, Spec{}, grid(1, tier{"words", labels("New\u00a0York ", .5, "क\u094d\u200d", 1.)}))
	if err != nil || inner.Words[0].Label != "New\u00a0York" || inner.Words[1].Label != "क\u094d\u200d" {
		t.Errorf("blanks inside a label, and a joiner at its end, belong to it: %+v, %v", inner, err)
	}

	root := kaldi(t)
	write(t, filepath.Join(root, "words.ctm"), "s1-a 1 0 0.2 one\u00a0\ns1-a 1 0.2 0.2 <unk>\u200b\t\r\n")
	write(t, filepath.Join(root, "phones.ctm"), "s1-a 1 0 0.2 W_B\u200b\n")
	c := open(t, Spec{Layout: "kaldi", Root: root})
	if a, err := c.Align(&c.Utterances[0]); err != nil || said(a.Words) != "one false false, <unk> false true" || said(a.Phones) != "W false false" {
		t.Errorf("CTM: %+v, %v", a, err)
	}

	segments, err := parseTIMITLabels("f.wrd", "0 10 one\u00a0\n10 20 two\u200b \n")
	if err != nil || segments[0].Label != "one" || segments[1].Label != "two" {
		t.Errorf("TIMIT: %+v, %v", segments, err)
	}
	if _, err := parseTIMITLabels("f.wrd", "0 10 \u200b\n"); err == nil || !strings.Contains(err.Error(), "found no label") {
		t.Errorf("TIMIT, a label of no width: %v", err)
	}
}
