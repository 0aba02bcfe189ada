package corpus

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// go test -bench . ./corpus -utterances 28000
var utterances = flag.Int("utterances", 1000, "size of the corpus that the benchmarks make")

// bigCorpus makes a corpus like LibriSpeech: chapters of 70 utterances, 30 words and 120 phones each (12 kB of
// TextGrid). The audio files are empty: nothing here opens them.
func bigCorpus(tb testing.TB, n int, withGrids bool) string {
	root := tb.TempDir()
	write(tb, filepath.Join(root, "SPEAKERS.TXT"), speakersTXT)
	words := make([]any, 0, 64)
	phones := make([]any, 0, 256)
	text := make([]string, 0, 32)
	at := 0.0
	for w := range 30 {
		word := fmt.Sprintf("word%c%c", 'a'+w%26, 'a'+w/26)
		text = append(text, strings.ToUpper(word))
		at += .4
		words = append(words, word, at)
		for p := 3; p >= 0; p-- {
			phones = append(phones, "AH0", at-float64(p)*.1)
		}
	}
	content := grid(at, tier{"words", labels(words...)}, tier{"phones", labels(phones...)})
	line := strings.Join(text, " ")
	for i := 0; i < n; i += 70 {
		speaker, chapter := fmt.Sprint(100+i/700), fmt.Sprint(1000+i)
		dir := filepath.Join(root, "train", speaker, chapter)
		var trans strings.Builder
		for j := i; j < min(i+70, n); j++ {
			id := fmt.Sprintf("%s-%s-%04d", speaker, chapter, j-i)
			fmt.Fprintf(&trans, "%s %s\n", id, line)
			write(tb, filepath.Join(dir, id+".flac"), "")
			if withGrids {
				write(tb, filepath.Join(dir, id+".TextGrid"), content)
			}
		}
		write(tb, filepath.Join(dir, speaker+"-"+chapter+".trans.txt"), trans.String())
	}
	return root
}

func BenchmarkOpen(b *testing.B) {
	root := bigCorpus(b, *utterances, false)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := open(b, Spec{Layout: "librispeech", Root: root})
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(c.Utterances)), "B-kept/utterance")
	}
	b.ReportMetric(float64(*utterances)*float64(b.N)/b.Elapsed().Seconds(), "utterances/s")
}

func BenchmarkCheckLabels(b *testing.B) {
	c := open(b, Spec{Layout: "librispeech", Root: bigCorpus(b, *utterances, true)})
	for b.Loop() {
		r, err := c.Check(context.Background(), CheckOptions{Audio: "none"})
		if err != nil {
			b.Fatal(err)
		}
		if r.Errors()+r.Warnings() > 0 {
			r.Write(os.Stderr)
			b.Fatal("the made corpus has faults")
		}
	}
	b.ReportMetric(float64(*utterances)*float64(b.N)/b.Elapsed().Seconds(), "utterances/s")
}
