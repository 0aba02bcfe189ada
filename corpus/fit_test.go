package corpus

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gridFrom is a TextGrid that starts at some time.
func gridFrom(start, end float64, tiers ...tier) string {
	for i := range tiers {
		tiers[i].intervals[0].Start = start
	}
	return strings.Replace(grid(end, tiers...), "xmin = 0", fmt.Sprintf("xmin = %g", start), 1)
}

func TestLabelsOfAnotherRecording(t *testing.T) {
	said := labels("", .2, "one", .6, "two", 1.2, "", 1.5)
	later := labels("", 1.2, "one", 1.6, "two", 2.2, "", 2.5) // a second too late
	for _, tt := range []struct {
		name    string
		seconds float64
		text    string
		grid    string
		want    []string
		first   float64 // where the first word starts; 0: Align or Fits fails
	}{
		{"its own", 1.5, "one two", grid(1.5, tier{"words", said}), nil, .2},
		{"1.5 s of 27", 27, "three", grid(1.5, tier{"words", said}), []string{"error duration", "warning words-against-text"}, 0},
		{"1.5 s of 27 with a long pause after it", 27, "One two.", grid(1.5, tier{"words", said}), []string{"warning duration"}, .2},
		{"starts at 1 s, as long as the audio", 1.5, "one two", gridFrom(1, 2.5, tier{"words", later}), []string{"warning moved-labels"}, .2},
		{"starts at 1 s of the audio", 2.5, "one two", gridFrom(1, 2.5, tier{"words", slices.Clone(later)}), nil, 1.2},
		{"starts at 1 s of another recording", 2, "one two", gridFrom(1, 3.5, tier{"words", labels("", 1.2, "one", 3.5)}), []string{"error unreadable"}, 0},
		{"shifted", 1.5, "one two", grid(1.9, tier{"words", labels("", .6, "one", 1., "two", 1.5, "", 1.9)}), []string{"error energy-against-labels"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "u.wav"), wav(16000, 1, spoken(tt.seconds, 0, said)))
			write(t, filepath.Join(root, "u.lab"), tt.text)
			write(t, filepath.Join(root, "u.TextGrid"), tt.grid)
			c := open(t, Spec{Layout: "folder", Root: root})
			r := check(t, c, CheckOptions{})
			wantFindings(t, r.Findings, tt.want...)
			u := &c.Utterances[0]
			a, err := c.Align(u)
			if err == nil {
				err = c.Fits(u, a, int(tt.seconds*16000))
			}
			if (err != nil) != (tt.first == 0) || (err != nil) != (len(r.Refused) > 0) {
				t.Fatalf("Align and Fits: %v, refused %q", err, r.Refused)
			}
			if err == nil && (a.Words[1].From != int(tt.first*16000) || a.Words[1].Start-tt.first > 1e-9) {
				t.Errorf("the first word is at %g s, sample %d", a.Words[1].Start, a.Words[1].From)
			}
		})
	}
}

// Alignments with the words of other utterances are faults where most have their own, and else a matter of spelling.
func TestForeignWords(t *testing.T) {
	sentences := []string{"the first of five short lines", "a second one is here too", "now comes number three of them", "again four other words follow", "this ends our little list"}
	lay := func(other func(i int) string) *Report {
		root := t.TempDir()
		for i, text := range sentences {
			var words []Segment
			for j, w := range strings.Fields(other(i)) {
				words = append(words, Segment{Label: w, Start: float64(j) / 4, End: float64(j+1) / 4})
			}
			base := filepath.Join(root, fmt.Sprint("speaker", i), fmt.Sprint(i))
			write(t, base+".wav", wav(16000, 1, tone(int(words[len(words)-1].End*16000), 16000-i)))
			write(t, base+".lab", text)
			write(t, base+".TextGrid", grid(words[len(words)-1].End, tier{"words", words}))
		}
		return check(t, open(t, Spec{Layout: "folder", Root: root}), CheckOptions{})
	}
	r := lay(func(i int) string { return sentences[[]int{3, 1, 2, 0, 4}[i]] })
	wantFindings(t, r.Findings, "error words-against-text", "error words-against-text")
	if !slices.Equal(r.Refused, []string{"speaker0/0", "speaker3/3"}) || r.Speakers != 3 || r.Groups != 3 {
		t.Errorf("refused %q, %d speakers and %d groups left", r.Refused, r.Speakers, r.Groups)
	}
	if !strings.Contains(r.Findings[0].Message, `is of another utterance: 5 of its 5 words are not in the transcript, the first is "again"`) {
		t.Error(r.Findings[0])
	}
	r = lay(func(i int) string { return strings.ReplaceAll(sentences[i], "e", "ə") })
	if len(r.Refused) > 0 {
		t.Errorf("refused for their spelling: %q", r.Refused)
	}
}
