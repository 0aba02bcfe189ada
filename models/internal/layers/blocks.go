package layers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// maxBlocks bounds what a number in a name can cost; no model has as many layers.
const maxBlocks = 10000

// stack is a list of transformer blocks: modules prefix/0, prefix/1, ...
type stack struct {
	prefix string
	blocks int
	maps   map[int][]int // block -> its attention nodes
}

// isAttention recognises the node that computes attention probabilities, or
// hides them.
func isAttention(n *onnxproto.Node) bool {
	return n.Op == "Softmax" || isFusedAttention(n)
}

func isFusedAttention(n *onnxproto.Node) bool {
	return strings.HasSuffix(n.Op, "Attention") // ai.onnx Attention; com.microsoft Attention, MultiHeadAttention, ...
}

// stacks finds the numbered modules that hold attention: for every attention
// node, each number in its scope is a candidate for the block's. crossed are those
// with two in every block, as a decoder has that also attends to an encoder.
func (x *Graph) stacks() (plain, crossed []*stack) {
	byPrefix := map[string]*stack{}
	for i := range x.Nodes {
		if !isAttention(&x.Nodes[i]) {
			continue
		}
		parts := strings.Split(x.scopes[i], "/")
		for k := 1; k < len(parts); k++ {
			number, err := strconv.Atoi(parts[k])
			if err != nil || number < 0 || number > maxBlocks {
				continue
			}
			prefix := strings.Join(parts[:k], "/")
			s := byPrefix[prefix]
			if s == nil {
				s = &stack{prefix: prefix, maps: map[int][]int{}}
				byPrefix[prefix] = s
			}
			s.maps[number] = append(s.maps[number], i)
			s.blocks = max(s.blocks, number+1)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(byPrefix)) {
		switch s := byPrefix[prefix]; {
		case s.complete(1):
			plain = append(plain, s)
		case s.complete(2):
			crossed = append(crossed, s)
		}
	}
	// What holds a stack is no stack beside it.
	crossed = slices.DeleteFunc(crossed, func(c *stack) bool {
		return slices.ContainsFunc(plain, func(p *stack) bool { return within(p.prefix, c.prefix) })
	})
	return plain, crossed
}

// complete reports whether every block has so many attention nodes.
func (s *stack) complete(attentions int) bool {
	for i := 0; i < s.blocks; i++ {
		if len(s.maps[i]) != attentions {
			return false
		}
	}
	return true
}

func (s *stack) module(i int) string { return s.prefix + "/" + strconv.Itoa(i) }

// parent is the module that holds the stack: "encoder" of "encoder/layers".
func (s *stack) parent() string {
	if at := strings.LastIndexByte(s.prefix, '/'); at >= 0 {
		return s.prefix[:at]
	}
	return ""
}

// namedBlocks finds layers and attention maps by the modules' names.
// ok is false when the graph has no such names.
func (x *Graph) namedBlocks() (f Found, ok bool, err error) {
	plain, crossed := x.stacks()
	if len(plain) == 0 {
		return Found{}, false, nil
	}
	if stacks := slices.Concat(plain, crossed); len(stacks) > 1 {
		var names []string
		for _, s := range stacks {
			names = append(names, fmt.Sprintf("%s (%d blocks)", s.prefix, s.blocks))
		}
		return Found{}, true, fmt.Errorf("the graph has more than one stack of blocks with attention: %s; "+
			"say in the card which tensors are the layers", strings.Join(names, ", "))
	}
	s := plain[0]
	f.Where = fmt.Sprintf("graph: modules %s/0 to %d", s.prefix, s.blocks-1)
	outputs := make([]string, s.blocks)
	for i := range outputs {
		if outputs[i] = x.moduleOutput(s.module(i)); outputs[i] == "" {
			return Found{}, true, fmt.Errorf("nothing leaves module %s of the graph: name the layers in the card", s.module(i))
		}
		if i > 0 && !x.entersModule(outputs[i-1], s.module(i)) {
			return Found{}, true, fmt.Errorf("tensor %s, which leaves module %s, does not enter %s: name the layers in the card",
				outputs[i-1], s.module(i-1), s.module(i))
		}
	}
	first, err := x.stackInput(s, outputs)
	if err != nil {
		return Found{}, true, err
	}
	f.Layers = append(f.Layers, Output{Name: "0", Tensor: first})
	for i, tensor := range outputs {
		f.Layers = append(f.Layers, Output{Name: strconv.Itoa(i + 1), Tensor: tensor})
	}
	x.finalNorm(s, &f)
	x.namedMaps(s, &f)
	return f, true, nil
}

func (x *Graph) entersModule(tensor, module string) bool {
	for _, c := range x.consumers[tensor] {
		if within(x.scopes[c], module) {
			return true
		}
	}
	return false
}

// stackInput finds layer 0: the tensor that stands in block 0 where the output
// of block 0 stands in block 1. Counterparts in the two blocks are nodes of the
// same operation and rank within the same inner module.
func (x *Graph) stackInput(s *stack, outputs []string) (string, error) {
	if s.blocks == 1 {
		return x.onlyInput(s.module(0))
	}
	type role struct {
		scope, op string
		rank, arg int
	}
	// roles calls visit for every input of every node inside a module.
	roles := func(module string, visit func(role, string)) {
		rank := map[[2]string]int{}
		for i := range x.Nodes {
			if !within(x.scopes[i], module) {
				continue
			}
			key := [2]string{strings.TrimPrefix(x.scopes[i], module), x.Nodes[i].Op}
			for arg, in := range x.Nodes[i].Inputs {
				visit(role{key[0], key[1], rank[key], arg}, in)
			}
			rank[key]++
		}
	}
	wanted := map[role]bool{}
	roles(s.module(1), func(r role, in string) {
		if in == outputs[0] {
			wanted[r] = true
		}
	})
	content := x.content()
	votes := map[string]int{}
	roles(s.module(0), func(r role, in string) {
		if wanted[r] && content[in] && !x.madeInside(in, s.module(0)) {
			votes[in]++
		}
	})
	best, tie := "", false
	for tensor, n := range votes {
		switch {
		case best == "" || n > votes[best]:
			best, tie = tensor, false
		case n == votes[best]:
			tie = true
		}
	}
	if best == "" {
		return "", fmt.Errorf("no tensor enters module %s as %s enters module %s (more than one stream may run between the blocks): name the layers in the card",
			s.module(0), outputs[0], s.module(1))
	}
	if tie {
		return "", fmt.Errorf("the input of module %s is ambiguous among %s: name layer 0 in the card",
			s.module(0), strings.Join(slices.Sorted(maps.Keys(votes)), ", "))
	}
	return best, nil
}

// content marks the tensors that carry what is fed, not just its size.
func (x *Graph) content() map[string]bool {
	marks := map[string]bool{}
	depends := x.dependent(x.InputNames()...)
	for i := range x.Nodes {
		if depends[i] {
			for _, o := range x.Nodes[i].Outputs {
				marks[o] = true
			}
		}
	}
	return marks
}

func (x *Graph) madeInside(tensor, module string) bool {
	i, ok := x.producer[tensor]
	return ok && within(x.scopes[i], module)
}

// onlyInput is layer 0 of a model with one block: the tensor from outside that
// the most nodes of the block use.
func (x *Graph) onlyInput(module string) (string, error) {
	uses := map[string]int{}
	for i := range x.Nodes {
		if !within(x.scopes[i], module) || x.Nodes[i].Op == "Shape" {
			continue
		}
		for _, in := range x.Nodes[i].Inputs {
			if _, computed := x.producer[in]; computed && !x.madeInside(in, module) {
				uses[in]++
			}
		}
	}
	best, second := "", 0
	for tensor, n := range uses {
		if best == "" || n > uses[best] {
			best, second = tensor, uses[best]
		} else {
			second = max(second, n)
		}
	}
	if best == "" || second == uses[best] {
		return "", fmt.Errorf("the input of module %s could not be determined: name layer 0 in the card", module)
	}
	return best, nil
}

// normNames are the siblings of a stack that normalise what leaves its last
// block in a pre-norm model.
var normNames = []string{"layer_norm", "final_layer_norm", "layernorm", "norm", "ln_f", "LayerNorm"}

// finalNorm adds the last layer of a pre-norm model twice: after the norm under
// its number, before it as N.prenorm.
func (x *Graph) finalNorm(s *stack, f *Found) {
	last := &f.Layers[len(f.Layers)-1]
	for _, name := range normNames {
		module := strings.TrimPrefix(s.parent()+"/"+name, "/")
		if !x.entersModule(last.Tensor, module) {
			continue
		}
		if out := x.moduleOutput(module); out != "" && out != f.Layers[0].Tensor {
			prenorm := Output{Name: last.Name + ".prenorm", Tensor: last.Tensor}
			last.Tensor = out
			f.Layers = append(f.Layers, prenorm)
			return
		}
	}
}

// namedMaps takes the output of each block's Softmax.
func (x *Graph) namedMaps(s *stack, f *Found) {
	for i := 0; i < s.blocks; i++ {
		n := &x.Nodes[s.maps[i][0]]
		if isFusedAttention(n) {
			f.Attentions, f.NoMaps = nil, fusedReason(n)
			return
		}
		f.Attentions = append(f.Attentions, Output{Name: strconv.Itoa(i), Tensor: n.Outputs[0]})
	}
}

func fusedReason(n *onnxproto.Node) string {
	domain := n.Domain
	if domain == "" {
		domain = "ai.onnx"
	}
	return fmt.Sprintf("attention is fused into one operation (%s %s, node %q), which does not give its probabilities out; "+
		"make it of the checkpoint with `pipeline models import CHECKPOINT --out NAME.onnx`, or export it again (eager attention, opset 17)", domain, n.Op, n.Name)
}
