package corpus_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"speechsim/corpus"
)

// The words of an utterance, where they are, and which words of its transcript they are.
func Example() {
	s := corpus.Default("librispeech")
	s.Root, s.Groups = "demo/LibriSpeech", "demo/groups.csv"
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	u := &c.Utterances[0]
	audio, err := c.Audio(u)
	if err != nil {
		log.Fatal(err)
	}
	labels, err := c.Align(u)
	if err != nil {
		log.Fatal(err)
	}
	words := corpus.SplitWords(u.Text)
	fmt.Printf("%s: %d words, %.2f s at %d Hz\n", u.ID, len(words), audio.Seconds(), audio.Rate)
	for i, t := range corpus.MatchWords(words, labels.Words) {
		if w := labels.Words[i]; t >= 0 && t < 3 {
			fmt.Printf("%-6s samples %d to %d, word %d of the transcript, %q\n", w.Label, w.From, w.To, t, words[t].Text)
		}
	}
	// Output:
	// 10-1-0000: 22 words, 7.10 s at 16000 Hz
	// and    samples 3200 to 5920, word 0 of the transcript, "AND"
	// mister samples 5920 to 10080, word 1 of the transcript, "MISTER"
	// john   samples 10080 to 15680, word 2 of the transcript, "JOHN"
}

// Everything that is there, and everything that looks wrong.
func ExampleCorpus_Check() {
	s := corpus.Default("timit")
	s.Root = "demo/TIMIT"
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	report, err := c.Check(context.Background(), corpus.CheckOptions{Audio: "full"})
	if err != nil {
		log.Fatal(err)
	}
	if err := report.Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// timit  demo/TIMIT
	//   utterances  16, 16 with labels, 0 refused
	//   speakers    5 (2 female, 3 male), 5 groups
	//   audio       44.8 s (everything read)
	//   words       146, 47 types
	//   phones      582, 42 types
	//   silence     12.2 %
	//   as silence  phones: 32 "h#"
	//
	// no problems found
}
