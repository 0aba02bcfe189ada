package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Of TIMIT's training set, by its documentation (LDC93S1, speaker tables): the speakers of each dialect region, and how many
// sentences of each kind a speaker reads.
var (
	timitSpeakers  = []int{38, 76, 76, 68, 70, 35, 77, 22}
	timitSentences = []struct {
		kind  string
		count int
	}{{"SA", 2}, {"SI", 3}, {"SX", 5}}
)

// Utterances take 3.06 s on average, from 0.9 to 7.8 s: 3.9 h in all. Between those a log-normal stands for the distribution.
const (
	timitRate                              = 16000
	timitMean, timitShortest, timitLongest = 3.06, 0.9, 7.8
	timitSpread                            = .27 // of the logarithm
)

// timitWords are words with their phones, which the made-up sentences consist of.
var timitWords = []struct {
	word   string
	phones []string
}{
	{"she", []string{"sh", "iy"}}, {"had", []string{"hv", "ae", "dcl"}}, {"your", []string{"jh", "er"}}, {"dark", []string{"dcl", "d", "aa", "r", "kcl", "k"}},
	{"suit", []string{"s", "ux", "q"}}, {"in", []string{"en"}}, {"greasy", []string{"gcl", "g", "r", "iy", "s", "iy"}}, {"wash", []string{"w", "aa", "sh"}},
	{"water", []string{"w", "ao", "dx", "er"}}, {"all", []string{"ao", "l"}}, {"year", []string{"y", "ih", "axr"}}, {"don't", []string{"d", "ow", "nx"}},
	{"ask", []string{"q", "ae", "s"}}, {"me", []string{"m", "iy"}}, {"to", []string{"tcl", "t", "ix"}}, {"carry", []string{"kcl", "k", "eh", "r", "iy"}},
	{"an", []string{"ix", "n"}}, {"oily", []string{"oy", "l", "iy"}}, {"rag", []string{"r", "ae", "gcl", "g"}}, {"like", []string{"l", "ay", "kcl"}}, {"that", []string{"dh", "ae", "tcl"}},
}

// growTIMIT writes a corpus of the shape of TIMIT's training set, with one speaker in so many: a click and silence of the lengths of
// speech, as sparse files, and labels that tile it.
func growTIMIT(to string, oneIn int) error {
	r := rand.New(rand.NewPCG(1990, 93))
	n := 0
	for dr, speakers := range timitSpeakers {
		for range speakers {
			n++
			if (n-1)%oneIn != 0 {
				continue
			}
			sex := "M"
			if n%3 == 0 {
				sex = "F"
			}
			name := fmt.Sprintf("%s%c%c%c0", sex, 'A'+n%26, 'A'+n/26%26, 'A'+n*7%26)
			dir := filepath.Join(to, "TRAIN", fmt.Sprintf("DR%d", dr+1), name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			for _, s := range timitSentences {
				for k := range s.count {
					number := k + 1
					if s.kind != "SA" {
						number = n + 462*k
					}
					if err := growSentence(r, filepath.Join(dir, fmt.Sprint(s.kind, number))); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// growSentence writes the four files of one sentence.
func growSentence(r *rand.Rand, path string) error {
	seconds := timitMean * math.Exp(timitSpread*r.NormFloat64()-timitSpread*timitSpread/2)
	samples := int(timitRate * min(max(seconds, timitShortest), timitLongest))
	const pause = 2000 // samples before and after
	var words, phones, text []string
	at := pause
	phones = append(phones, fmt.Sprintf("0 %d h#", pause))
	for {
		w := timitWords[r.IntN(len(timitWords))]
		from := at
		var own []string
		for _, p := range w.phones {
			n := 700 + r.IntN(1000)
			own = append(own, fmt.Sprintf("%d %d %s", at, at+n, p))
			at += n
		}
		if at > samples-pause/2 {
			at = from
			break
		}
		phones, words, text = append(phones, own...), append(words, fmt.Sprintf("%d %d %s", from, at, w.word)), append(text, w.word)
	}
	phones = append(phones, fmt.Sprintf("%d %d h#", at, samples))
	write := func(ext, text string) error { return os.WriteFile(path+ext, []byte(text+"\n"), 0o644) }
	return errors.Join(click(path+".WAV", samples), write(".PHN", strings.Join(phones, "\n")), write(".WRD", strings.Join(words, "\n")),
		write(".TXT", fmt.Sprintf("0 %d %s.", samples, strings.Join(text, " "))))
}

// click writes a WAV file whose samples take no room on the disk: all are 0 but the first, because a file of silence is an error.
func click(path string, samples int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	bytes := uint32(2 * samples)
	h := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+bytes)
	h = binary.LittleEndian.AppendUint32(append(h, "WAVEfmt "...), 16)
	for _, v := range []uint16{1, 1} { // PCM, mono
		h = binary.LittleEndian.AppendUint16(h, v)
	}
	h = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(h, timitRate), 2*timitRate)
	h = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(h, 2), 16)
	h = binary.LittleEndian.AppendUint32(append(h, "data"...), bytes)
	if _, err := f.Write(append(h, 1, 0)); err != nil {
		return err
	}
	return f.Truncate(int64(len(h)) + int64(bytes))
}
