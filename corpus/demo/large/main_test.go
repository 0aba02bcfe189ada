package main

import (
	"context"
	"testing"

	"speechsim/corpus"
)

// TestGrow: what is made is a corpus without a fault, with no recording twice.
func TestGrowLibriSpeech(t *testing.T) {
	dir := t.TempDir()
	if err := growLibriSpeech("../LibriSpeech", dir, 140); err != nil {
		t.Fatal(err)
	}
	s := corpus.Default("librispeech")
	s.Root, s.Subset = dir, "dev-clean"
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Check(context.Background(), corpus.CheckOptions{Audio: "full"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Utterances != 140 || r.Aligned != 140 || r.Errors()+r.Warnings() > 0 || r.Speakers != 28 {
		t.Errorf("%d utterances of %d speakers, findings %v", r.Utterances, r.Speakers, r.Findings)
	}
}

// TestGrowTIMIT: so is the shape of TIMIT, with the lengths of its utterances.
func TestGrowTIMIT(t *testing.T) {
	dir := t.TempDir()
	if err := growTIMIT(dir, 20); err != nil {
		t.Fatal(err)
	}
	s := corpus.Default("timit")
	s.Root, s.Subset = dir, "train"
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Check(context.Background(), corpus.CheckOptions{Audio: "header"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Utterances != 240 || r.Aligned != 240 || r.Errors()+r.Warnings() > 0 || r.Speakers != 24 {
		t.Errorf("%d utterances, %d aligned, of %d speakers, findings %v", r.Utterances, r.Aligned, r.Speakers, r.Findings)
	}
	if mean := r.Seconds / 240; mean < 2.8 || mean > 3.3 {
		t.Errorf("utterances take %.2f s on average", mean)
	}
}
