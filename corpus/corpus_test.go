package corpus

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file, and the folders above it.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// tone is n samples of a 440 Hz sine, as 16-bit integers.
func tone(n, rate int) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
	}
	return x
}

// wav is a RIFF file of interleaved 16-bit samples.
func wav(rate, channels int, x []int16) string {
	b := []byte("RIFF....WAVEfmt ")
	le := binary.LittleEndian
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*2))
	b = le.AppendUint16(b, uint16(channels*2))
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*len(x)))
	for _, v := range x {
		b = le.AppendUint16(b, uint16(v))
	}
	le.PutUint32(b[4:], uint32(len(b)-8))
	return string(b)
}

// sphere is a NIST SPHERE file of 16-bit samples, as on TIMIT's disc.
func sphere(rate int, x []int16) string {
	h := fmt.Sprintf("NIST_1A\n   1024\nsample_count -i %d\nsample_rate -i %d\nchannel_count -i 1\nsample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\nend_head\n", len(x), rate)
	b := []byte(h + strings.Repeat(" ", 1024-len(h)))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return string(b)
}

// tier is a tier of a TextGrid made by hand.
type tier struct {
	name      string
	intervals []Segment // Start, End, Label
}

// grid writes a TextGrid in the long text form.
func grid(end float64, tiers ...tier) string {
	var b strings.Builder
	fmt.Fprintf(&b, "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = %v\ntiers? <exists>\nsize = %d\nitem []:\n", end, len(tiers))
	for i, t := range tiers {
		fmt.Fprintf(&b, "    item [%d]:\n        class = \"IntervalTier\"\n        name = \"%s\"\n        xmin = 0\n        xmax = %v\n        intervals: size = %d\n", i+1, t.name, end, len(t.intervals))
		for j, s := range t.intervals {
			fmt.Fprintf(&b, "        intervals [%d]:\n            xmin = %v\n            xmax = %v\n            text = \"%s\"\n", j+1, s.Start, s.End, s.Label)
		}
	}
	return b.String()
}

// labels makes gapless segments: label, end, label, end, ...
func labels(pairs ...any) []Segment {
	var out []Segment
	at := 0.0
	for i := 0; i < len(pairs); i += 2 {
		end := pairs[i+1].(float64)
		out = append(out, Segment{Index: len(out), Label: pairs[i].(string), Start: at, End: end})
		at = end
	}
	return out
}

// open opens a corpus or fails the test.
func open(t testing.TB, s Spec) *Corpus {
	t.Helper()
	c, err := Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openError opens a corpus that can't be opened, and wants the parts in the message.
func openError(t testing.TB, s Spec, parts ...string) {
	t.Helper()
	_, err := Open(context.Background(), s)
	if err == nil {
		t.Fatal("Open succeeded, expected an error")
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not have %q", err, p)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has more than one line: %q", err)
	}
}

func ids(c *Corpus) string {
	var out []string
	for _, u := range c.Utterances {
		out = append(out, u.ID)
	}
	return strings.Join(out, " ")
}

// wantFindings compares the findings, as "severity kind", with the wanted ones.
func wantFindings(t testing.TB, got []Finding, want ...string) {
	t.Helper()
	var list []string
	for _, f := range got {
		list = append(list, string(f.Severity)+" "+string(f.Kind))
	}
	if strings.Join(list, "\n") != strings.Join(want, "\n") {
		var full strings.Builder
		for _, f := range got {
			fmt.Fprintf(&full, "\n\t%v", f)
		}
		t.Errorf("findings %q, want %q:%s", list, want, full.String())
	}
}

// link makes a symbolic link.
func link(t testing.TB, to, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

func TestDefault(t *testing.T) {
	for _, layout := range Layouts() {
		s := Default(layout)
		if s.Layout != layout || !s.SA || s.Audio.Rate != 16000 || s.Audio.Resample || s.Audio.Channel != "" {
			t.Errorf("%+v", s)
		}
	}
}

// What Open finds does not depend on anything but the files: twice the same, sorted, and every ID once.
func TestOpenIsDeterministic(t *testing.T) {
	root, _ := faulty(t)
	for _, s := range []Spec{
		{Layout: "librispeech", Root: libriSpeech(t)}, {Layout: "timit", Root: timit(t, true), SA: true},
		{Layout: "folder", Root: root}, {Layout: "kaldi", Root: kaldi(t)},
	} {
		first := open(t, s)
		for range 5 {
			c := open(t, s)
			if fmt.Sprint(c.Utterances) != fmt.Sprint(first.Utterances) || fmt.Sprint(c.Findings) != fmt.Sprint(first.Findings) {
				t.Errorf("%s: Open differs from one time to the next", s.Layout)
			}
		}
		for i := range first.Utterances {
			if u := &first.Utterances[i]; i > 0 && u.ID <= first.Utterances[i-1].ID || u.Group == "" {
				t.Errorf("%s: %s after %s", s.Layout, u.ID, first.Utterances[i-1].ID)
			}
		}
	}
}
