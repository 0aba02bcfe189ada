package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A tokenizer.json is the tokenizer of vocab.json and merges.txt.
func TestBytePairJSON(t *testing.T) {
	got, err := LoadJSON("testdata/bytepair/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	b := got.(*BytePair)
	if b.Options() != (Options{}) || b.Size() != 480 {
		t.Errorf("options %+v, %d pieces", b.Options(), b.Size())
	}
	for _, c := range readBytePairGolden(t).Cases {
		if diff := cmp.Diff(c.encoding(), b.Encode(c.Text)); diff != "" {
			t.Errorf("Encode(%q) (-want +got):\n%s", c.Text, diff)
		}
	}
}

// wordPieceJSON is the tokenizer.json of a WordPiece.
func wordPieceJSON(t testing.TB, pieces []string, o Options) string {
	t.Helper()
	ids := map[string]int{}
	for i, p := range pieces {
		ids[p] = i
	}
	text, err := json.Marshal(map[string]any{
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": !o.KeepChinese, "strip_accents": !o.KeepAccents, "lowercase": !o.KeepCase},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"added_tokens":  []any{map[string]any{"id": ids["[CLS]"], "content": "[CLS]", "special": true}},
		"model":         map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A tokenizer.json says how text is prepared, too.
func TestWordPieceJSON(t *testing.T) {
	pieces := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "caf", "##e", "Caf", "##é"}
	for _, o := range []Options{{}, Cased(), {KeepCase: true}, {KeepChinese: true}} {
		got, err := readJSON([]byte(wordPieceJSON(t, pieces, o)), "tokenizer.json")
		if err != nil {
			t.Fatal(err)
		}
		want := vocabularyOf(t, pieces...).WithOptions(o)
		const text = "Café cafe 中文"
		if diff := cmp.Diff(want.Encode(text), got.Encode(text)); diff != "" || got.Options() != o {
			t.Errorf("%+v is %+v (-want +got):\n%s", o, got.Options(), diff)
		}
	}
}

// What a tokenizer.json asks for and is not there is said.
func TestJSONRefused(t *testing.T) {
	data, err := os.ReadFile("testdata/bytepair/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	word := wordPieceJSON(t, []string{"[UNK]", "[CLS]", "[SEP]"}, Options{})
	var farther strings.Builder // no gap is too wide, and all of them together are
	for id := 2 + maxGap; id <= maxPieces+2; id += maxGap {
		fmt.Fprintf(&farther, `{"content":"<%d>","id":%d},`, id, id)
	}
	for _, tt := range []struct{ text, from, to, want string }{
		{"{", "{", "{", "expected the JSON of a tokenizer.json"},
		{word, "WordPiece", "Unigram", `tokenizer.json:1:1: expected a model of type WordPiece or BPE, found "Unigram"`},
		{word, "BertNormalizer", "NFC", "expected the BertNormalizer"},
		{word, "BertPreTokenizer", "Whitespace", "expected the BertPreTokenizer"},
		{word, `"##"`, `"@@"`, `expected continuing_subword_prefix "##"`},
		{word, `{"content":"[CLS]"`, `{"rstrip":true,"content":"[CLS]"`, `the added token "[CLS]" has rstrip or single_word`},
		{word, `"id":1`, `"id":7`, `the added token "[CLS]" has id 7, which is another's, or another in the vocabulary`},
		{word, `"content":"[CLS]","id":1`, `"content":"[NEW]","id":3`, `the added token "[NEW]" can't be read`},
		{word, `"content":"[CLS]","id":1`, `"content":"[MASK]","id":99999`, `the added token "[MASK]" has id 99999, far from those of the vocabulary, which end at 2`},
		{word, `"added_tokens":[`, `"added_tokens":[` + farther.String(), `has id 4194306, far from those of the vocabulary`},
		{word, `"[UNK]":0`, `"[UNK]":9`, "the piece of id 0: expected one piece"},
		{word, `"[SEP]":2`, `"[SEP]":1`, "model.vocab:1:"},
		{word, `"[SEP]":2`, `"[END]":2`, "expected the piece [SEP] in the vocabulary"},
		{string(data), `"use_regex":true`, `"use_regex":false`, "expected the pre_tokenizer ByteLevel with use_regex"},
		{string(data), `"normalizer":null`, `"normalizer":{"type":"NFC"}`, `the normalizer "NFC" can't be read`},
		{string(data), `"ignore_merges":false`, `"ignore_merges":true`, "ignore_merges is set"},
		{string(data), `"merges":[`, `"merges":["ab",`, `expected two pieces with a blank between them, found "ab"`},
		{string(data), `"merges":[`, `"merges":["a qqq",`, `merge 1: expected pieces of the vocabulary, which has no "qqq"`},
		{string(data), `"</s>":`, `"</q>":`, `the added token "</s>" has id 2`},
	} {
		changed := strings.Replace(tt.text, tt.from, tt.to, 1)
		if changed == tt.text && tt.from != tt.to {
			t.Fatalf("there is no %s", tt.from)
		}
		_, err := readJSON([]byte(changed), "tokenizer.json")
		var placed *Error
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &placed) {
			t.Errorf("%s: %v, want %s", tt.to, err, tt.want)
		}
	}
}

// FuzzJSON checks that no tokenizer.json makes the reader panic, and that what is taken can be used.
func FuzzJSON(f *testing.F) {
	f.Add(wordPieceJSON(f, []string{"[UNK]", "[CLS]", "[SEP]", "the", "##s"}, Options{}), "thes")
	bytePair := `{"pre_tokenizer":{"type":"ByteLevel"},"added_tokens":[{"id":301,"content":"</s>","lstrip":true}],"model":{"type":"BPE","merges":[["t","h"],"th e"],"vocab":{"<s>":300,"th":302,"the":303`
	for b, r := range byteRunes {
		piece, err := json.Marshal(string(r))
		if err != nil {
			f.Fatal(err)
		}
		bytePair += fmt.Sprintf(",%s:%d", piece, b)
	}
	f.Add(bytePair+"}}}", "the  </s>x")
	f.Fuzz(func(t *testing.T, text, words string) {
		got, err := readJSON([]byte(text), "tokenizer.json")
		if err != nil {
			return
		}
		for _, id := range got.Encode(words).IDs {
			if id < 0 || got.CheckSize(0) == nil {
				t.Fatalf("id %d", id)
			}
		}
	})
}
