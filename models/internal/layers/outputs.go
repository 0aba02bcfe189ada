package layers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// exported matches the outputs of exporters that name layers themselves. The
// suffixes are those of our own exporter for what it adds to the last layer.
var exported = regexp.MustCompile(`^(?:hidden_states[._](\d+)(?:[._](prenorm|branch))?|attentions[._](\d+))$`)

// NamedOutputs lists the outputs of the graph that an exporter named as layers and
// attention maps.
func (x *Graph) NamedOutputs() (layers, attentions []Output) {
	for _, o := range x.Outputs {
		switch m := exported.FindStringSubmatch(o.Name); {
		case m == nil:
		case m[3] != "":
			attentions = append(attentions, Output{Name: m[3], Tensor: o.Name})
		case m[2] != "":
			layers = append(layers, Output{Name: m[1] + "." + m[2], Tensor: o.Name})
		default:
			layers = append(layers, Output{Name: m[1], Tensor: o.Name})
		}
	}
	sortByNumber(layers)
	sortByNumber(attentions)
	return layers, attentions
}

// sortByNumber orders names by their number, a plain one before one with a suffix.
func sortByNumber(list []Output) {
	slices.SortStableFunc(list, func(a, b Output) int {
		if d := number(a.Name) - number(b.Name); d != 0 {
			return d
		}
		return len(a.Name) - len(b.Name)
	})
}

// number is that of a layer: 24 of "24" and of "24.prenorm".
func number(name string) int {
	digits, _, _ := strings.Cut(name, ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// Last is the highest number of a list, and so the number of blocks of layers; -1
// if nothing in it is numbered.
func Last(list []Output) int {
	last := -1
	for _, l := range list {
		last = max(last, number(l.Name))
	}
	return last
}

// Comparison is what the blocks of the graph say of outputs that an exporter
// numbered.
type Comparison struct {
	Outputs []Output // those that were compared, the last one before a final norm as N.prenorm
	After   Output   // where the last one was renamed so: the layer after the norm
	Wrong   []string // in words, each output with the name of another layer
	Unknown []string // outputs with a plain number that are at no place that was found: whether it is right can't be told
	Right   []Output // if there are any: the whole list by the blocks of the graph
}

// Compare holds the numbers of outputs against the layers, or the attention maps,
// that were found in the graph; what is the word for one of them. An output that is none of these may be
// taken at another place in the block, unless its number is beyond the last block.
func (x *Graph) Compare(named, found []Output, what string) Comparison {
	c := Comparison{Outputs: slices.Clone(named)}
	places := map[string]Output{}
	for _, f := range found {
		places[x.origin(f.Tensor)] = f
	}
	outputs := map[string]string{} // name in found -> tensor among the outputs
	for i, l := range named {
		place, ok := places[x.origin(l.Tensor)]
		switch {
		case !ok && number(l.Name) > Last(found):
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s is beyond %s %d, the last", l.Tensor, what, Last(found)))
		case !ok && !strings.Contains(l.Name, "."):
			c.Unknown = append(c.Unknown, l.Tensor)
		case !ok:
		case l.Name != place.Name && place.Name != l.Name+".prenorm":
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s is %s %s", l.Tensor, what, place.Name))
			outputs[place.Name] = l.Tensor
		case place.Name == l.Name+".prenorm":
			c.Outputs[i].Name = place.Name
			c.After = found[slices.IndexFunc(found, func(o Output) bool { return o.Name == l.Name })]
			outputs[place.Name] = l.Tensor
		default:
			outputs[place.Name] = l.Tensor
		}
	}
	if len(c.Wrong) > 0 {
		for _, f := range found {
			if tensor, ok := outputs[f.Name]; ok {
				f.Tensor = tensor
			}
			c.Right = append(c.Right, f)
		}
		return c
	}
	if c.After.Name != "" {
		c.Outputs = append(c.Outputs, c.After)
		sortByNumber(c.Outputs)
		// The file may give the same states under N.prenorm as well.
		c.Outputs = slices.CompactFunc(c.Outputs, func(a, b Output) bool { return a.Name == b.Name })
	}
	return c
}

// origin follows a tensor back through operations that keep its values: an
// exporter gives a copy of a state out, or the state in another shape.
func (x *Graph) origin(tensor string) string {
	for range x.Nodes { // no chain is longer, and a broken file may hold a circle
		i, computed := x.producer[tensor]
		if !computed || !keepsValues(x.Nodes[i].Op) || len(x.Nodes[i].Inputs) == 0 {
			break
		}
		tensor = x.Nodes[i].Inputs[0]
	}
	return tensor
}

func keepsValues(op string) bool {
	switch op {
	case "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Cast", "Dropout":
		return true
	}
	return false
}
