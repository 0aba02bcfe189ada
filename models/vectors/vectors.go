// Package vectors reads static word vectors: one vector a word, in the text form
// of GloVe, word2vec and fastText or the binary one of word2vec.
package vectors

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Error is a mistake in a vector file.
type Error struct {
	File      string
	Line, Col int // from 1
	Msg       string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Vectors are static word vectors, one a word, as GloVe, word2vec and fastText
// publish them. They are read-only and safe for concurrent use.
//
// # Case
//
// A word is looked up as it is given, then folded, which is in lower case: "The" finds "The" in
// a file with case (glove.840B) and "the" in one without (glove.6B, glove.42B). Each is tried with
// letters and accents composed and taken apart (Unicode's NFC and NFD), as the file may have either.
//
// The labels of some corpora (LibriSpeech's transcripts) are upper case
// throughout. Their case says nothing, and "THE" as it is given would find in
// glove.840B the vector of a shouted THE. So where most of the words asked for
// are written in capitals alone, the order is turned round: folded first,
// then as given. The same corpus then has the same vectors whether its labels
// are upper or lower case.
type Vectors struct {
	dim        int
	rows       map[string]int // word of the file -> row; wanted during the scan = not seen yet
	blocks     [][]float32    // rows lie in blocks, so that growing copies nothing
	perBlock   int            // rows a block
	held       int            // vectors; a word of which both spellings were found ("The" and "the") counts twice
	lines      int            // vectors in the file, duplicates included
	duplicates int            // lines passed over, their word having been read before
	fold       func(string) string
	lowerFirst bool // a word is looked up folded before it is looked up as given
}

// wanted is the row of a word that was asked for and not yet found.
const wanted = -1

// blockFloats is about the size of a block of rows: 256 KiB.
const blockFloats = 1 << 16

// Open reads the vectors of the words from a file; nil stands for all
// the words of the file. Words whose value is false, and the empty word, are not
// asked for. fold makes words that differ in case alone the same: a word in lower case. Memory is that of the vectors kept, with the case variants that a
// look-up may need; the file is streamed once, also when it is compressed.
//
// The file is text, one word a line: the word, then its numbers, separated by
// blanks or tabs; or it is in word2vec's binary form (binary.go). What it is and
// how it is packed is seen from its first bytes, not its name:
//
//   - as it is;
//   - gzip;
//   - zip with one such file in it. A zip with several (glove.6B.zip) is an error that
//     lists them.
//
// A first line of two integers, "400000 300", is word2vec's header: the number of
// vectors, which must be true, and of dimensions. Otherwise the first line's
// numbers set the dimension. Words may contain blanks (". . ." in glove.840B): the
// last fields are the numbers, what precedes them is the word.
//
// Words are looked up in Unicode's form NFC, whatever the form in the file.
// Of a word that the file has twice the first is kept.
// The numbers are the nearest float32, bit for bit those of strconv.ParseFloat.
//
// Errors about the content are of type *Error, with the place: a line with
// another number of fields, a field that is no number, NaN and infinities, an
// empty file, a line of numbers alone, a file of another form, a compressed file that ends early. In lines of
// words that were not asked for, the fields are counted and not read. A text
// without a header that was cut in its last number cannot be told from a whole one.
func Open(path string, words map[string]bool, fold func(string) string) (*Vectors, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, f.name, words, fold)
}

// newVectors makes the table of the words to find, case variants included.
func newVectors(words map[string]bool, fold func(string) string) *Vectors {
	v := &Vectors{rows: map[string]int{}, fold: fold, lowerFirst: mostlyCapitals(words)}
	for w, asked := range words {
		if asked && w != "" {
			for _, spelling := range v.spellings(w) {
				v.rows[spelling] = wanted
			}
		}
	}
	return v
}

// spellings are those that a file may have of a word, the better one first, in NFC as those of the file are.
func (v *Vectors) spellings(word string) [2]string {
	first, second := norm.NFC.String(word), v.fold(word)
	if v.lowerFirst {
		first, second = second, first
	}
	return [2]string{first, second}
}

// mostlyCapitals says whether more of the words are in capitals alone than have a
// lower-case letter. A majority, since labels such as "<unk>" occur among capitals
// and "I" or "NASA" among the rest.
func mostlyCapitals(words map[string]bool) bool {
	capitals, others := 0, 0
	for w, asked := range words {
		switch upper := strings.ToUpper(w); {
		case !asked:
		case w != upper:
			others++
		case w != strings.ToLower(w):
			capitals++
		}
	}
	return capitals > others
}

// add makes room for one more vector.
func (v *Vectors) add() []float32 {
	if v.perBlock == 0 {
		v.perBlock = max(1, blockFloats/v.dim)
	}
	if v.held%v.perBlock == 0 {
		v.blocks = append(v.blocks, make([]float32, v.perBlock*v.dim))
	}
	v.held++
	return v.row(v.held - 1)
}

func (v *Vectors) row(i int) []float32 {
	at := i % v.perBlock * v.dim
	return v.blocks[i/v.perBlock][at : at+v.dim : at+v.dim]
}

// dropMissing forgets the words that the file did not have.
func (v *Vectors) dropMissing() {
	for w, row := range v.rows {
		if row == wanted {
			delete(v.rows, w)
		}
	}
}

// Dim is the length of a vector.
func (v *Vectors) Dim() int { return v.dim }

// Vector is the vector of a word, [Dim] numbers that must not be changed, and
// whether there is one. See [Vectors] about case.
func (v *Vectors) Vector(word string) ([]float32, bool) {
	for _, spelling := range v.spellings(word) {
		if i, ok := v.rows[spelling]; ok {
			return v.row(i), true
		}
	}
	return nil, false
}
