package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bertSize is the number of pieces of bert-base-uncased.
const bertSize = 30522

// bertVocabulary is a vocab.txt of bert-base-uncased's size in which the pieces
// that the golden cases need stand at their own ids; the rest is filled up. Words
// that the real vocabulary cannot spell cannot be spelt with fewer pieces either.
func bertVocabulary(t testing.TB) *WordPiece {
	t.Helper()
	f, err := os.Open("testdata/wordpiece-vocab.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pieces := make([]string, bertSize)
	for in := bufio.NewScanner(f); in.Scan(); {
		id, piece, _ := strings.Cut(in.Text(), "\t")
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		pieces[n] = piece
	}
	for i, piece := range pieces {
		if piece == "" {
			pieces[i] = fmt.Sprintf("[filler%d]", i)
		}
	}
	w, err := ReadVocabulary(strings.NewReader(strings.Join(pieces, "\n")+"\n"), "vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// goldenCase is one string as Hugging Face's tokenizers encode it.
type goldenCase struct {
	Text    string   `json:"text"`
	IDs     []int64  `json:"ids"`
	Tokens  []string `json:"tokens"`
	Words   []*int   `json:"word_ids"`
	Offsets [][2]int `json:"offsets"`
}

func (c goldenCase) encoding() Encoding {
	words := make([]int, len(c.Words))
	for i, word := range c.Words {
		words[i] = -1
		if word != nil {
			words[i] = *word
		}
	}
	return Encoding{IDs: c.IDs, Tokens: c.Tokens, Words: words, Offsets: c.Offsets}
}

func goldenCases(t testing.TB, file string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []goldenCase `json:"cases"`
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&golden); err != nil {
		t.Fatal(err)
	}
	return golden.Cases
}

func TestGoldenBertBaseUncased(t *testing.T) {
	w := bertVocabulary(t)
	cases := goldenCases(t, "testdata/wordpiece.json")
	if len(cases) != 174 {
		t.Fatalf("got %d golden cases, want 174", len(cases))
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.encoding(), w.Encode(c.Text)); diff != "" {
			t.Errorf("Encode(%q) (-want +got):\n%s", c.Text, diff)
		}
	}
}
