package tokenizer

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// benchmarkVocabulary is that of SPEECHSIM_VOCABULARY, a vocab.txt, or the reduced
// one of the tests.
func benchmarkVocabulary(b *testing.B) *WordPiece {
	b.Helper()
	path := os.Getenv("SPEECHSIM_VOCABULARY")
	if path == "" {
		return bertVocabulary(b)
	}
	w, err := LoadVocabulary(path)
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// sentences are the golden cases that look like transcripts.
func sentences(b *testing.B) (texts []string, n int) {
	b.Helper()
	for _, c := range goldenCases(b, "testdata/wordpiece.json") {
		if fields := strings.Fields(c.Text); len(fields) >= 5 && c.Text == strings.ToUpper(c.Text) {
			texts, n = append(texts, c.Text), n+len(fields)
		}
	}
	return texts, n
}

func BenchmarkEncode(b *testing.B) {
	w := benchmarkVocabulary(b)
	texts, n := sentences(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			w.Encode(text)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "words/s")
}

// BenchmarkEncodeAccents has a mark on every other letter: the long way.
func BenchmarkEncodeAccents(b *testing.B) {
	w := benchmarkVocabulary(b)
	text := strings.Repeat("très élégamment ", 50)
	for b.Loop() {
		w.Encode(text)
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "words/s")
}

// BenchmarkReadLexicon reads a lexicon of LibriSpeech's size, 200 000 words.
func BenchmarkReadLexicon200k(b *testing.B) {
	var text strings.Builder
	phones := TIMIT39.Phones()
	for i := range 200_000 {
		fmt.Fprintf(&text, "WORD%d", i)
		for j := range 3 + i%7 {
			text.WriteString(" " + phones[(i*31+j*17)%len(phones)])
		}
		text.WriteString("\n")
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadLexicon(strings.NewReader(text.String()), "lexicon.txt", LexiconOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "words/s")
}
