// Large makes a corpus of LibriSpeech's shape and of any size out of the demo's: the same utterances again and again, each
// round by other speakers and at another loudness, so that no two recordings are the same. It is for trying out what a
// corpus of real size takes; nothing can be concluded from its numbers.
//
//	go run ./corpus/demo/large [-utterances 2703] [-demo corpus/demo/LibriSpeech] FOLDER
//	go run ./corpus/demo/large -timit [-one-in 1] FOLDER
//
// The second makes the shape of TIMIT's training set (4 620 utterances, 3.9 h), of clicks in silence: for pipeline plan.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"

	"speechsim/corpus"
)

func main() {
	n := flag.Int("utterances", 2703, "size of the corpus; that of dev-clean by default")
	demo := flag.String("demo", "corpus/demo/LibriSpeech", "`folder` of the demo corpus")
	timit := flag.Bool("timit", false, "the shape of TIMIT's training set, of clicks in silence")
	oneIn := flag.Int("one-in", 1, "of TIMIT, one speaker in so many")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	grow := func() error { return growLibriSpeech(*demo, flag.Arg(0), *n) }
	if *timit {
		grow = func() error { return growTIMIT(flag.Arg(0), max(*oneIn, 1)) }
	}
	if err := grow(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// growLibriSpeech writes n utterances to the folder to, as its subset dev-clean.
func growLibriSpeech(demo, to string, n int) error {
	s := corpus.Default("librispeech")
	s.Root = demo
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		return err
	}
	sounds := make([][]float32, len(c.Utterances))
	for i := range c.Utterances {
		a, err := c.Audio(&c.Utterances[i])
		if err != nil {
			return err
		}
		sounds[i] = a.Samples
	}
	rounds := (n + len(sounds) - 1) / len(sounds)
	chapters := map[string]string{} // folder -> transcripts
	speakers := map[string]string{}
	for i := range n {
		round, u := i/len(sounds), &c.Utterances[i%len(sounds)]
		speaker := fmt.Sprintf("%d%s", round+1, u.Speaker)
		dir := filepath.Join(to, "dev-clean", speaker, "1")
		id := fmt.Sprintf("%s-1-%s", speaker, u.ID[strings.LastIndexByte(u.ID, '-')+1:])
		if chapters[dir] == "" {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		chapters[dir] += id + " " + u.Text + "\n"
		speakers[speaker] = u.Sex
		labels, err := os.ReadFile(u.WordsFile)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, id+".TextGrid"), labels, 0o644); err != nil {
			return err
		}
		loudness := 1 - 0.5*float64(round)/float64(rounds)
		if err := writeWAV(filepath.Join(dir, id+".wav"), sounds[i%len(sounds)], loudness, c.Spec.Audio.Rate); err != nil {
			return err
		}
	}
	table := ";ID |SEX| SUBSET | MINUTES | NAME\n"
	for _, speaker := range slices.Sorted(maps.Keys(speakers)) {
		table += fmt.Sprintf("%s | %s | dev-clean | 1.0 | of the demo\n", speaker, speakers[speaker])
	}
	if err := os.WriteFile(filepath.Join(to, "SPEAKERS.TXT"), []byte(table), 0o644); err != nil {
		return err
	}
	for dir, lines := range chapters {
		name := filepath.Base(filepath.Dir(dir)) + "-1.trans.txt"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(lines), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeWAV writes samples of 16 bits.
func writeWAV(path string, samples []float32, loudness float64, rate int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := &goaudio.IntBuffer{Format: &goaudio.Format{NumChannels: 1, SampleRate: rate}, SourceBitDepth: 16, Data: make([]int, len(samples))}
	for i, s := range samples {
		b.Data[i] = int(loudness * 32767 * float64(s))
	}
	e := wav.NewEncoder(f, rate, 16, 1, 1)
	return errors.Join(e.Write(b), e.Close())
}
