package corpus

import (
	"path/filepath"
	"strings"
	"testing"
)

// kaldi makes a data directory: recording rec1 with two segments, rec2 with one to its end.
func kaldi(t testing.TB) string {
	root := t.TempDir()
	sound := tone(48000, 16000)
	for i := range sound {
		sound[i] = int16(i % 30000)
	}
	write(t, filepath.Join(root, "wav", "one.wav"), wav(16000, 1, sound))
	write(t, filepath.Join(root, "wav", "two file.wav"), wav(16000, 2, sound))
	write(t, filepath.Join(root, "wav.scp"), "rec1 wav/one.wav\nrec2 "+filepath.Join(root, "wav", "two file.wav")+"\n")
	write(t, filepath.Join(root, "segments"), "s1-a rec1 0.5 1.5\ns1-b rec1 1.5 2.5\ns2-a rec2 1 -1 B\n")
	write(t, filepath.Join(root, "text"), "s1-a hello world\ns1-b again\ns2-a bye\n")
	write(t, filepath.Join(root, "utt2spk"), "s1-a s1\ns1-b s1\ns2-a s2\n")
	write(t, filepath.Join(root, "spk2gender"), "s1 f\ns2 m\n")
	write(t, filepath.Join(root, "words.ctm"), ";; made by hand\ns1-a 1 0.10 0.30 hello\ns1-a 1 0.40 0.50 world 0.99\nrec2 1 0.20 0.50 before\nrec2 1 1.20 0.30 bye\ns1-b 1 0.00 0.50 again\n")
	write(t, filepath.Join(root, "phones.ctm"), "s1-a 1 0.10 0.10 1\ns1-a 1 0.20 0.20 2\ns1-a 1 0.40 0.50 3\n")
	write(t, filepath.Join(root, "phones.txt"), "<eps> 0\nHH_B 1\nL_E 2\nW_S 3\n")
	return root
}

func TestKaldi(t *testing.T) {
	c := open(t, Spec{Layout: "kaldi", Root: kaldi(t)})
	wantFindings(t, c.Findings)
	if got := ids(c); got != "s1-a s1-b s2-a" {
		t.Fatalf("IDs %q", got)
	}
	u := &c.Utterances[0]
	if u.Speaker != "s1" || u.Sex != "F" || u.Text != "hello world" || u.From != .5 || u.To != 1.5 || u.Recording != "rec1" {
		t.Errorf("%+v", u)
	}
	x, err := c.Audio(u)
	if err != nil || len(x.Samples) != 16000 || x.Samples[0] != 8000./32768 {
		t.Fatalf("Audio: %v", err)
	}
	if info, err := c.AudioInfo(u); err != nil || info.Samples != 16000 {
		t.Errorf("AudioInfo: %+v %v", info, err)
	}
	a, err := c.Align(u)
	if err != nil || len(a.Words) != 2 || a.Words[1].Label != "world" || a.Words[1].From != 6400 || a.Words[1].To != 14400 || a.Words[1].Line != 3 {
		t.Errorf("Align: %+v %v", a, err)
	}
	if len(a.Phones) != 3 || a.Phones[0].Label != "HH" || a.Phones[2].Label != "W" {
		t.Errorf("phones %+v", a.Phones)
	}
	// s2-a: words under the recording's ID, the second channel, up to the end.
	u = &c.Utterances[2]
	if a, err := c.Align(u); err != nil || len(a.Words) != 1 || a.Words[0].From != 3200 || a.Words[0].Label != "bye" {
		t.Errorf("Align by recording: %+v %v", a, err)
	}
	if x, err := c.Audio(u); err != nil || len(x.Samples) != 8000 || x.Samples[0] != 2001./32768 {
		t.Errorf("Audio of channel B: %v", err)
	}
	if _, err := c.Align(&c.Utterances[1]); err != nil {
		t.Error(err)
	}
}

// TestCTMWithMark: the byte order mark is no part of the first ID.
func TestCTMWithMark(t *testing.T) {
	root := kaldi(t)
	write(t, filepath.Join(root, "words.ctm"), "\ufeffs1-a 1 0.10 0.30 hello\n")
	c := open(t, Spec{Layout: "kaldi", Root: root})
	if a, err := c.Align(&c.Utterances[0]); err != nil || len(a.Words) != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

func TestKaldiWhole(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "exp", "a.wav"), wav(16000, 1, tone(1600, 16000)))
	write(t, filepath.Join(root, "data", "wav.scp"), "a exp/a.wav\n")
	s := Spec{Layout: "kaldi", Root: filepath.Join(root, "data"), AudioRoot: root}
	c := open(t, s)
	wantFindings(t, c.Findings, "warning missing-speaker", "warning missing-transcript", "warning missing-speaker")
	if u := c.Utterances[0]; u.ID != "a" || u.Group != "a" || !u.whole() {
		t.Errorf("%+v", u)
	}
	if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), "words.ctm") {
		t.Errorf("Align without CTM: %v", err)
	}
	s.AudioRoot = ""
	openError(t, s, "no usable utterance", "relative paths start from "+s.Root)
	s.Alignments = root
	s.AudioRoot = root
	openError(t, s, "no words.ctm and no phones.ctm")
	openError(t, Spec{Layout: "kaldi", Root: root}, "wav.scp", "be found")
}

func TestKaldiFindings(t *testing.T) {
	root := kaldi(t)
	write(t, filepath.Join(root, "wav.scp"), "rec1 wav/one.wav\nrec2 sph2pipe -f wav x.sph |\nrec3 raw.ark:1234\nrec4 wav\nrec1 wav/one.wav\nrec5\nrec6 wav/gone.wav\n")
	write(t, filepath.Join(root, "segments"), "a rec1 0 1\nb rec1 1 1\nc rec1 x 2\nd rec2 0 1\ne rec1 0\nf rec1 0 1 C\ng rec9 0 1\nh rec1 1 2\n")
	write(t, filepath.Join(root, "text"), "a one\nz nowhere\nd text\n")
	write(t, filepath.Join(root, "utt2spk"), "a s1\n")
	c := open(t, Spec{Layout: "kaldi", Root: root})
	if got := ids(c); got != "a h" {
		t.Errorf("IDs %q", got)
	}
	var kinds []string
	for _, f := range c.Findings {
		kinds = append(kinds, filepath.Base(f.File)+":"+string('0'+rune(f.Line))+" "+string(f.Kind))
	}
	want := "segments:2 bad-times,segments:3 bad-times,segments:4 missing-audio,segments:5 bad-times,segments:6 bad-times,segments:7 missing-audio," +
		"text:0 missing-transcript,text:2 missing-audio,utt2spk:0 missing-speaker," +
		"wav.scp:2 refused-path,wav.scp:3 refused-path,wav.scp:4 refused-path,wav.scp:5 duplicate,wav.scp:6 bad-transcript,wav.scp:7 missing-audio"
	if got := strings.Join(kinds, ","); got != want {
		t.Errorf("findings\n%s, want\n%s", got, want)
	}
}

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
