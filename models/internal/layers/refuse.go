package layers

import (
	"fmt"
	"regexp"
	"strings"

	"speechsim/models/internal/onnxproto"
)

// Refuse rejects files whose activations would not be those of the model they
// were made from.
func Refuse(scan *onnxproto.Model) error {
	for i := range scan.Graph.Nodes {
		if n := &scan.Graph.Nodes[i]; quantised(n.Op) {
			return fmt.Errorf("the file is quantised (operation %s, node %q), so its activations are not those of the model: "+
				"take the float32 file (on the hubs: model.onnx, without a suffix) or make it of the checkpoint with `pipeline models import CHECKPOINT --out NAME.onnx`",
				n.Op, n.Name)
		}
	}
	if err := refuseDecoder(Index(&scan.Graph).InputNames()); err != nil {
		return err
	}
	for i := range scan.Graph.Initializers {
		if w := &scan.Graph.Initializers[i]; w.Element == float16 || w.Element == bfloat16 {
			return halfPrecision("weight", w.Name)
		}
	}
	for _, o := range scan.Graph.Outputs {
		if o.Element == float16 || o.Element == bfloat16 {
			return halfPrecision("output", o.Name)
		}
	}
	return nil
}

// ofDecoder matches the inputs that decoders have: what an encoder or an earlier step gave, and the tokens so far beside
// what was heard.
var ofDecoder = regexp.MustCompile(`^(past([._].*)?|past_(key|value).*|encoder_(hidden_states|attention_mask|outputs).*|decoder_.*|use_cache.*|cache_position)$`)

// refuseDecoder rejects a graph that is fed step by step.
func refuseDecoder(inputs []string) error {
	for _, name := range inputs {
		if ofDecoder.MatchString(name) {
			return fmt.Errorf("the graph is a decoder or has one: its input %q takes what comes from an encoder or from earlier steps, and the program feeds a whole utterance at once; "+
				"take the encoder alone (on the hubs: encoder_model.onnx), or export the model without its cache", name)
		}
	}
	return nil
}

// ONNX's numbers of the half-precision types.
const float16, bfloat16 = 10, 16

func halfPrecision(what, name string) error {
	return fmt.Errorf("%s %q is half precision, in which layer norms overflow without a sign: "+
		"take the float32 file or make it of the checkpoint with `pipeline models import CHECKPOINT --out NAME.onnx`", what, name)
}

func quantised(op string) bool {
	return strings.HasPrefix(op, "QLinear") || strings.HasPrefix(op, "DynamicQuantize") || strings.HasSuffix(op, "Integer") ||
		strings.HasSuffix(op, "NBits") || strings.HasSuffix(op, "BnB4") || op == "QuantizeLinear" || op == "DequantizeLinear" ||
		strings.HasPrefix(op, "QAttention") || strings.HasPrefix(op, "QGemm")
}
