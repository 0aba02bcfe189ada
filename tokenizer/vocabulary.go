package tokenizer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pieces with a meaning of their own. The first three must be in every
// vocabulary; the others are used where they are there.
const (
	unknown   = "[UNK]" // a word that cannot be spelt with the vocabulary
	classify  = "[CLS]" // opens every input
	separator = "[SEP]" // closes every input
	padding   = "[PAD]"
	mask      = "[MASK]"
)

// continuation marks a piece that does not begin a word.
const continuation = "##"

// vocabulary is what was read from a vocab.txt; it never changes afterwards.
type vocabulary struct {
	pieces      []string         // by id, as in the file
	first       map[string]int32 // ids of pieces that begin a word
	later       map[string]int32 // ids of "##" pieces, keyed without the marker
	firstRunes  int              // longest key of first, in code points
	laterRunes  int              // longest key of later
	special     []string         // literals that are never split, of those above
	unk         int32
	cls         int32
	sep         int32
	upperPieces int // pieces with an upper-case letter, the special ones aside
}

// LoadVocabulary reads a BERT vocabulary (vocab.txt, one piece a line, the id is
// the line number from 0) and returns its uncased tokenizer; see
// [WordPiece.WithOptions] for cased models. Errors are those of [ReadVocabulary].
func LoadVocabulary(path string) (*WordPiece, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadVocabulary(f, path)
}

// ReadVocabulary reads a BERT vocabulary from r; file names it in errors. A
// vocabulary is refused, with [Errors] that carry the places, when a line is
// empty, is not UTF-8 or repeats an earlier one (ids after it would be shifted),
// when [UNK], [CLS] or [SEP] is missing, or when the file is one of another kind
// of tokenizer.
func ReadVocabulary(r io.Reader, file string) (*WordPiece, error) {
	v := &vocabulary{first: map[string]int32{}, later: map[string]int32{}}
	var wrong Errors
	in := newLines(r, file)
	head, _ := in.r.Peek(512) // an error comes again from the first line
	if other := otherVocabulary(head); other != "" {
		wrong.add(file, 1, 1, "%s", other)
		return nil, wrong
	}
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if msg, col := v.add(line); msg != "" && !wrong.add(file, in.n, col, "%s", msg) {
			return nil, wrong
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	for _, name := range []string{unknown, classify, separator} {
		if _, ok := v.first[name]; !ok {
			wrong.add(file, max(in.n, 1), 1, "expected the piece %s in the vocabulary, found %d pieces without it; "+
				"this must be the vocab.txt of a BERT checkpoint", name, len(v.pieces))
		}
	}
	if err := wrong.result(); err != nil {
		return nil, err
	}
	v.unk, v.cls, v.sep = v.first[unknown], v.first[classify], v.first[separator]
	for _, name := range []string{unknown, classify, separator, padding, mask} {
		if _, ok := v.first[name]; ok {
			v.special = append(v.special, name)
		}
	}
	return &WordPiece{vocabulary: v}, nil
}

// add takes one line of the file. On a bad line it returns what is wrong and in
// which column.
func (v *vocabulary) add(line []byte) (msg string, col int) {
	// Editors leave blanks at the ends of lines; no piece can end in one, because
	// text is split on them before it is looked up.
	piece := strings.TrimRight(string(line), blanks)
	if piece == "" {
		return "expected one piece a line, found an empty line; if it stands at the end delete it, " +
			"elsewhere every id after it is in doubt: get the file again", 1
	}
	if !utf8.ValidString(piece) {
		return "expected UTF-8, found other bytes; get the file again or convert it", invalidAt(piece) + 1
	}
	keys, key, longest := v.first, piece, &v.firstRunes
	if rest, ok := strings.CutPrefix(piece, continuation); ok && rest != "" {
		keys, key, longest = v.later, rest, &v.laterRunes
	}
	if id, ok := keys[key]; ok {
		return fmt.Sprintf("expected every piece once, found %q again (first on line %d); "+
			"an id must have one piece: get the file again", piece, id+1), 1
	}
	keys[key] = int32(len(v.pieces))
	v.pieces = append(v.pieces, piece)
	*longest = max(*longest, utf8.RuneCountInString(key))
	if !strings.HasPrefix(piece, "[") && strings.IndexFunc(piece, hasLower) >= 0 {
		v.upperPieces++
	}
	return "", 0
}

// hasLower says whether lower-casing would change r. Not all of Unicode's
// upper-case letters have a lower case: ℝ is in the vocabulary of uncased BERT.
func hasLower(r rune) bool { return unicode.ToLower(r) != r }

// invalidAt is the byte offset of the first byte of s that is not UTF-8.
func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return len(s)
}

// Size is the number of pieces; ids are in [0, Size).
func (w *WordPiece) Size() int { return len(w.vocabulary.pieces) }

// Piece is the text of an id, with its "##" where it continues a word. It is
// empty when the id is outside the vocabulary.
func (w *WordPiece) Piece(id int64) string {
	if id < 0 || id >= int64(len(w.vocabulary.pieces)) {
		return ""
	}
	return w.vocabulary.pieces[id]
}

// HasUpperCase says whether any ordinary piece has an upper-case letter, as in
// the vocabularies of cased models. Such a vocabulary read without
// [Options.KeepCase] wastes those pieces, and a vocabulary without them read with
// it turns every capitalised word into [UNK]: callers compare the two and warn.
func (w *WordPiece) HasUpperCase() bool { return w.vocabulary.upperPieces > 0 }

// CheckSize compares the vocabulary with the number of rows of a model's
// embedding. Rows may be Size rounded up to a multiple of 8 to 128, as some
// checkpoints are padded for speed; anything else is an error, because then ids
// mean other words than the model was trained with, or lie outside its table.
func (w *WordPiece) CheckSize(rows int) error {
	size := w.Size()
	for multiple := 1; multiple <= 128; multiple *= 2 {
		if rows == (size+multiple-1)/multiple*multiple {
			return nil
		}
	}
	return fmt.Errorf("the vocabulary has %d pieces but the model's embedding has %d rows: "+
		"they belong to different checkpoints; use the vocab.txt that came with the model", size, rows)
}
