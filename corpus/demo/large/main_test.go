package main

import (
	"context"
	"testing"

	"speechsim/corpus"
)

// TestGrow: what is made is a corpus without a fault, with no recording twice.
func TestGrow(t *testing.T) {
	dir := t.TempDir()
	if err := grow("../LibriSpeech", dir, 140); err != nil {
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
