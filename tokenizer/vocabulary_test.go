package tokenizer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVocabularyErrors(t *testing.T) {
	const wordPieces = "; expected the vocab.txt of a BERT checkpoint, one WordPiece a line; byte pairs are read from a vocab.json with its merges.txt, either kind from a tokenizer.json, each under that name"
	good := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"
	for _, test := range []struct{ name, text, want string }{
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "v.txt:1:1: found a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`"},
		{"empty", "", "v.txt:1:1: expected the piece [UNK] in the vocabulary, found 0 pieces without it; " +
			"this must be the vocab.txt of a BERT checkpoint\n" +
			"v.txt:1:1: expected the piece [CLS] in the vocabulary, found 0 pieces without it; this must be the vocab.txt of a BERT checkpoint\n" +
			"v.txt:1:1: expected the piece [SEP] in the vocabulary, found 0 pieces without it; this must be the vocab.txt of a BERT checkpoint"},
		{"no separator", "[UNK]\n[CLS]\na\n", "v.txt:3:1: expected the piece [SEP] in the vocabulary, found 3 pieces without it; " +
			"this must be the vocab.txt of a BERT checkpoint"},
		{"duplicate", good + "the\nof\nthe\n", `v.txt:7:1: expected every piece once, found "the" again (first on line 5); ` +
			"an id must have one piece: get the file again"},
		{"duplicate continuation", good + "##s\ns\n##s\n", `v.txt:7:1: expected every piece once, found "##s" again (first on line 5); ` +
			"an id must have one piece: get the file again"},
		{"not UTF-8", good + "caf\xe9\n", "v.txt:5:4: expected UTF-8, found other bytes; get the file again or convert it"},
		{"empty line", good + "a\n\nb\n", "v.txt:6:1: expected one piece a line, found an empty line; if it stands at the end delete it, " +
			"elsewhere every id after it is in doubt: get the file again"},
		{"two mistakes", good + "a\na\n\xff\n", `v.txt:6:1: expected every piece once, found "a" again (first on line 5); ` +
			"an id must have one piece: get the file again\nv.txt:7:1: expected UTF-8, found other bytes; get the file again or convert it"},
		{"SentencePiece", "\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02\n\x0c\n\x03<s>\x15", "v.txt:1:1: the file is a SentencePiece model, as T5, XLM-R and ALBERT have" + wordPieces},
		{"SentencePiece's vocabulary", "<unk>\t0\n<s>\t0\n▁the\t-3.5\n", "v.txt:1:1: the file is a vocabulary of SentencePiece, with a score behind each piece" + wordPieces},
		{"tokenizer.json", "{\n  \"version\": \"1.0\",\n", "v.txt:1:1: the file is a tokenizer.json" + wordPieces},
		{"vocab.json", "{\"!\": 0, \"the\": 1}", "v.txt:1:1: the file is JSON, as the vocab.json of byte-pair models (GPT-2, RoBERTa, BART, Whisper)" + wordPieces},
		{"merges.txt", "#version: 0.2\nĠ t\n", "v.txt:1:1: the file is the merges.txt of a byte-pair model (GPT-2, RoBERTa, BART, Whisper)" + wordPieces},
		{"UTF-16", "[\x00P\x00A\x00D\x00]\x00\n\x00", "v.txt:1:1: the file is not text in UTF-8" + wordPieces},
		{"long line", good + strings.Repeat("x", maxLine+1), "v.txt:5:65536: expected lines of at most 65536 bytes, found a longer one; is this a text file?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := ReadVocabulary(strings.NewReader(test.text), "v.txt")
			if err == nil {
				t.Fatalf("got a vocabulary of %d pieces, want an error", w.Size())
			}
			if err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
			if placed := (*Error)(nil); !errors.As(err, &placed) || placed.File != "v.txt" {
				t.Errorf("%T holds no *Error with the file", err)
			}
		})
	}
}

func TestVocabularyErrorsAreBounded(t *testing.T) {
	_, err := ReadVocabulary(strings.NewReader(strings.Repeat("\n", 1000)), "v.txt")
	var wrong Errors
	if !errors.As(err, &wrong) || len(wrong) != maxErrors {
		t.Errorf("got %d errors, want %d", len(wrong), maxErrors)
	}
}

func TestVocabularyForms(t *testing.T) {
	plain := vocabularyOf(t, "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b")
	for name, text := range map[string]string{
		"CR LF":           "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n##b\r\n",
		"byte order mark": "\ufeff[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\n",
		"blanks at ends":  "[PAD]\n[UNK] \n[CLS]\n[SEP]\t\na\n##b  \n",
	} {
		w, err := ReadVocabulary(strings.NewReader(text), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for id := range int64(plain.Size()) {
			if w.Piece(id) != plain.Piece(id) {
				t.Errorf("%s: piece %d is %q, want %q", name, id, w.Piece(id), plain.Piece(id))
			}
		}
	}
	if got := plain.Piece(-1) + plain.Piece(6); got != "" {
		t.Errorf("ids outside the vocabulary have the piece %q", got)
	}
}

func TestLoadVocabulary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vocab.txt")
	if _, err := LoadVocabulary(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
	if err := os.WriteFile(path, []byte("[UNK]\n[CLS]\n[SEP]\nHi\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := LoadVocabulary(path)
	if err != nil {
		t.Fatal(err)
	}
	if w.Size() != 4 || !w.HasUpperCase() {
		t.Errorf("size %d, upper case %t; want 4, true", w.Size(), w.HasUpperCase())
	}
	if got := w.WithOptions(Cased()).Encode("Hi").IDs[1]; got != 3 {
		t.Errorf("cased: id %d, want 3", got)
	}
	if got := w.Encode("Hi").IDs[1]; got != 0 {
		t.Errorf("uncased: id %d, want 0", got)
	}
}

func TestCheckSize(t *testing.T) {
	w := bertVocabulary(t)
	if w.HasUpperCase() {
		t.Error("an uncased vocabulary has upper case")
	}
	for _, rows := range []int{30522, 30524, 30528, 30592} {
		if err := w.CheckSize(rows); err != nil {
			t.Errorf("CheckSize(%d) = %v", rows, err)
		}
	}
	for _, rows := range []int{0, 28996, 30521, 30523, 119547} {
		if err := w.CheckSize(rows); err == nil {
			t.Errorf("CheckSize(%d) = nil, want an error", rows)
		}
	}
}

func TestReadOptions(t *testing.T) {
	for text, want := range map[string]Options{
		`{}`:                        {},
		`{"do_lower_case": true}`:   {},
		`{"do_lower_case": false}`:  Cased(),
		`{"strip_accents": false}`:  {KeepAccents: true},
		`{"strip_accents": null}`:   {},
		`{"model_max_length": 512}`: {},
		`{"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false}`: {KeepCase: true, KeepChinese: true},
	} {
		got, err := ReadOptions(strings.NewReader(text), "c.json")
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                   "c.json:1:1: expected the JSON of a tokenizer_config.json: unexpected end of JSON input",
		"{\n \"do_lower_case\" true}":        "c.json:2:18: expected the JSON of a tokenizer_config.json: invalid character 't' after object key",
		"{\n \"do_lower_case\": \"yes\"}":    "c.json:2:23: expected true or false for \"do_lower_case\", found: string",
		"[]":                                 "c.json:1:1: expected a JSON object, found: array",
		strings.Repeat(" ", maxConfig) + "{": "c.json:0:0: expected a tokenizer_config.json of at most 1048576 bytes, found a longer file",
	} {
		if _, err := ReadOptions(strings.NewReader(text), "c.json"); err == nil || err.Error() != want {
			t.Errorf("%.40q:\ngot  %v\nwant %s", text, err, want)
		}
	}
	if _, err := LoadOptions(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
}
