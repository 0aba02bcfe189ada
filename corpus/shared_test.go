package corpus

import (
	"os"
	"strings"
	"testing"
)

// sharedData is a folder of real speech that lies next to a developer's checkout.
func sharedData(t *testing.T, path string) string {
	path = "../../shared/data/" + path
	if _, err := os.Stat(path); err != nil {
		t.Skip("shared data not found")
	}
	return path
}

// MFA's own test files: a TextGrid in the short form, and one with IPA phones.
func TestSharedMFA(t *testing.T) {
	c := open(t, Spec{Layout: "folder", Root: sharedData(t, "mfa")})
	r := check(t, c, CheckOptions{Audio: "full"})
	wantFindings(t, r.Findings, "warning missing-transcript", "warning words-against-text")
	if r.Utterances != 2 || r.Aligned != 2 || r.Words != 61 || r.Phones != 221 {
		t.Errorf("%+v", r)
	}
	if msg := r.Findings[1].Message; !strings.Contains(msg, `"word" at 21.48 s`) || r.Findings[1].Line != 187 {
		t.Errorf("%v", r.Findings[1])
	}
	a, err := c.Align(&c.Utterances[1])
	if err != nil || join(a.Words) != "montreal forced aligner" || a.Phones[1].Label != "ɑ" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestSharedLibriSpeech(t *testing.T) {
	c := open(t, Spec{Layout: "librispeech", Root: sharedData(t, "LibriSpeech"), Subset: "dev-clean"})
	r := check(t, c, CheckOptions{Audio: "full", LabelsOptional: true})
	wantFindings(t, r.Findings, "warning missing-alignment", "warning missing-alignment", "warning missing-speaker")
	if r.Utterances != 2 || len(r.Refused) != 0 || r.Seconds < 22 || r.Seconds > 22.5 {
		t.Errorf("%+v", r)
	}
}

// SPHERE and WAV of the same stereo samples.
func TestSharedSphere(t *testing.T) {
	dir := sharedData(t, "sphere")
	var sounds [2][]float32
	for i, name := range []string{"stereo.sph", "stereo.wav"} {
		content, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		c := soundCorpus(t, name, string(content), AudioSpec{Rate: 8000, Channel: "2"})
		x, err := c.Audio(&c.Utterances[0])
		if err != nil {
			t.Fatal(err)
		}
		sounds[i] = x.Samples
		c = soundCorpus(t, name, string(content), AudioSpec{})
		if _, err := c.Audio(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), "8000 Hz") || !strings.Contains(err.Error(), "2 channels") {
			t.Errorf("%s at 16 kHz: %v", name, err)
		}
	}
	if len(sounds[0]) == 0 || len(sounds[0]) != len(sounds[1]) {
		t.Fatalf("%d and %d samples", len(sounds[0]), len(sounds[1]))
	}
	for i := range sounds[0] {
		if sounds[0][i] != sounds[1][i] {
			t.Fatalf("sample %d differs", i)
		}
	}
}
