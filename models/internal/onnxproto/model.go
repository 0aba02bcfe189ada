// Package onnxproto reads the structure of an ONNX file without a protobuf
// library and without touching its weights: nodes, inputs, outputs, metadata,
// and the names and sizes of the initializers, whose bytes are skipped by
// their length. A 1.3 GB model is scanned in milliseconds.
//
// [Edit] then makes a model compute other outputs by changing bytes in place
// and appending a few.
//
// Field numbers are those of onnx.proto (ONNX 1.23).
package onnxproto

import "strconv"

// Model is what an ONNX file says about itself.
type Model struct {
	IRVersion       int64
	Producer        string
	ProducerVersion string
	Opsets          map[string]int64 // version by domain; "" is ONNX's own
	Metadata        map[string]string
	Graph           Graph
	Functions       int // model-local functions
	data            []byte
}

// Graph is the main graph.
type Graph struct {
	Name         string
	Nodes        []Node
	Inputs       []Value
	Outputs      []Value
	Values       []Value // shapes that the exporter noted for inner tensors
	Initializers []Initializer
}

// Node is one operation.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Metadata         map[string]string
	tag              int // offset of its tag in the file
	attributes       [][2]int
	data             []byte
}

// Value is an input, an output or an inner tensor. Dims holds -1 for a
// dimension that is named or not given; Element is 0 and Dims nil if the file
// gives no type.
type Value struct {
	Name    string
	Element int
	Dims    []int64
	tag     int
}

// Initializer is a weight. Its bytes lie in the file, or in one beside it.
type Initializer struct {
	Name     string
	Element  int
	Dims     []int64
	External string // file that holds it, relative to the model's folder; "" if it lies inside
	End      int64  // how far its bytes reach into that file; 0 if the model does not say
	tag      int    // offset of its tag in the file
	span     [2]int // of its payload
}

// Elements is the number of elements, at least 0.
func (i *Initializer) Elements() int64 {
	n := int64(1)
	for _, d := range i.Dims {
		if d < 0 || (d > 0 && n > (1<<62)/d) {
			return 0
		}
		n *= d
	}
	return n
}

// Scan reads the structure of the model in data. The result keeps data for
// [Node.Attribute] and [Model.Expose]; it must stay readable as long as those
// are called.
func Scan(data []byte) (*Model, error) {
	m := &Model{Opsets: map[string]int64{}, Metadata: map[string]string{}, data: data}
	c := cursor{data: data, end: len(data)}
	var f field
	graphs := 0
	for c.next(&f) {
		switch f.number {
		case 1:
			m.IRVersion = int64(f.value)
		case 2:
			m.Producer = c.text(&f)
		case 3:
			m.ProducerVersion = c.text(&f)
		case 7:
			graphs++
			m.Graph.scan(&c, &f)
		case 8:
			domain, version := opset(&c, &f)
			m.Opsets[domain] = version
		case 14:
			pair(&c, &f, m.Metadata)
		case 25:
			m.Functions++
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	if graphs == 0 {
		return nil, &Error{Offset: 0, Msg: "there is no graph in it, so it is not an ONNX model"}
	}
	return m, nil
}

func (g *Graph) scan(parent *cursor, at *field) {
	c := parent.message(at)
	var f field
	for c.next(&f) {
		switch f.number {
		case 1:
			g.Nodes = append(g.Nodes, node(&c, &f))
		case 2:
			g.Name = c.text(&f)
		case 5:
			g.Initializers = append(g.Initializers, initializer(&c, &f))
		case 11:
			g.Inputs = append(g.Inputs, value(&c, &f))
		case 12:
			g.Outputs = append(g.Outputs, value(&c, &f))
		case 13:
			g.Values = append(g.Values, value(&c, &f))
		}
	}
	parent.adopt(&c)
}

// adopt takes over the error of a message inside this one.
func (c *cursor) adopt(inner *cursor) {
	if inner.err != nil && c.err == nil {
		c.err = inner.err
	}
}

func node(parent *cursor, at *field) Node {
	n := Node{tag: at.tag, data: parent.data}
	c := parent.message(at)
	var f field
	for c.next(&f) {
		switch f.number {
		case 1:
			n.Inputs = append(n.Inputs, c.text(&f))
		case 2:
			n.Outputs = append(n.Outputs, c.text(&f))
		case 3:
			n.Name = c.text(&f)
		case 4:
			n.Op = c.text(&f)
		case 5:
			if f.wire == wireBytes {
				n.attributes = append(n.attributes, [2]int{f.start, f.end})
			}
		case 7:
			n.Domain = c.text(&f)
		case 9:
			if n.Metadata == nil {
				n.Metadata = map[string]string{}
			}
			pair(&c, &f, n.Metadata)
		}
	}
	parent.adopt(&c)
	return n
}

// Attribute is a node's attribute: integers, a number or a text.
type Attribute struct {
	Ints     []int64
	Int      int64
	Text     string
	Subgraph bool
}

// Attribute looks an attribute up by name.
func (n *Node) Attribute(name string) (Attribute, bool) {
	for _, span := range n.attributes {
		c := cursor{data: n.data, pos: span[0], end: span[1]}
		var a Attribute
		var f field
		found := false
		for c.next(&f) {
			switch f.number {
			case 1:
				found = c.text(&f) == name
			case 3:
				a.Int = int64(f.value)
			case 4:
				a.Text = c.text(&f)
			case 6, 11:
				a.Subgraph = true
			case 8:
				a.Ints = c.ints(&f, a.Ints)
			}
		}
		if found && c.err == nil {
			return a, true
		}
	}
	return Attribute{}, false
}

// HasSubgraph reports whether the node is a branch or a loop, whose inner
// graph may read tensors that Inputs does not list.
func (n *Node) HasSubgraph() bool {
	for _, span := range n.attributes {
		c := cursor{data: n.data, pos: span[0], end: span[1]}
		var f field
		for c.next(&f) {
			if f.number == 6 || f.number == 11 {
				return true
			}
		}
	}
	return false
}

func value(parent *cursor, at *field) Value {
	v := Value{tag: at.tag}
	c := parent.message(at)
	var f field
	for c.next(&f) {
		switch f.number {
		case 1:
			v.Name = c.text(&f)
		case 2:
			v.typ(&c, &f)
		}
	}
	parent.adopt(&c)
	return v
}

// typ reads a TypeProto; only tensors have an element type and dimensions.
func (v *Value) typ(parent *cursor, at *field) {
	c := parent.message(at)
	var f field
	for c.next(&f) {
		if f.number != 1 {
			continue
		}
		tensor := c.message(&f)
		var g field
		for tensor.next(&g) {
			switch g.number {
			case 1:
				v.Element = int(g.value)
			case 2:
				v.Dims = shape(&tensor, &g)
			}
		}
		c.adopt(&tensor)
	}
	parent.adopt(&c)
}

func shape(parent *cursor, at *field) []int64 {
	dims := []int64{}
	c := parent.message(at)
	var f field
	for c.next(&f) {
		if f.number != 1 {
			continue
		}
		size := int64(-1)
		dim := c.message(&f)
		var g field
		for dim.next(&g) {
			if g.number == 1 {
				size = int64(g.value)
			}
		}
		c.adopt(&dim)
		dims = append(dims, size)
	}
	parent.adopt(&c)
	return dims
}

func initializer(parent *cursor, at *field) Initializer {
	i := Initializer{tag: at.tag, span: [2]int{at.start, at.end}}
	c := parent.message(at)
	var f field
	external := false
	entry := map[string]string{}
	for c.next(&f) {
		switch f.number {
		case 1:
			i.Dims = c.ints(&f, i.Dims)
		case 2:
			i.Element = int(f.value)
		case 8:
			i.Name = c.text(&f)
		case 13:
			pair(&c, &f, entry)
		case 14:
			external = f.value == 1
		}
	}
	if external {
		i.External = entry["location"]
		i.End = externalEnd(entry["offset"], entry["length"])
	}
	parent.adopt(&c)
	return i
}

// externalEnd adds offset and length as a model writes them; 0 if it does not say
// how long a weight is.
func externalEnd(offset, length string) int64 {
	n, err := strconv.ParseInt(length, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	at, err := strconv.ParseInt(offset, 10, 64)
	if err != nil { // there is none: the beginning of the file
		at = 0
	}
	return at + n
}

// pair reads a StringStringEntryProto into m.
func pair(parent *cursor, at *field, m map[string]string) {
	var key, val string
	c := parent.message(at)
	var f field
	for c.next(&f) {
		switch f.number {
		case 1:
			key = c.text(&f)
		case 2:
			val = c.text(&f)
		}
	}
	parent.adopt(&c)
	m[key] = val
}

func opset(parent *cursor, at *field) (string, int64) {
	var domain string
	var version int64
	c := parent.message(at)
	var f field
	for c.next(&f) {
		switch f.number {
		case 1:
			domain = c.text(&f)
		case 2:
			version = int64(f.value)
		}
	}
	parent.adopt(&c)
	if domain == "ai.onnx" {
		domain = ""
	}
	return domain, version
}
