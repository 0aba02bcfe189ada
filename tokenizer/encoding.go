package tokenizer

import "fmt"

// MaxPositions is the longest input, [CLS] and [SEP] included, of every published
// BERT: its table of positions has 512 rows.
const MaxPositions = 512

// Encoding is one input of a BERT model. The four slices have the same length,
// the number of pieces with [CLS] and [SEP].
type Encoding struct {
	IDs     []int64  // what the model is fed
	Tokens  []string // the pieces as the vocabulary has them, "##" included
	Words   []int    // index of the word each piece belongs to, -1 for [CLS] and [SEP]
	Offsets [][2]int // code points [from, to) that each piece covers; {0, 0} for [CLS] and [SEP]
}

func (e *Encoding) truncate(n int) {
	e.IDs, e.Tokens, e.Words, e.Offsets = e.IDs[:n], e.Tokens[:n], e.Words[:n], e.Offsets[:n]
}

// Spans gives, for each of n words, its pieces [from, to): the rows of a hidden
// state that are averaged to make the word's. A word without pieces has from = to.
func (e Encoding) Spans(n int) [][2]int {
	spans := make([][2]int, n)
	for i, word := range e.Words {
		if word < 0 || word >= n {
			continue
		}
		if spans[word][1] == 0 { // row 0 is [CLS], so no word's pieces end there
			spans[word][0] = i
		}
		spans[word][1] = i + 1
	}
	return spans
}

// TooLong is the error of an input that has more pieces than the model has
// positions.
type TooLong struct {
	Tokens, Max int
	Word        int // the first word that does not fit whole, with [SEP] after it; -1 if none fails
}

func (e *TooLong) Error() string {
	return fmt.Sprintf("the text has %d tokens, [CLS] and [SEP] included, but the model takes %d: "+
		"word %d is the first that does not fit; split the text before it", e.Tokens, e.Max, e.Word)
}

// CheckLength returns a [*TooLong] error when the input has more pieces than
// positions (0: [MaxPositions]). Nothing is ever cut off silently: a model fed
// beyond its positions fails, and a word that was cut would be averaged from a part.
func (e Encoding) CheckLength(positions int) error {
	if positions == 0 {
		positions = MaxPositions
	}
	if len(e.IDs) <= positions {
		return nil
	}
	err := &TooLong{Tokens: len(e.IDs), Max: positions, Word: -1}
	// The last position is [SEP]'s, so pieces from positions-1 on do not fit.
	if i := max(positions-1, 0); i < len(e.Words) {
		err.Word = e.Words[i]
	}
	return err
}
