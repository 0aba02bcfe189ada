package layers

// Tables reads the vocabulary and the longest text off the embedding
// tables of a text model: the first is indexed by the token ids, the second, of
// the same width, by positions, which do not depend on what is fed. 0 is not known.
func (x *Graph) Tables(input string) (vocabulary, maxTokens int) {
	tables := map[string][]int64{}
	for i := range x.Initializers {
		if dims := x.Initializers[i].Dims; len(dims) == 2 {
			tables[x.Initializers[i].Name] = dims
		}
	}
	content := x.content()
	for _, name := range x.InputNames() {
		content[name] = true
	}
	var words, positions []int64
	for i := range x.Nodes {
		n := &x.Nodes[i]
		if n.Op != "Gather" || len(n.Inputs) != 2 {
			continue
		}
		dims := tables[n.Inputs[0]]
		switch index := n.Inputs[1]; {
		case dims == nil:
		case words == nil && index == input:
			words = dims
		case words != nil && !content[index] && dims[1] == words[1]:
			positions = dims
		}
	}
	if words != nil {
		vocabulary = int(words[0])
	}
	if positions != nil {
		maxTokens = int(positions[0])
	}
	return vocabulary, maxTokens
}
