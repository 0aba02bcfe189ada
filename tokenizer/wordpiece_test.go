package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
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

func TestEncodeWords(t *testing.T) {
	w := bertVocabulary(t)
	words := []string{"IT'S", "", "MISSUS", "DASHWOOD'S", "\u200b", "[MASK]", "中文"}
	got := w.EncodeWords(words)
	want := Encoding{
		IDs:    []int64{101, 2009, 1005, 1055, 3335, 2271, 11454, 3702, 1005, 1055, 103, 1746, 1861, 102},
		Tokens: []string{"[CLS]", "it", "'", "s", "miss", "##us", "dash", "##wood", "'", "s", "[MASK]", "中", "文", "[SEP]"},
		Words:  []int{-1, 0, 0, 0, 2, 2, 3, 3, 3, 3, 5, 6, 6, -1},
		Offsets: [][2]int{{0, 0}, {0, 2}, {2, 3}, {3, 4}, {0, 4}, {4, 6}, {0, 4}, {4, 8}, {8, 9}, {9, 10}, {0, 6},
			{0, 1}, {1, 2}, {0, 0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("EncodeWords (-want +got):\n%s", diff)
	}
	spans := [][2]int{{1, 4}, {0, 0}, {4, 6}, {6, 10}, {0, 0}, {10, 11}, {11, 13}}
	if diff := cmp.Diff(spans, got.Spans(len(words))); diff != "" {
		t.Errorf("Spans (-want +got):\n%s", diff)
	}
}

// TestEncodeWordsAgreesWithEncode holds on every text: giving BERT's words one by
// one makes the same ids as giving the text.
func TestEncodeWordsAgreesWithEncode(t *testing.T) {
	w := bertVocabulary(t)
	for _, c := range goldenCases(t, "testdata/wordpiece.json") {
		whole := w.Encode(c.Text)
		runes := []rune(c.Text)
		spans := whole.Spans(len(runes))
		var words []string
		for _, span := range spans {
			if span[0] < span[1] {
				words = append(words, string(runes[whole.Offsets[span[0]][0]:whole.Offsets[span[1]-1][1]]))
			}
		}
		again := w.EncodeWords(words)
		if diff := cmp.Diff(whole.IDs, again.IDs); diff != "" {
			t.Errorf("%q: ids of the words apart (-whole +apart):\n%s", c.Text, diff)
		}
		if diff := cmp.Diff(whole.Words, again.Words); diff != "" {
			t.Errorf("%q: word indices (-whole +apart):\n%s", c.Text, diff)
		}
	}
}

func TestCheckLength(t *testing.T) {
	w := bertVocabulary(t)
	words := strings.Fields(strings.Repeat("his dashwood ", 200)) // 1 and 2 pieces
	e := w.EncodeWords(words[:340])                               // 510 pieces, [CLS] and [SEP]
	if err := e.CheckLength(0); err != nil {
		t.Errorf("512 tokens: %v", err)
	}
	e = w.EncodeWords(words[:341])
	var long *TooLong
	if err := e.CheckLength(0); !errors.As(err, &long) {
		t.Fatalf("513 tokens: got %v, want *TooLong", err)
	}
	if want := (TooLong{Tokens: 513, Max: 512, Word: 340}); *long != want {
		t.Errorf("got %+v, want %+v", *long, want)
	}
	if fits := w.EncodeWords(words[:long.Word]); fits.CheckLength(0) != nil {
		t.Errorf("the words before the first that does not fit do not fit: %d tokens", len(fits.IDs))
	}
	// A word whose last piece alone is beyond the end does not fit either.
	if err := e.CheckLength(4); !errors.As(err, &long) || long.Word != 1 {
		t.Errorf("4 positions: got %+v, want word 1", long)
	}
	if err := e.CheckLength(1); !errors.As(err, &long) {
		t.Errorf("1 position: got %v", err)
	}
}

func ExampleWordPiece_EncodeWords() {
	vocabulary := "[PAD]\n[UNK]\n[CLS]\n[SEP]\nit\n'\ns\nmiss\n##us\n"
	bert, err := ReadVocabulary(strings.NewReader(vocabulary), "vocab.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	in := bert.EncodeWords([]string{"IT'S", "MISSUS", "DASHWOOD"})
	fmt.Println(in.Tokens)
	fmt.Println(in.Words)
	fmt.Println(in.Spans(3))
	// Output:
	// [[CLS] it ' s miss ##us [UNK] [SEP]]
	// [-1 0 0 0 1 1 2 -1]
	// [[1 4] [4 6] [6 7]]
}
