package tokenizer

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Tokenizer is a [WordPiece] or a [BytePair].
type Tokenizer interface {
	Encode(text string) Encoding
	CheckSize(rows int) error
	Options() Options
}

// hubTokenizer is a tokenizer.json, as far as it can be told apart from what the two tokenizers of this package do.
type hubTokenizer struct {
	Normalizer *struct {
		Type    string `json:"type"`
		Clean   *bool  `json:"clean_text"`
		Chinese *bool  `json:"handle_chinese_chars"`
		Strip   *bool  `json:"strip_accents"`
		Lower   *bool  `json:"lowercase"`
	} `json:"normalizer"`
	Words *struct {
		Type  string `json:"type"`
		Blank bool   `json:"add_prefix_space"`
		Regex *bool  `json:"use_regex"`
	} `json:"pre_tokenizer"`
	Added []struct {
		ID         int32  `json:"id"`
		Text       string `json:"content"`
		BlanksLeft bool   `json:"lstrip"`
		Blanks     bool   `json:"rstrip"`
		WholeWord  bool   `json:"single_word"`
	} `json:"added_tokens"`
	Model struct {
		Type         string          `json:"type"`
		Vocabulary   json.RawMessage `json:"vocab"`
		Merges       []hubMerge      `json:"merges"`
		Continuation string          `json:"continuing_subword_prefix"`
		End          string          `json:"end_of_word_suffix"`
		Unknown      string          `json:"unk_token"`
		Longest      *int            `json:"max_input_chars_per_word"`
		Dropout      *float64        `json:"dropout"`
		ByteFallback bool            `json:"byte_fallback"`
		WholeFirst   bool            `json:"ignore_merges"`
	} `json:"model"`
}

// hubMerge is a pair, written as a list of two or with a blank between them.
type hubMerge [2]string

func (m *hubMerge) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return json.Unmarshal(data, (*[2]string)(m))
	}
	left, right, ok := strings.Cut(text, " ")
	if *m = (hubMerge{left, right}); !ok {
		return fmt.Errorf("expected two pieces with a blank between them, found %q", text)
	}
	return nil
}

// LoadJSON reads a tokenizer.json, in which newer versions of transformers keep a whole tokenizer. One that does anything else
// than a [WordPiece] or a [BytePair] is refused, with what that is.
func LoadJSON(path string) (Tokenizer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readBounded(f, path, "tokenizer.json", maxVocabulary)
	if err != nil {
		return nil, err
	}
	return readJSON(data, path)
}

func readJSON(data []byte, file string) (Tokenizer, error) {
	var h hubTokenizer
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, &Error{File: file, Line: 1, Col: 1, Msg: fmt.Sprintf("expected the JSON of a tokenizer.json: %v", err)}
	}
	var t Tokenizer
	var err error
	switch h.Model.Type {
	case "WordPiece":
		t, err = h.wordPiece(file)
	case "BPE":
		t, err = h.bytePair(file)
	default:
		err = fmt.Errorf("expected a model of type WordPiece or BPE, found %q", h.Model.Type)
	}
	if err != nil {
		return nil, inFile(err, file)
	}
	return t, nil
}

// inFile gives an error a place, unless it has one.
func inFile(err error, file string) error {
	switch err.(type) {
	case *Error, Errors:
		return err
	}
	return &Error{File: file, Line: 1, Col: 1, Msg: err.Error()}
}

// pieces reads the vocabulary of the model and the pieces added to it.
func (h *hubTokenizer) pieces(file string) (*pairs, error) {
	p := &pairs{ids: map[string]int32{}, joined: map[[2]int32]joint{}}
	if err := p.readVocabulary(h.Model.Vocabulary, file+": model.vocab"); err != nil {
		return nil, err
	}
	for _, a := range h.Added {
		id, known := p.ids[a.Text]
		switch {
		case a.Blanks || a.WholeWord:
			return nil, fmt.Errorf("the added token %q has rstrip or single_word, which can't be read", a.Text)
		case a.Text == "" || known && id != a.ID || p.Piece(int64(a.ID)) != "" && !known:
			return nil, fmt.Errorf("the added token %q has id %d, which is another's, or another in the vocabulary", a.Text, a.ID)
		case a.ID < 0 || int(a.ID) >= min(len(p.pieces)+maxGap, maxPieces):
			return nil, fmt.Errorf("the added token %q has id %d, far from those of the vocabulary, which end at %d", a.Text, a.ID, len(p.pieces)-1)
		case !known:
			p.ids[a.Text] = a.ID
			p.pieces = append(p.pieces, make([]string, max(0, int(a.ID)+1-len(p.pieces)))...)
			p.pieces[a.ID] = a.Text
		}
	}
	return p, nil
}

func (h *hubTokenizer) wordPiece(file string) (Tokenizer, error) {
	n, longest := h.Normalizer, h.Model.Longest
	switch {
	case n == nil || n.Type != "BertNormalizer" || !isSet(n.Clean, true):
		return nil, fmt.Errorf("expected the BertNormalizer with clean_text: only BERT's preparation of text can be read")
	case h.Words == nil || h.Words.Type != "BertPreTokenizer":
		return nil, fmt.Errorf("expected the BertPreTokenizer: only BERT's words can be read")
	case h.Model.Continuation != continuation || h.Model.Unknown != unknown || longest != nil && *longest != maxWordRunes:
		return nil, fmt.Errorf("expected continuing_subword_prefix %q, unk_token %q and max_input_chars_per_word %d, as BERT has them", continuation, unknown, maxWordRunes)
	}
	p, err := h.pieces(file)
	if err != nil {
		return nil, err
	}
	for _, a := range h.Added {
		if a.BlanksLeft || !slices.Contains(specials, a.Text) {
			return nil, fmt.Errorf("the added token %q can't be read: of a WordPiece only %s can", a.Text, strings.Join(specials, " "))
		}
	}
	v := newVocabulary()
	for id, piece := range p.pieces {
		if msg, _ := v.add([]byte(piece)); msg != "" {
			return nil, fmt.Errorf("the piece of id %d: %s", id, msg)
		}
	}
	w, err := v.finish(file, 1)
	if err != nil {
		return nil, err
	}
	lower := isSet(n.Lower, true)
	return w.WithOptions(Options{KeepCase: !lower, KeepAccents: !isSet(n.Strip, lower), KeepChinese: !isSet(n.Chinese, true)}), nil
}

func (h *hubTokenizer) bytePair(file string) (Tokenizer, error) {
	switch m := h.Model; {
	case h.Normalizer != nil:
		return nil, fmt.Errorf("the normalizer %q can't be read: text of byte pairs is taken as it stands", h.Normalizer.Type)
	case h.Words == nil || h.Words.Type != "ByteLevel" || !isSet(h.Words.Regex, true):
		return nil, fmt.Errorf("expected the pre_tokenizer ByteLevel with use_regex: only byte pairs of GPT-2 and RoBERTa can be read")
	case m.Continuation != "" || m.End != "" || m.Dropout != nil || m.ByteFallback || m.WholeFirst:
		return nil, fmt.Errorf("continuing_subword_prefix, end_of_word_suffix, dropout, byte_fallback or ignore_merges is set, which can't be read")
	}
	p, err := h.pieces(file)
	if err != nil {
		return nil, err
	}
	if err := p.finish(file); err != nil {
		return nil, err
	}
	p.special = nil
	for _, a := range h.Added {
		p.special = append(p.special, literal{a.Text, a.ID, a.BlanksLeft})
	}
	slices.SortFunc(p.special, func(a, b literal) int { return strings.Compare(a.text, b.text) })
	for rank, m := range h.Model.Merges {
		if msg := p.join(m[0], m[1], rank); msg != "" {
			return nil, fmt.Errorf("merge %d: %s", rank+1, msg)
		}
	}
	return &BytePair{Options{BlankFirst: h.Words.Blank}, p}, nil
}
