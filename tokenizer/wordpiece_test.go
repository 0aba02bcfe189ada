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

// TestGoldenOptions compares all eight settings with Hugging Face's tokenizers.
func TestGoldenOptions(t *testing.T) {
	data, err := os.ReadFile("testdata/options.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Pieces  []string `json:"pieces"`
		Options []struct {
			KeepCase    bool         `json:"keep_case"`
			KeepAccents bool         `json:"keep_accents"`
			KeepChinese bool         `json:"keep_chinese"`
			Cases       []goldenCase `json:"cases"`
		} `json:"options"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Options) != 8 {
		t.Fatalf("got %d settings, want 8", len(golden.Options))
	}
	base := vocabularyOf(t, golden.Pieces...)
	for _, setting := range golden.Options {
		o := Options{KeepCase: setting.KeepCase, KeepAccents: setting.KeepAccents, KeepChinese: setting.KeepChinese}
		w := base.WithOptions(o)
		if w.Options() != o {
			t.Errorf("Options() = %+v, want %+v", w.Options(), o)
		}
		for _, c := range setting.Cases {
			if diff := cmp.Diff(c.encoding(), w.Encode(c.Text)); diff != "" {
				t.Errorf("%+v: Encode(%q) (-want +got):\n%s", o, c.Text, diff)
			}
		}
	}
}

// vocabularyOf reads a vocabulary of the given pieces.
func vocabularyOf(t testing.TB, pieces ...string) *WordPiece {
	t.Helper()
	w, err := ReadVocabulary(strings.NewReader(strings.Join(pieces, "\n")), "vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func ExampleWordPiece_Encode() {
	vocabulary := "[PAD]\n[UNK]\n[CLS]\n[SEP]\nit\n'\ns\nmiss\n##us\n,\n"
	bert, err := ReadVocabulary(strings.NewReader(vocabulary), "vocab.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	in := bert.Encode("It's, Missus Dashwood")
	fmt.Println(in.Tokens)
	fmt.Println(in.Words)
	fmt.Println(in.Offsets)
	// Output:
	// [[CLS] it ' s , miss ##us [UNK] [SEP]]
	// [-1 0 1 2 3 4 4 5 -1]
	// [[0 0] [0 2] [2 3] [3 4] [4 5] [6 10] [10 12] [13 21] [0 0]]
}
