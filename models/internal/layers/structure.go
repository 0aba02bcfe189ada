package layers

import (
	"fmt"
	"slices"
	"strconv"

	"speechsim/models/internal/onnxproto"
)

// Files whose names were dropped still show their layers: the residual stream is
// the one thing that everything passes through. A tensor that every path from
// the input to the output crosses is called a cut here. Before a block branches
// into query, key and value, the last cut is its input; so layer i is the last
// cut before the i-th Softmax.

// cut is a tensor that every path crosses.
type cut struct {
	node   int
	tensor string
}

// structuralBlocks finds layers and attention maps without any names.
func (x *Graph) structuralBlocks(input string) (Found, error) {
	maps := x.softmaxes(input)
	if len(maps) == 0 {
		for i := range x.Nodes {
			if isFusedAttention(&x.Nodes[i]) {
				return Found{}, fmt.Errorf("%s", fusedReason(&x.Nodes[i]))
			}
		}
		return Found{}, fmt.Errorf("the graph has no Softmax that depends on %q, so it is not a transformer whose layers could be found; "+
			"name the layers in the card", input)
	}
	cuts := x.cuts(input)
	f := Found{Where: "graph: structure (the names of its modules are gone)"}
	var before []int // per map: how many cuts come before it
	for _, m := range maps {
		before = append(before, slices.IndexFunc(append(slices.Clone(cuts), cut{node: len(x.Nodes)}), func(c cut) bool { return c.node > m }))
	}
	for i, n := range before {
		if n == 0 || i > 0 && n == before[i-1] {
			return Found{}, fmt.Errorf("between attention %d and %d no single tensor carries the residual stream; name the layers in the card", i-1, i)
		}
		f.Layers = append(f.Layers, Output{Name: strconv.Itoa(i), Tensor: cuts[n-1].tensor})
		f.Attentions = append(f.Attentions, Output{Name: strconv.Itoa(i), Tensor: x.Nodes[maps[i]].Outputs[0]})
	}
	return f, x.structuralLast(&f, cuts, before)
}

// structuralLast adds the last layer. All blocks have the same number of cuts,
// so in the last one it is the cut of that rank; in a pre-norm model the final
// norm follows.
func (x *Graph) structuralLast(f *Found, cuts []cut, before []int) error {
	blocks := len(before)
	if blocks < 2 {
		return fmt.Errorf("one block alone does not show where it ends; name the layers in the card")
	}
	size := before[1] - before[0]
	for i := 1; i < blocks; i++ {
		if before[i]-before[i-1] != size {
			return fmt.Errorf("block %d has %d tensors in its residual stream, block 0 has %d: they are not alike; name the layers in the card",
				i-1, before[i]-before[i-1], size)
		}
	}
	rest := cuts[before[blocks-1]:]
	if len(rest) < size {
		return fmt.Errorf("the last block has %d tensors in its residual stream, the others %d; name the layers in the card", len(rest), size)
	}
	last := Output{Name: strconv.Itoa(blocks), Tensor: rest[size-1].tensor}
	f.Layers = append(f.Layers, last)
	if !x.isResidual(rest[size-1].node) {
		return nil
	}
	norm := size
	if len(rest) > norm && x.Nodes[rest[norm].node].Op == "Sub" {
		norm += 3 // a LayerNorm of opset 16 and before: Sub, Div, Mul, Add
	}
	if len(rest) <= norm {
		return fmt.Errorf("the blocks are pre-norm, but no norm follows the last one; name the layers in the card")
	}
	f.Layers[blocks].Tensor = rest[norm].tensor
	f.Layers = append(f.Layers, Output{Name: last.Name + ".prenorm", Tensor: last.Tensor})
	return nil
}

// isResidual tells the sum of two computed tensors, which ends a pre-norm block,
// from a norm, which ends a post-norm one (with a weight as its last summand).
func (x *Graph) isResidual(node int) bool {
	n := &x.Nodes[node]
	if n.Op != "Add" {
		return false
	}
	for _, in := range n.Inputs {
		i, computed := x.producer[in]
		if !computed || x.Nodes[i].Op == "Constant" || x.Nodes[i].Op == "Identity" {
			return false
		}
	}
	return true
}

// softmaxes lists the Softmax nodes that depend on the input, in order.
func (x *Graph) softmaxes(input string) []int {
	depends := x.dependent(input)
	var out []int
	for i := range x.Nodes {
		if depends[i] && x.Nodes[i].Op == "Softmax" {
			out = append(out, i)
		}
	}
	return out
}

// readsShape lists the operations that look only at the size of a tensor: what
// they compute does not carry its content.
func readsShape(n *onnxproto.Node) bool { return n.Op == "Shape" || n.Op == "Size" }

// dependent marks the nodes that the content of the inputs reaches.
func (x *Graph) dependent(inputs ...string) []bool {
	carries := map[string]bool{}
	for _, in := range inputs {
		carries[in] = true
	}
	out := make([]bool, len(x.Nodes))
	for i := range x.Nodes {
		n := &x.Nodes[i]
		if readsShape(n) {
			continue
		}
		for _, in := range n.Inputs {
			if carries[in] {
				out[i] = true
				break
			}
		}
		if out[i] {
			for _, o := range n.Outputs {
				carries[o] = true
			}
		}
	}
	return out
}

// cuts sweeps over the nodes in order and notes where one tensor alone carries
// everything that the output still needs.
func (x *Graph) cuts(input string) []cut {
	depends := x.dependent(input)
	sink := x.lastOutput(depends)
	if sink == "" {
		return nil
	}
	needed := x.needed(sink, depends)
	lastUse := map[string]int{} // of tensors that carry content
	for i := range x.Nodes {
		if !needed[i] {
			continue
		}
		for _, in := range x.Nodes[i].Inputs {
			lastUse[in] = i
		}
	}
	lastUse[sink] = len(x.Nodes)
	var out []cut
	live := map[string]bool{input: true}
	for i := range x.Nodes {
		if !needed[i] {
			continue
		}
		for _, in := range x.Nodes[i].Inputs {
			if lastUse[in] == i {
				delete(live, in)
			}
		}
		for _, o := range x.Nodes[i].Outputs {
			if lastUse[o] > i {
				live[o] = true
			}
		}
		if len(live) == 1 {
			for tensor := range live {
				if x.producer[tensor] == i {
					out = append(out, cut{i, tensor})
				}
			}
		}
	}
	return out
}

// lastOutput is the output of the graph that is computed last.
func (x *Graph) lastOutput(depends []bool) string {
	for i := len(x.Nodes) - 1; i >= 0; i-- {
		for _, o := range x.Nodes[i].Outputs {
			if depends[i] && x.outputs[o] {
				return o
			}
		}
	}
	return ""
}

// needed marks the dependent nodes on the way to a tensor.
func (x *Graph) needed(tensor string, depends []bool) []bool {
	out := make([]bool, len(x.Nodes))
	stack := []string{tensor}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		i, ok := x.producer[t]
		if !ok || out[i] || !depends[i] {
			continue
		}
		out[i] = true
		stack = append(stack, x.Nodes[i].Inputs...)
	}
	return out
}
