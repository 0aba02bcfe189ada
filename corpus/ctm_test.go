package corpus

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCTMErrors(t *testing.T) {
	for _, tt := range []struct{ ctm, want string }{
		{"s1-a 1 0.1 0.3\n", "words.ctm:1: expected ID CHANNEL START DURATION LABEL, found 4 fields"},
		{"x 1 0 1 a\ns1-a 1 zero 0.3 a\n", `words.ctm:2: expected the start in seconds, found "zero"`},
		{"s1-a 1 0 -1 a\n", `words.ctm:1: expected the duration in seconds, found "-1"`},
		{"s1-a 1 0 NaN a\n", `words.ctm:1: expected the duration in seconds, found "NaN"`},
		{"s1-a 1 1e300 1 a\n", `words.ctm:1: expected the start in seconds, found "1e300"`},
		{"s1-a 1 0 1 \xff\n", "words.ctm:1:12: text is not UTF-8"},
		{"s1-a 1 0 0.5 a\ns1-a 1 0.4 0.5 b\n", `words.ctm:2: word "b" starts at 0.4 s, before "a" ends at 0.5 s`},
		{"other 1 0 1 a\n", "no alignment for s1-a"},
		{strings.Repeat("x", maxLine+1<<17), "words.ctm:1: a line of more than"},
	} {
		root := kaldi(t)
		write(t, filepath.Join(root, "words.ctm"), tt.ctm)
		write(t, filepath.Join(root, "phones.ctm"), "")
		c := open(t, Spec{Layout: "kaldi", Root: root})
		if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: error %v, want %q", tt.ctm, err, tt.want)
		}
	}
}

func TestCTMSymbols(t *testing.T) {
	root := kaldi(t)
	write(t, filepath.Join(root, "phones.txt"), "HH_B one\n")
	c := open(t, Spec{Layout: "kaldi", Root: root})
	if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), `phones.txt:1: expected SYMBOL NUMBER, found "HH_B one"`) {
		t.Errorf("%v", err)
	}
	for phone, want := range map[string]string{"AH0_I": "AH0", "SIL": "SIL", "_B": "_B", "a_X": "a_X", "T_S": "T"} {
		if got := stripPosition(phone); got != want {
			t.Errorf("%s without its position is %s, want %s", phone, got, want)
		}
	}
}

func TestCTMInPieces(t *testing.T) {
	root := kaldi(t)
	write(t, filepath.Join(root, "words.ctm"), "s1-a 1 0 0.2 a\ns1-b 1 0 0.2 x\ns1-a 1 0.2 0.2 b\r\n\n;; end")
	c := open(t, Spec{Layout: "kaldi", Root: root})
	a, err := c.Align(&c.Utterances[0])
	if err != nil || len(a.Words) != 2 || a.Words[1].Label != "b" || a.Words[1].Line != 3 {
		t.Errorf("%+v %v", a, err)
	}
}

// spokenBy joins the labels of every utterance's tiers, or tells its error.
func spokenBy(c *Corpus) string {
	var out []string
	for i := range c.Utterances {
		u := &c.Utterances[i]
		a, err := c.Align(u)
		if err != nil {
			out = append(out, u.ID+": error")
			continue
		}
		out = append(out, u.ID+": "+strings.TrimSpace(join(a.Words)+" "+join(a.Phones)))
	}
	return strings.Join(out, ", ")
}

// A call of two sides with one CTM: the column of channels says who spoke, if it tells channels apart.
func TestCTMChannels(t *testing.T) {
	const segments = "call-A call 0 1 A\ncall-B call 0 -1 B\n"
	for _, tt := range []struct{ name, segments, channel, ctm, want string }{
		{"letters", segments, "", "call A 0.1 0.2 one\ncall B 0.3 0.2 two\n", "call-A: one, call-B: two"},
		{"numbers", segments, "", "call 1 0.1 0.2 one\ncall 2 0.3 0.2 two\n", "call-A: one, call-B: two"},
		{"numbers from 0", segments, "", "call 0 0.1 0.2 one\ncall 1 0.3 0.2 two\n", "call-A: one, call-B: two"},
		{"segments with numbers", "call-A call 0 1 0\ncall-B call 0 1 1\n", "", "call b 0.3 0.2 two\ncall a 0.1 0.2 one\n", "call-A: one, call-B: two"},
		{"one channel", segments, "", "call 1 0.1 0.2 one\ncall 1 0.3 0.2 two\n", "call-A: one two, call-B: one two"},
		{"a silent side", segments, "", "call A 0.1 0.2 one\nother B 0.3 0.2 two\n", "call-A: one, call-B: error"},
		{"lines of utterances", segments, "", "call-A 1 0.1 0.2 one\ncall-B 1 0.3 0.2 two\nother A 0 1 x\n", "call-A: one, call-B: two"},
		{"names that say nothing", segments, "", "call left 0.1 0.2 one\ncall right 0.3 0.2 two\n", "call-A: error, call-B: error"},
		{"no channel", "all call 0 1\n", "mix", "call A 0.1 0.2 one\ncall B 0.3 0.2 two\n", "all: one two"},
		{"the config's channel", "all call 0 1\n", "2", "call A 0.1 0.2 one\ncall B 0.3 0.2 two\n", "all: two"},
		{"whole recordings", "", "2", "call A 0.1 0.2 one\ncall B 0.3 0.2 two\n", "call: two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "call.wav"), wav(16000, 2, tone(32000, 16000)))
			write(t, filepath.Join(root, "wav.scp"), "call call.wav\n")
			if tt.segments != "" {
				write(t, filepath.Join(root, "segments"), tt.segments)
			}
			write(t, filepath.Join(root, "words.ctm"), tt.ctm)
			c := open(t, Spec{Layout: "kaldi", Root: root, Audio: AudioSpec{Channel: tt.channel}})
			if got := spokenBy(c); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			for _, f := range check(t, c, CheckOptions{}).Findings {
				if f.Kind == KindDuplicate {
					t.Errorf("two channels are no copies: %v", f)
				}
			}
		})
	}
}

// Labels are numbers of symbols where all of the file are, and only there.
func TestCTMNumbers(t *testing.T) {
	const sampa = "<eps> 0\nSIL 1\nSPN 2\nd 3\n2 4\nn 5\n9 6\nf 7\na 8\ni 9\n"
	for _, tt := range []struct{ name, labels, symbols, want string }{
		{"numbers", "1 3 9", sampa, "SIL d i"},
		{"SAMPA", "SIL d 2 n 9 f", sampa, "SIL d 2 n 9 f"},
		{"an empty table", "2 9", "", "2 9"},
		{"a number that no symbol has", "2 9 10", sampa, "error"},
		{"digits as words", "1 9 2", "<eps> 0\n0 1\n1 2\n2 3\n9 9\n", "1 9 2"},
		{"a list that is no table", "d n", "d\nn\n", "d n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := kaldi(t)
			write(t, filepath.Join(root, "segments"), "s1-a rec1 0 3\n")
			write(t, filepath.Join(root, "words.ctm"), "")
			var ctm strings.Builder
			for i, label := range strings.Fields(tt.labels) {
				ctm.WriteString("s1-a 1 0." + string('0'+rune(i)) + " 0.1 " + label + "\n")
			}
			write(t, filepath.Join(root, "phones.ctm"), ctm.String())
			write(t, filepath.Join(root, "phones.txt"), tt.symbols)
			c := open(t, Spec{Layout: "kaldi", Root: root})
			if got := spokenBy(c); got != "s1-a: "+tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// The ID of an utterance may be a recording's too. Lines with it count from the recording's beginning where the recording's
// other utterances have none of their own.
func TestCTMSharedID(t *testing.T) {
	for _, tt := range []struct{ name, segments, ctm, want string }{
		{"of the recording", "rec1 rec1 1 2\nrec1-b rec1 2 3\n", "rec1 1 1.1 0.2 one\nrec1 1 2.1 0.2 two\n", "rec1: one, rec1-b: two"},
		{"of the utterances", "rec1 rec1 1 2\nrec1-b rec1 2 3\n", "rec1 1 0.1 0.2 one\nrec1-b 1 0.1 0.2 two\n", "rec1: one, rec1-b: two"},
		{"of the utterances, one without", "rec1 rec1 1 2\nrec1-b rec1 2 3\nrec1-c rec1 1 3\n", "rec1 1 0.1 0.2 one\nrec1-b 1 0.1 0.2 two\n", "rec1: one, rec1-b: two, rec1-c: error"},
		{"alone", "rec1 rec1 1 2\n", "rec1 1 0.1 0.2 one\n", "rec1: one"},
		{"from 0 to the end", "u rec1 0 -1\n", "rec1 1 0.1 0.2 one\n", "u: one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := kaldi(t)
			write(t, filepath.Join(root, "segments"), tt.segments)
			write(t, filepath.Join(root, "words.ctm"), tt.ctm)
			write(t, filepath.Join(root, "phones.ctm"), "")
			c := open(t, Spec{Layout: "kaldi", Root: root})
			if got := spokenBy(c); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			for i := range c.Utterances {
				if a, err := c.Align(&c.Utterances[i]); err == nil && a.Words[0].From != 1600 {
					t.Errorf("%s: %+v", c.Utterances[i].ID, a.Words)
				}
			}
		})
	}
}

// TestCTMCounts: a file of which some recordings count channels from 0 and others from 1 leaves open which 1 is the first.
func TestCTMCounts(t *testing.T) {
	for ctm, wrong := range map[string]bool{
		"r 0 0 .1 x\nr 1 0 .1 y\nq 1 0 .1 z\n": false, "r 1 0 .1 x\nr 2 0 .1 y\n": false,
		"r 1 0 .1 x\nr 2 0 .1 y\nq 0 0 .1 z\n": true,
	} {
		_, err := indexCTM(strings.NewReader(ctm), "f.ctm")
		if (err != nil) != wrong || wrong && !strings.Contains(err.Error(), "the channels of q count from 0, those of r from 1") {
			t.Errorf("%q: %v", ctm, err)
		}
	}
}
