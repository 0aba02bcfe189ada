package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func check(t testing.TB, c *Corpus, o CheckOptions) *Report {
	t.Helper()
	r, err := c.Check(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// spoken is sound that is loud where the labels speak, moved by shift seconds, with a little noise elsewhere.
func spoken(seconds, shift float64, segments []Segment) []int16 {
	x := make([]int16, int(seconds*16000))
	for i := range x {
		x[i] = int16(i*7919%11 - 5)
	}
	for _, s := range segments {
		if s.Label == "" {
			continue
		}
		for i := int((s.Start + shift) * 16000); i < int((s.End+shift)*16000) && i < len(x); i++ {
			if i >= 0 {
				x[i] += int16(i*7907%9001 - 4500)
			}
		}
	}
	return x
}

// faulty makes a folder corpus with one fault a file, and returns the findings that should be there.
func faulty(t testing.TB) (root string, want []string) {
	root = t.TempDir()
	words := labels("", .2, "one", .6, "two", 1.2, "", 1.5)
	phones := labels("", .2, "W", .4, "AH", .6, "T", .9, "UW", 1.2, "", 1.5)
	add := func(name, lab, tg string, sound []int16, kinds ...string) {
		base := filepath.Join(root, "spk", name)
		write(t, base+".wav", wav(16000, 1, sound))
		write(t, base+".lab", lab)
		if tg != "" {
			write(t, base+".TextGrid", tg)
		}
		for _, k := range kinds {
			want = append(want, "spk/"+name+" "+k)
		}
	}
	good := spoken(1.5, 0, words)
	n := 0
	another := func() []int16 { // the same, but no duplicate
		n++
		x := slices.Clone(good)
		x[n] += 100
		return x
	}
	both := func(w, p []Segment) string { return grid(1.5, tier{"words", w}, tier{"phones", p}) }
	add("00-good", "One two", both(words, phones), good)
	add("01-copy", "One two", both(words, phones), good, "warning duplicate")
	add("02-unaligned", "one two", "", another(), "error missing-alignment")
	add("03-broken", "one two", "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nnonsense\n", another(), "error unreadable")
	add("04-overlap", "one two", both(labels("", .2, "one", .6, "two", 1.2, "", 1.5), []Segment{{Label: "x", Start: .2, End: .7}, {Label: "y", Start: .6, End: 1.2}}), another(), "error overlap")
	add("05-gap", "one two", both([]Segment{{End: .2}, {Label: "one", Start: .2, End: .6}, {Label: "two", Start: .6, End: 1.2}}, []Segment{{Label: "a", Start: .2, End: .6}, {Label: "b", Start: .7, End: 1.2}}), another(), "warning gap")
	add("06-short-audio", "one two", both(words, phones), another()[:16000], "error past-the-end")
	add("07-long-audio", "one two", both(words, phones), append(another(), make([]int16, 16000)...), "warning duration")
	add("08-long-word", "one", grid(3, tier{"words", labels("one", 2.5, "", 3.)}), spoken(3, 0, labels("one", 2.5)), "warning long-word")
	add("09-short-word", "one a two", grid(1.5, tier{"words", labels("", .2, "one", .6, "a", .62, "two", 1.2, "", 1.5)}), another(), "warning short-word")
	add("10-zero", "one two", grid(1.5, tier{"words", labels("", .2, "one", .6, "x", .6, "two", 1.2, "", 1.5)}), another(), "warning zero-length", "warning words-against-text")
	add("11-text", "one three two", both(labels("", .2, "one", .6, "too", 1.2, "", 1.5), phones), another(), "warning words-against-text")
	add("12-tiers", "one two", both(labels("", .2, "one", .5, "two", 1.2, "", 1.5), phones), another(), "warning words-against-phones")
	add("13-silent", "one two", grid(1.5, tier{"words", labels("", 1.5)}), another(), "warning no-words", "warning words-against-text")
	add("14-zeros", "one two", both(words, phones), make([]int16, 24000), "error bad-audio")
	add("15-split", "one-two", grid(1.5, tier{"words", words}), another())
	add("16-joined", "o ne two", grid(1.5, tier{"words", words}), another())
	return root, want
}

func TestCheckFindsEveryFault(t *testing.T) {
	root, want := faulty(t)
	r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{Audio: "full"})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s %s %s", f.Utterance, f.Severity, f.Kind))
		if f.File == "" || !plainName(f.Message) {
			t.Errorf("finding without place, or of several lines: %+v", f)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		var b strings.Builder
		r.Write(&b)
		t.Errorf("findings\n%s\nwant\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), b.String())
	}
	// What check refuses is what Align, Audio and Within refuse.
	c := open(t, Spec{Layout: "folder", Root: root})
	var refused []string
	for i := range c.Utterances {
		u := &c.Utterances[i]
		x, err := c.Audio(u)
		var a *Alignment
		if err == nil {
			a, err = c.Align(u)
		}
		if err == nil {
			err = a.Within(len(x.Samples), x.Rate)
		}
		if err != nil {
			refused = append(refused, u.ID)
		}
	}
	if !slices.Equal(refused, r.Refused) {
		t.Errorf("a run refuses %q, check %q", refused, r.Refused)
	}
	// Without need for labels, nothing is refused for them.
	r = check(t, c, CheckOptions{Audio: "full", LabelsOptional: true})
	if got := strings.Join(r.Refused, " "); got != "spk/14-zeros" {
		t.Errorf("refused without need for labels: %s", got)
	}
}

func TestReportIsTheSameForAnyWorkers(t *testing.T) {
	root, _ := faulty(t)
	c := open(t, Spec{Layout: "folder", Root: root})
	// Many chunks: the same utterances again and again.
	base := c.Utterances
	for range 7 {
		c.Utterances = append(c.Utterances, base...)
	}
	for _, depth := range []string{"none", "header", "full"} {
		var first []byte
		for _, workers := range []int{1, 3, 8} {
			last := 0
			r := check(t, c, CheckOptions{Audio: depth, Workers: workers, Limit: 3, Progress: func(done, total int) {
				if done <= last || total != len(c.Utterances) {
					t.Errorf("progress %d of %d after %d", done, total, last)
				}
				last = done
			}})
			if last != len(c.Utterances) {
				t.Errorf("progress ends at %d", last)
			}
			got, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			} else if !bytes.Equal(got, first) {
				t.Errorf("%s: %d workers give another report:\n%s\n%s", depth, workers, got, first)
			}
		}
	}
}

func TestReportText(t *testing.T) {
	root := t.TempDir()
	sound := wav(16000, 1, tone(16000, 16000))
	for i := range 5 {
		base := filepath.Join(root, "spk", fmt.Sprint(i))
		write(t, base+".wav", wav(16000, 1, tone(16000+i, 16000)))
		write(t, base+".TextGrid", grid(1, tier{"words", labels("", .1, "a", .12, "Bee", 1.)}, tier{"phones", labels("", .1, "AH", .12, "B", .5, "IY", 1.)}))
		write(t, base+".lab", "a bee")
	}
	write(t, filepath.Join(root, "spk", "x\ny.wav"), sound)
	write(t, filepath.Join(root, "spk", "z.wav"), sound)
	write(t, filepath.Join(root, "spk", "z.lab"), "zed")
	r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{Limit: 2})
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(b.String(), root, "ROOT")
	const want = `folder  ROOT
  utterances  6, 5 with labels, 2 refused
  speakers    1 (0 female, 0 male), 1 group
  audio       6.0 s (headers read)
  words       10, 2 types
  phones      15, 3 types
  silence     10.0 %
  as silence  words: 5 ""; phones: 5 ""

2 errors
  bad-name: 1
    "ROOT/spk/x\ny.wav": the name has control characters or is not UTF-8; such a name can't stand in a table of results: rename the file
  missing-alignment: 1
    ROOT/spk/z.wav: no alignment for spk/z: expected z.TextGrid beside the audio (set alignments if they lie in a tree of their own)

6 warnings
  short-word: 5
    ROOT/spk/0.TextGrid:20: word "a" is 20 ms long: words are seldom shorter than 30 ms
    ROOT/spk/1.TextGrid:20: word "a" is 20 ms long: words are seldom shorter than 30 ms
    and 3 more
  missing-transcript: 1
    "ROOT/spk/x\ny.wav": no "x\ny".lab or .txt beside the audio: it has no transcript
`
	if got != want {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back.Errors() != 2 || back.Warnings() != 6 || len(back.Findings) != 5 || *back.SilenceShare != *r.SilenceShare {
		t.Errorf("the report changes in JSON: %s", data)
	}
}

func TestCheckShift(t *testing.T) {
	words := labels("", .4, "one", .9, "", 1.3, "two", 1.6, "three", 2.1, "", 2.6)
	for _, tt := range []struct {
		shift    float64
		n        int
		want     []string
		fragment string
	}{
		{0, 6, nil, ""},
		{.02, 6, nil, ""},
		{.25, 1, []string{"warning energy-against-labels"}, "250 ms later"},
		{-.2, 1, []string{"warning energy-against-labels"}, "200 ms earlier"},
		{.06, 6, []string{"warning energy-against-labels"}, "over 6 utterances, the sound comes 60 ms later"},
	} {
		root := t.TempDir()
		for i := range tt.n {
			x := spoken(2.6, tt.shift, words)
			x[i] += 50
			write(t, filepath.Join(root, fmt.Sprint(i, ".wav")), wav(16000, 1, x))
			write(t, filepath.Join(root, fmt.Sprint(i, ".lab")), "one two three")
			write(t, filepath.Join(root, fmt.Sprint(i, ".TextGrid")), grid(2.6, tier{"words", words}))
		}
		r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{Audio: "full"})
		wantFindings(t, r.Findings, tt.want...)
		if len(r.Findings) > 0 && !strings.Contains(r.Findings[0].Message, tt.fragment) {
			t.Errorf("shift %g: %v, want %q", tt.shift, r.Findings[0], tt.fragment)
		}
	}
}

func TestCheckDuplicateHeaders(t *testing.T) {
	root := t.TempDir()
	x, y := tone(16000, 16000), tone(16000, 16000)
	y[5]++
	for name, s := range map[string][]int16{"a": x, "b": y, "c": x} {
		write(t, filepath.Join(root, name+".wav"), wav(16000, 1, s))
		write(t, filepath.Join(root, name+".lab"), "same words")
		write(t, filepath.Join(root, name+".TextGrid"), grid(1, tier{"words", labels("same", .5, "words", 1.)}))
	}
	r := check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{})
	wantFindings(t, r.Findings, "warning duplicate")
	if len(r.Findings) == 1 && r.Findings[0].Utterance != "c" {
		t.Errorf("%v", r.Findings[0])
	}
}

func TestCheckCancelled(t *testing.T) {
	root, _ := faulty(t)
	c := open(t, Spec{Layout: "folder", Root: root})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Check(ctx, CheckOptions{}); err != context.Canceled {
		t.Errorf("Check: %v", err)
	}
	if _, err := Open(ctx, Spec{Layout: "folder", Root: root}); err != context.Canceled {
		t.Errorf("Open: %v", err)
	}
	if _, err := c.Check(context.Background(), CheckOptions{Audio: "all"}); err == nil || !strings.Contains(err.Error(), "none, header or full") {
		t.Errorf("unknown depth: %v", err)
	}
}

// The corpora of the repository are faultless.
func TestCheckDemo(t *testing.T) {
	for _, s := range []Spec{
		{Layout: "librispeech", Root: "demo/LibriSpeech", Groups: "demo/groups.csv"},
		{Layout: "timit", Root: "demo/TIMIT", SA: true},
	} {
		r := check(t, open(t, s), CheckOptions{Audio: "full"})
		if r.Errors()+r.Warnings() > 0 || r.Words == 0 || r.Phones == 0 || r.Aligned != r.Utterances {
			var b strings.Builder
			r.Write(&b)
			t.Error(b.String())
		}
	}
}

// TestReportAdd: what is added counts and stands among the other findings.
func TestReportAdd(t *testing.T) {
	r := &Report{Summary: []Count{{SeverityWarning, KindGap, 30, 1}}, Findings: []Finding{{Kind: KindGap, Severity: SeverityWarning, Message: "a gap"}}}
	r.Add(Finding{Kind: KindFeatures, Severity: SeverityError, Message: "none"}, Finding{Kind: KindFeatures, Severity: SeverityError, Message: "bad"})
	if r.Errors() != 2 || r.Warnings() != 30 || r.Findings[0].Message != "none" || r.Findings[2].Kind != KindGap || r.Summary[0].Listed != 2 {
		t.Errorf("%+v", r)
	}
}
