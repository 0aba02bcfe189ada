package corpus

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// shiftedGrid moves the labels of a TextGrid in the long form by some seconds, inside the time that it has.
func shiftedGrid(grid string, by float64) string {
	times := regexp.MustCompile(`(xmin|xmax) = ([0-9.]+)`)
	at := func(s string) float64 {
		seconds, _ := strconv.ParseFloat(s, 64)
		return seconds
	}
	end := at(times.FindAllStringSubmatch(grid, 2)[1][2])
	return times.ReplaceAllStringFunc(grid, func(s string) string {
		t := at(s[len("xmin = "):])
		if t > 0 && t < end {
			t = min(max(t+by, 0), end)
		}
		return fmt.Sprintf("%s = %.6f", s[:4], t)
	})
}

// shiftedGrids writes the TextGrids of a corpus anew, each shifted by as many seconds as is said for its number.
func shiftedGrids(t *testing.T, s Spec, by func(i int) float64) *Corpus {
	t.Helper()
	c := open(t, s)
	s.Alignments = t.TempDir()
	for i := range c.Utterances {
		u := &c.Utterances[i]
		if u.WordsFile == "" {
			continue
		}
		text, err := os.ReadFile(u.WordsFile)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(s.Root, u.AudioPath)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(s.Alignments, stem(name)+".TextGrid"), shiftedGrid(string(text), by(i)))
	}
	return open(t, s)
}

// A constant shift of the labels is seen in a few utterances, and good labels are not suspected.
func TestSampleShift(t *testing.T) {
	demo := Spec{Layout: "librispeech", Root: "demo/LibriSpeech", Subset: "demo"}
	specs := map[string]Spec{"demo": demo}
	if _, err := os.Stat("../../shared/data/real"); err == nil {
		real := "../../shared/data/real/"
		specs["real"] = Spec{Layout: "librispeech", Root: real + "LibriSpeech", Subset: "test-other", Alignments: real + "alignments"}
	}
	for name, spec := range specs {
		for _, by := range []float64{0, .02, -.02, .08, .1, .2, -.1, -.2, -.4} {
			t.Run(fmt.Sprint(name, by), func(t *testing.T) {
				c := shiftedGrids(t, spec, func(int) float64 { return by })
				all := make([]int, len(c.Utterances))
				for i := range all {
					all[i] = i
				}
				shift, told, err := c.SampleShift(context.Background(), all, 2)
				if err != nil || told != (math.Abs(by) > .05) || math.Abs(shift.Seconds+by) > .031 || shift.Utterances < 20 {
					t.Errorf("%+v, told: %v, %v", shift, told, err)
				}
			})
		}
	}

	// One utterance of another shift says nothing about the corpus, and check names it.
	c := shiftedGrids(t, demo, func(i int) float64 {
		if i == 2 {
			return .3
		}
		return 0
	})
	if shift, told, _ := c.SampleShift(context.Background(), []int{0, 1, 2, 3, 4, 5}, 2); told {
		t.Errorf("of one utterance: %+v", shift)
	}
	c.Utterances = c.Utterances[:6]
	r := check(t, c, CheckOptions{Audio: "full"})
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Kind == KindShift })
	if i < 0 || r.Findings[i].Utterance != c.Utterances[2].ID || !regexp.MustCompile("(28|29|30|31)0 ms earlier").MatchString(r.Findings[i].Message) {
		t.Error(r.Findings)
	}

	// Too few to say something, and some that can't be read.
	c = shiftedGrids(t, demo, func(int) float64 { return .2 })
	for i := range 3 {
		c.Utterances[i].AudioPath = "nowhere.flac"
	}
	if _, told, err := c.SampleShift(context.Background(), []int{0, 1, 2, 3, 4, 5, 6}, 2); told || err != nil {
		t.Errorf("of four utterances: %v %v", told, err)
	}
	if shift, told, err := c.SampleShift(context.Background(), []int{0, 1, 2, 3, 4, 5, 6, 7}, 2); !told || err != nil {
		t.Errorf("of five utterances: %+v %v", shift, err)
	}
	if _, told, err := c.SampleShift(context.Background(), nil, 2); told || err != nil {
		t.Errorf("of none: %v %v", told, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := c.SampleShift(ended, []int{0, 1, 2}, 2); err == nil {
		t.Error("it does not end with its context")
	}
}

// Of a long recording, only the beginning is listened to.
func TestSampleShiftOfLongAudio(t *testing.T) {
	root := t.TempDir()
	words := []Segment{}
	for at := .5; at < 40; at++ {
		words = append(words, Segment{Label: "", Start: at - .5, End: at}, Segment{Label: "one", Start: at, End: at + .3 + .2*math.Mod(at*.37, 1)})
		words[len(words)-2].Start = 0
		if n := len(words); n > 2 {
			words[n-2].Start = words[n-3].End
		}
	}
	end := words[len(words)-1].End
	for i := range 6 {
		x := spoken(end, .12, words)
		for j := 31 * 16000; j < len(x); j++ { // what comes later would say something else
			x[j] = int16(j * 7907 % 9001)
		}
		x[i] += 50
		write(t, filepath.Join(root, fmt.Sprint(i, ".wav")), wav(16000, 1, x))
		write(t, filepath.Join(root, fmt.Sprint(i, ".TextGrid")), grid(end, tier{"words", words}))
	}
	c := open(t, Spec{Layout: "folder", Root: root})
	shift, told, err := c.SampleShift(context.Background(), []int{0, 1, 2, 3, 4, 5}, 1)
	if err != nil || !told || math.Abs(shift.Seconds-.12) > 1e-9 || shift.Agree != 6 {
		t.Errorf("%+v %v %v", shift, told, err)
	}
}
