package tokenizer

// Encoding is one input of a text model. The four slices have the same length,
// the number of pieces with those at the ends: [CLS] and [SEP], or <s> and </s>.
type Encoding struct {
	IDs     []int64  // what the model is fed
	Tokens  []string // the pieces as the vocabulary has them, "##" or "Ġ" included
	Words   []int    // index of the word each piece belongs to, -1 for the two at the ends
	Offsets [][2]int // code points [from, to) that each piece covers; {0, 0} for the two at the ends
}

func (e *Encoding) truncate(n int) {
	e.IDs, e.Tokens, e.Words, e.Offsets = e.IDs[:n], e.Tokens[:n], e.Words[:n], e.Offsets[:n]
}
