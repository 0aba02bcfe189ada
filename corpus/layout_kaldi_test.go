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

// Channels count from 0, as in extract-segments; a channel or a stretch that the audio lacks is told by its header.
func TestKaldiSegmentStretch(t *testing.T) {
	root := kaldi(t) // both recordings are of 48000 samples, in two channels 24000
	two := filepath.Join(root, "wav", "two file.wav")
	for _, tt := range []struct {
		segment string
		first   int // value of the first sample
		err     string
	}{
		{segment: "rec2 0 1 0", first: 0},
		{segment: "rec2 0 1 1", first: 1},
		{segment: "rec2 0 1 A", first: 0},
		{segment: "rec2 0 1 b", first: 1},
		{segment: "rec1 1 2 0", first: 16000},
		{segment: "rec1 1 2 -1", first: 16000},
		{segment: "rec1 1 3.5", first: 16000}, // extract-segments allows half a second
		{segment: "rec2 0 1 2", err: two + ": channel 3 is asked for, the first being 1, and the audio has 2"},
		{segment: "rec1 0 1 1", err: "channel 2 is asked for, the first being 1, and the audio has 1"},
		{segment: "rec1 1 3.6", err: "utterance u: the range 1 s to 3.6 s is not inside the sound of 3.000 s"},
		{segment: "rec1 3 -1", err: "utterance u: the range 3 s to its end is not inside the sound of 3.000 s"},
	} {
		t.Run(tt.segment, func(t *testing.T) {
			write(t, filepath.Join(root, "segments"), "u "+tt.segment+"\n")
			write(t, filepath.Join(root, "text"), "u hello\n")
			write(t, filepath.Join(root, "words.ctm"), "u 1 0.1 0.3 hello\n")
			write(t, filepath.Join(root, "phones.ctm"), "")
			write(t, filepath.Join(root, "utt2spk"), "u s1\n")
			c := open(t, Spec{Layout: "kaldi", Root: root})
			u := &c.Utterances[0]
			info, err := c.AudioInfo(u)
			sound, audioErr := c.Audio(u)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || audioErr == nil {
					t.Errorf("errors %v and %v, want %q", err, audioErr, tt.err)
				}
				wantFindings(t, check(t, c, CheckOptions{}).Findings, "error bad-audio")
				return
			}
			if err != nil || audioErr != nil {
				t.Fatal(err, audioErr)
			}
			if want := float32(tt.first) / 32768; sound.Samples[0] != want || len(sound.Samples) != info.Samples {
				t.Errorf("%d samples, %d by the header, the first is %g, want %g", len(sound.Samples), info.Samples, sound.Samples[0], want)
			}
			wantFindings(t, check(t, c, CheckOptions{}).Findings)
		})
	}
	for _, bad := range []string{"rec1 0 1 C", "rec1 0 1 -2", "rec1 0 1 1.5", "rec1 0 1 mix", "rec1 -1 -1", "rec1 0 1 99999999999"} {
		if u, err := parseKaldiSegment("f", 1, "u", bad); err == nil {
			t.Errorf("%q: %+v", bad, u)
		}
	}
}

// reco2file_and_channel says which channel of a call a recording is, for its audio and for the words of a CTM file.
func TestKaldiSides(t *testing.T) {
	for _, tt := range []struct {
		name, ctm string
		words     string // of the first and the second recording
	}{
		{"lines of the recordings", "call-A 1 0.1 0.2 hello\ncall-B 1 0.4 0.2 yes\n", "hello|yes"},
		{"lines of the recordings, with their channels", "call-A A 0.1 0.2 hello\ncall-B B 0.4 0.2 yes\n", "hello|yes"},
		{"lines of the call", "call A 0.1 0.2 hello\ncall B 0.4 0.2 yes\ncall A 0.5 0.2 there\n", "hello there|yes"},
		{"lines of one side", "call 2 0.4 0.2 yes\n", "|yes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "call.wav"), wav(16000, 2, append([]int16{1, 2}, tone(32000, 16000)...)))
			write(t, filepath.Join(root, "mono.wav"), wav(16000, 1, tone(16000, 16000)))
			write(t, filepath.Join(root, "wav.scp"), "call-A call.wav\ncall-B call.wav\nmono mono.wav\nother mono.wav\n")
			write(t, filepath.Join(root, "reco2file_and_channel"), "call-A call A\ncall-B call B\nmono mono 2\nother other 0\n")
			write(t, filepath.Join(root, "text"), "call-A hello there\ncall-B yes\nmono tone\nother tone\n")
			write(t, filepath.Join(root, "words.ctm"), tt.ctm)
			c := open(t, Spec{Layout: "kaldi", Root: root})
			var faults []string
			for _, f := range c.Findings {
				if f.Severity == SeverityError {
					faults = append(faults, f.String())
				}
			}
			if want := filepath.Join(root, "reco2file_and_channel") + `:4: error: expected RECORDING FILE CHANNEL: a channel is A, B or a number from 1, found "0" [bad-transcript]`; len(faults) != 1 || faults[0] != want {
				t.Errorf("findings %q", faults)
			}
			var words []string
			for i, first := range []float32{1, 2} {
				u := &c.Utterances[i]
				if x, err := c.Audio(u); err != nil || x.Samples[0] != first/32768 {
					t.Errorf("audio of %s: %v", u.ID, err)
				}
				a, err := c.Align(u)
				if err != nil {
					a = &Alignment{}
				}
				words = append(words, join(a.Words))
			}
			if got := strings.Join(words, "|"); got != tt.words {
				t.Errorf("words %q, want %q", got, tt.words)
			}
			if _, err := c.Audio(&c.Utterances[2]); err != nil {
				t.Errorf("a side in a file of its own: %v", err)
			}
		})
	}
}
