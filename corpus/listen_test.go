package corpus

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// sampleShift is the shift that a sample of some utterances shows.
func sampleShift(c *Corpus, utterances []int) (Shift, bool, error) {
	h, err := c.Listen(context.Background(), utterances, true, 2)
	if h.Shift == nil {
		return Shift{}, false, err
	}
	return *h.Shift, true, err
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
		shifts := []float64{0, .02, -.02, .08, .1, .2, -.1, -.2, -.4}
		if name == "real" { // a second each
			shifts = []float64{0, .08, -.2}
		}
		for _, by := range shifts {
			t.Run(fmt.Sprint(name, by), func(t *testing.T) {
				c := shiftedGrids(t, spec, func(int) float64 { return by })
				all := make([]int, len(c.Utterances))
				for i := range all {
					all[i] = i
				}
				shift, told, err := sampleShift(c, all)
				if err != nil || told != (math.Abs(by) > .05) || told && (math.Abs(shift.Seconds+by) > .031 || shift.Utterances < 20) {
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
	if shift, told, _ := sampleShift(c, []int{0, 1, 2, 3, 4, 5}); told {
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
	if _, told, err := sampleShift(c, []int{0, 1, 2, 3, 4, 5, 6}); told || err != nil {
		t.Errorf("of four utterances: %v %v", told, err)
	}
	if shift, told, err := sampleShift(c, []int{0, 1, 2, 3, 4, 5, 6, 7}); !told || err != nil {
		t.Errorf("of five utterances: %+v %v", shift, err)
	}
	if _, told, err := sampleShift(c, nil); told || err != nil {
		t.Errorf("of none: %v %v", told, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Listen(ended, []int{0, 1, 2}, true, 2); err == nil {
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
	shift, told, err := sampleShift(c, []int{0, 1, 2, 3, 4, 5})
	if err != nil || !told || math.Abs(shift.Seconds-.12) > 1e-9 || shift.Agree != 6 {
		t.Errorf("%+v %v %v", shift, told, err)
	}
}

// floats is a RIFF file of 32-bit floats.
func floats(rate int, x []float32) string {
	head := wav(rate, 1, make([]int16, 2*len(x)))[:44]
	b := []byte(head[:20] + "\x03\x00" + head[22:28])
	b = binary.LittleEndian.AppendUint32(b, uint32(4*rate))
	b = append(b, 4, 0, 32, 0)
	b = append(b, head[36:]...)
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return string(b)
}

// Sound that was stored in another range is told where most utterances have it, with labels and without.
func TestListenToLevels(t *testing.T) {
	for _, tt := range []struct {
		name string
		file func(i int) string
		want string
	}{
		{"16-bit integers", func(int) string { return wav(16000, 1, tone(16000, 16000)) }, ""},
		{"integers as floats", func(int) string {
			x := make([]float32, 16000)
			for i, v := range tone(16000, 16000) {
				x[i] = float32(v)
			}
			return floats(16000, x)
		}, "the level of the sound is odd (over-range) in 6 of 6 utterances that were listened to, such as 0: the largest value is 8000; expected at most 1: integers seem to be stored as floats"},
		{"floats", func(int) string { return floats(16000, []float32{0, .5, -.5, .25}) }, ""},
		{"bits that are too low", func(int) string {
			x := tone(16000, 16000)
			for i := range x {
				x[i] /= 256
			}
			return wav(16000, 1, x)
		}, "the level of the sound is odd (quiet) in 6 of 6 utterances that were listened to, such as 0: the peak is -60.5 dB of full scale"},
		{"two quiet ones", func(i int) string {
			x := tone(16000, 16000)
			for j := range x {
				if i < 2 {
					x[j] /= 256
				}
			}
			return wav(16000, 1, x)
		}, ""},
	} {
		root := t.TempDir()
		for i := range 6 {
			write(t, filepath.Join(root, fmt.Sprint(i, ".wav")), tt.file(i))
		}
		c := open(t, Spec{Layout: "folder", Root: root})
		h, err := c.Listen(context.Background(), []int{0, 1, 2, 3, 4, 5}, false, 2)
		if got := strings.Join(h.Level, "; "); err != nil || got != tt.want || h.Shift != nil {
			t.Errorf("%s: %q %v", tt.name, got, err)
		}
	}
}
