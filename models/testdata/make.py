"""Makes the plain ONNX files of this folder and what the original models compute for them.

    .venv-export/bin/python models/testdata/make.py [NAME...] [--out FOLDER] [--without dynamo]

Every model is tiny, has random weights, and is exported as the hubs do it: with its last hidden state (or the logits
of its head) as the only output. NAME.npz holds, for one input, the hidden states and attention maps that the original
returns: 0.input, 0.hidden_states.0, ..., 0.attentions.0, .... Models that are no class of transformers come from
../export/testdata, where their references lie too. The file name says how it was exported:

    full17      by ../export, with all layers and maps as outputs and the card in the metadata
    ts17        TorchScript, opset 17
    sdpa17      the same, with torch's own attention operation, which TorchScript takes apart
    dynamo18    the exporter of torch 2.9 and later
    sdpadynamo23  the same with ONNX's Attention operation, which hides the probabilities
    external17  weights in a file of their own
    stripped17  without the names of nodes and tensors
    fused17     after ONNX Runtime's transformer optimizer, which hides the probabilities too
    quantised17 8-bit weights
    half17      half precision
"""

import argparse
import copy
import pathlib
import sys
import warnings

import numpy as np
import onnx
import torch
import transformers as tf

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "export"))

import export  # noqa: E402
import graph  # noqa: E402
import huggingface  # noqa: E402

warnings.filterwarnings("ignore")

CONV = dict(conv_dim=[8] * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2)
SIZE = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32)
LARGE = dict(do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True)
BERT = dict(vocab_size=50, max_position_embeddings=40)


def audio(config, **more):
    return config(**SIZE, **CONV, **more)


MODELS = {
    "hubert-base": (tf.HubertModel, audio(tf.HubertConfig), ["full17", "ts14", "ts17", "ts20", "dynamo18"]),
    "hubert-large": (tf.HubertModel, audio(tf.HubertConfig, **LARGE), ["full17", "ts14", "ts17", "sdpa17", "dynamo18", "external17", "stripped17"]),
    "hubert-ctc": (tf.HubertForCTC, audio(tf.HubertConfig, vocab_size=12, **LARGE), ["ts17", "dynamo18"]),
    "wav2vec2-base": (tf.Wav2Vec2Model, audio(tf.Wav2Vec2Config), ["full17", "ts17", "dynamo18"]),
    "wav2vec2-ctc": (tf.Wav2Vec2ForCTC, audio(tf.Wav2Vec2Config, vocab_size=12), ["ts17", "dynamo18"]),
    "wav2vec2-large": (tf.Wav2Vec2Model, audio(tf.Wav2Vec2Config, **LARGE), ["full17", "ts17", "dynamo18"]),
    "wavlm-base": (tf.WavLMModel, audio(tf.WavLMConfig), ["full17", "ts14", "ts17", "dynamo18"]),
    "wavlm-large": (tf.WavLMModel, audio(tf.WavLMConfig, **LARGE), ["full17", "ts17", "dynamo18"]),
    "data2vec-audio": (tf.Data2VecAudioModel, audio(tf.Data2VecAudioConfig, conv_pos_kernel_size=3), ["full17", "ts17", "dynamo18"]),
    "unispeech-sat": (tf.UniSpeechSatModel, audio(tf.UniSpeechSatConfig), ["full17", "ts17", "dynamo18"]),
    "bert": (tf.BertModel, tf.BertConfig(**SIZE, **BERT), ["full17", "ts14", "ts17", "sdpa17", "dynamo18", "sdpadynamo23", "stripped14", "fused17", "quantised17", "half17"]),
    "bert-mlm": (tf.BertForMaskedLM, tf.BertConfig(**SIZE, **BERT), ["ts17", "dynamo18"]),
    "distilbert": (tf.DistilBertModel, tf.DistilBertConfig(vocab_size=50, max_position_embeddings=40, dim=16, n_layers=3, n_heads=2, hidden_dim=32), ["full17", "ts17", "dynamo18"]),
}

# Not of transformers: checkpoints in ../export/testdata, the number of heads where that does not show, exports. The newer
# exporter fixes the length of a waveform that Encodec pads by its length.
OURS = {
    "beats": (0, ["ts17", "dynamo18"]),
    "encodecmae-v1": (4, ["ts17"]),
    "encodecmae-v2-mel": (3, ["ts17", "dynamo18"]),
}


class Wrapper(torch.nn.Module):
    """Only the inputs, and only the first output: what a hub's export has."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs):
        out = self.model(**dict(zip(self.names, inputs)))
        return out[0] if isinstance(out, tuple) else next(iter(out.values()))


def randomise(model):
    """Random weights under which nothing is uniform: layer norms and biases too, attention far from flat."""
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in model.named_parameters():
            scale = 0.6 if any(k in name for k in ("q_proj", "k_proj", "query", "key", "q_lin", "k_lin")) else 0.15
            p.add_(torch.randn(p.shape, generator=g) * scale)


def inputs(config, text):
    if text:
        ids = torch.tensor([[2, 17, 9, 33, 4, 41, 3]])
        tensors = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if hasattr(config, "type_vocab_size"):
            tensors["token_type_ids"] = torch.zeros_like(ids)
        return tensors, {n: {0: "batch", 1: "tokens"} for n in tensors}
    t = np.arange(4321) / 16000
    x = np.sin(2 * np.pi * (200 + 900 * t) * t) * (0.3 + 0.2 * np.sin(40 * t)) + 0.05 * np.random.default_rng(3).normal(size=t.size)
    return {"input_values": torch.from_numpy(x.astype(np.float32))[None]}, {"input_values": {0: "batch", 1: "samples"}}


def attentions(model, out, tensors):
    """Per head. WavLM of transformers returns the mean over the heads: there, the probabilities are taken from inside."""
    if "WavLM" not in type(model).__name__:
        return [a[0] for a in out.attentions]
    maps = []
    original = torch.nn.functional.multi_head_attention_forward

    def per_head(*args, **kwargs):
        kwargs["average_attn_weights"] = False
        out, weights = original(*args, **kwargs)
        maps.append(weights[0].detach())
        return out, weights.mean(1)

    torch.nn.functional.multi_head_attention_forward = per_head
    try:
        model(**tensors)
    finally:
        torch.nn.functional.multi_head_attention_forward = original
    return maps


def shorten(path):
    """Leaves out the stack traces and class names, which are two thirds of the file and hold paths of this machine."""
    model = onnx.load(path)
    for node in model.graph.node:
        kept = [p for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    for weight in model.graph.initializer:
        del weight.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, path)


def make(name, folder, without):
    cls, config, exports = MODELS[name]
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    model = cls(config).eval()
    randomise(model)
    text = "Bert" in cls.__name__
    tensors, axes = inputs(config, text)
    fed = dict(tensors)
    if not text:  # the program normalises these itself
        x = fed["input_values"].double()
        fed["input_values"] = ((x - x.mean()) / torch.sqrt(x.var(unbiased=False) + 1e-7)).float()
    with torch.no_grad():
        trunk = getattr(model, model.base_model_prefix, model)
        out = trunk(**fed, output_hidden_states=True, output_attentions=True)
        states = [h[0].numpy() for h in out.hidden_states]
        final = out.last_hidden_state[0].numpy()
        reference = {"0.input": next(iter(tensors.values()))[0].numpy()}
        reference |= {f"0.hidden_states.{i}": h for i, h in enumerate(states[:-1] + [final])}
        if not np.array_equal(states[-1], final):  # transformers 5.16 and later: before the final layer norm
            reference[f"0.hidden_states.{len(states) - 1}.prenorm"] = states[-1]
        reference |= {f"0.attentions.{i}": a.numpy() for i, a in enumerate(attentions(trunk, out, fed))}
    np.savez_compressed(folder / f"{name}.npz", **reference)
    output = "logits" if "For" in cls.__name__ else "last_hidden_state"
    for how in selected(exports, without):
        path, opset = folder / f"{name}.{how}.onnx", int(how[-2:])
        if how == "full17":
            full(model, name, text, path)
            continue
        model.set_attn_implementation("sdpa" if "sdpa" in how else "eager")
        wrapper = Wrapper(model, list(fed)).eval()
        if "dynamo" in how:
            export_dynamo(wrapper, fed, output, path, opset)
        else:
            torch.onnx.export(wrapper, tuple(fed.values()), path, input_names=list(fed), output_names=[output],
                              dynamic_axes=axes, opset_version=opset, dynamo=False)  # fmt: skip
        if kind := VARIANTS.get(how[:-2]):
            kind(path)
        print(path.name, path.stat().st_size)


def selected(exports, without):
    return [how for how in exports if not (without and without in how)]


def full(model, name, text, path):
    """What `pipeline models export` makes of the same weights; the card stays in the metadata alone."""
    original = huggingface.original(model, name, "random weights", "" if text else "zero_mean_unit_var")
    graph.write(original, path, original.lengths)
    path.with_suffix(".card.yaml").unlink()
    model.config.tie_last_hidden_states = True
    print(path.name, path.stat().st_size)


class LastLayer(torch.nn.Module):
    """A module of ../export with the last layer as its only output."""

    def __init__(self, original):
        super().__init__()
        self.module = original.module
        self.at = next(i for i, layer in enumerate(original.card.layers) if layer.name == str(len(original.card.attentions)))

    def forward(self, *inputs):
        return self.module(*inputs)[self.at]


def make_ours(name, folder, without):
    """Plain exports; the card has what no graph shows, such as the front end."""
    heads, exports = OURS[name]
    original = export.load_file(HERE.parent / "export" / "testdata" / f"{name}.pt", name, "", heads)
    fed = original.feed(original.sample(original.trace_length, 0))
    module = LastLayer(original).eval()
    for how in selected(exports, without):
        path, opset = folder / f"{name}.{how}.onnx", int(how[-2:])
        if "dynamo" in how:
            export_dynamo(module, fed, "last_hidden_state", path, opset)
        else:
            torch.onnx.export(module, tuple(fed.values()), path, input_names=list(fed), output_names=["last_hidden_state"],
                              dynamic_axes={k: original.axes[k] for k in fed}, opset_version=opset, dynamo=False)  # fmt: skip
        path.with_suffix(".card.yaml").write_text(plain_card(original.card, how))
        print(path.name, path.stat().st_size)


def plain_card(card, how):
    """What no graph shows. The two streams between EncodecMAE's blocks leave open which one is the layer, so its card names
    the tensors too: the normed one."""
    if card.family != "encodecmae":
        return card.to_yaml().partition("heads:")[0]
    n, encoder = len(card.attentions), "/module/visible_encoder"
    if how == "ts17":
        tensors = [f"{encoder}/Add_output_0"] + [f"{encoder}/encoder_layers.{i}/norm2/LayerNormalization_output_0" for i in range(n - 1)]
        maps = [f"{encoder}/encoder_layers.{i}/att_layer/Softmax_output_0" for i in range(n)]
    else:
        tensors = ["add"] + [f"layer_norm_{2 * i + 1}" for i in range(n - 1)]
        maps = ["softmax"] + [f"softmax_{i}" for i in range(1, n)]
    named = copy.deepcopy(card)
    named.layers = named.layers[: n + 1]
    for layer, tensor in zip(named.layers + named.attentions, [*tensors, "last_hidden_state", *maps], strict=True):
        layer.tensor = tensor
    return named.to_yaml()


def export_dynamo(wrapper, fed, output, path, opset):
    shapes = tuple({1: torch.export.Dim.DYNAMIC} for _ in fed)
    torch.onnx.export(wrapper, tuple(fed.values()), path, input_names=list(fed), output_names=[output], dynamic_shapes=(shapes,),
                      opset_version=opset, dynamo=True, external_data=False)  # fmt: skip
    shorten(path)


def external(path):
    onnx.save(onnx.load(path), path, save_as_external_data=True, location=path.name + ".data", size_threshold=0)


def strip(path):
    model = onnx.load(path)
    keep = {v.name for v in [*model.graph.input, *model.graph.output]}
    names = {}

    def short(tensor):
        return tensor if tensor in keep or not tensor else names.setdefault(tensor, f"t{len(names)}")

    for node in model.graph.node:
        node.name = ""
        node.input[:] = map(short, node.input)
        node.output[:] = map(short, node.output)
    for weight in model.graph.initializer:
        weight.name = short(weight.name)
    del model.graph.value_info[:]
    onnx.save(model, path)


def fuse(path):
    from onnxruntime.transformers import optimizer

    optimizer.optimize_model(str(path), "bert", num_heads=2, hidden_size=16).save_model_to_file(str(path))


def quantise(path):
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(path, path)


def halve(path):
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(path)), path)


VARIANTS = {"external": external, "stripped": strip, "fused": fuse, "quantised": quantise, "half": halve}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*MODELS, *OURS])
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    parser.add_argument("--without", help="exports whose name has this, such as dynamo, which takes most of the time")
    args = parser.parse_args()
    for name in args.names:
        (make if name in MODELS else make_ours)(name, args.out, args.without)
