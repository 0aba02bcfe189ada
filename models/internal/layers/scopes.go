package layers

import (
	"regexp"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// A scope is the path of the module that a node belongs to, with slashes:
// "hubert/encoder/layers/3/attention". Both of torch's exporters leave it in
// the file: the older one (TorchScript) in the node's name, the newer one
// (dynamo) in its metadata. Other tools drop it; then it is "".

// nameScopes is the metadata key of the dynamo exporter. Its value is a list in
// Python's notation: [”, 'encoder', 'encoder.layers.0', 'add_9'], the last one
// being the operation itself.
const nameScopes = "pkg.torch.onnx.name_scopes"

var pythonString = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)

func scopeOf(n *onnxproto.Node) string {
	if list := pythonString.FindAllStringSubmatch(n.Metadata[nameScopes], -1); len(list) >= 2 {
		module := list[len(list)-2][1]
		if !strings.HasPrefix(module, "_") { // "_empty_nn_module_stack_from_metadata_hook"
			return strings.ReplaceAll(module, ".", "/")
		}
		return ""
	}
	if at := strings.LastIndexByte(n.Name, '/'); at > 0 && n.Name[0] == '/' {
		return strings.ReplaceAll(n.Name[1:at], ".", "/")
	}
	return ""
}

// within reports whether a scope is the module itself or inside it.
func within(scope, module string) bool {
	return scope == module || strings.HasPrefix(scope, module) && scope[len(module)] == '/'
}

// moduleOutput is what a module hands on: of the tensors made inside it and used
// outside, the one that is made last. (A block of WavLM also hands on its
// position bias, which is made before.) "" if there is none.
func (x *Graph) moduleOutput(module string) string {
	for i := len(x.Nodes) - 1; i >= 0; i-- {
		if !within(x.scopes[i], module) {
			continue
		}
		for _, out := range x.Nodes[i].Outputs {
			if x.outputs[out] || x.usedOutside(out, module) {
				return out
			}
		}
	}
	return ""
}

func (x *Graph) usedOutside(tensor, module string) bool {
	for _, c := range x.consumers[tensor] {
		if !within(x.scopes[c], module) && x.Nodes[c].Op != "Shape" {
			return true
		}
	}
	return false
}
