package tokenizer

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
