"""Makes the checkpoints of text models in this folder, and what the original models compute for them.

    .venv-export/bin/python models/checkpoint/testdata/text/make.py [NAME...] [--out FOLDER]

Every checkpoint is tiny and has random weights under which nothing is uniform. NAME/ is a folder as transformers saves it;
NAME.npz holds, for three texts, the token ids and the hidden states and attention maps of the original: 0.input,
0.hidden_states.0, ..., 0.attentions.0, .... Between them the checkpoints have weights with a head and without, the names that
checkpoints converted from TensorFlow have, a folder of sentence-transformers, and half precision.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import torch
import transformers as tf

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import make as audio  # noqa: E402

SIZE = dict(vocab_size=50, max_position_embeddings=40, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40)
DISTIL = dict(vocab_size=50, max_position_embeddings=40, dim=24, n_layers=2, n_heads=3, hidden_dim=40)

# Class, configuration, how the weights are kept.
MODELS = {
    "bert": (tf.BertModel, tf.BertConfig(**SIZE), {}),
    "bert-mlm": (tf.BertForMaskedLM, tf.BertConfig(**SIZE, hidden_act="gelu_new", layer_norm_eps=1e-5), dict(pickle=True, renamed=True)),
    "minilm": (tf.BertModel, tf.BertConfig(**SIZE), dict(dtype=torch.float16, sentences=True)),
    "roberta": (tf.RobertaForMaskedLM, tf.RobertaConfig(**SIZE | dict(max_position_embeddings=32, type_vocab_size=1, layer_norm_eps=1e-5)), {}),
    "distilbert": (tf.DistilBertModel, tf.DistilBertConfig(**DISTIL), {}),
    "distilbert-classes": (tf.DistilBertForSequenceClassification, tf.DistilBertConfig(**DISTIL, activation="relu"), {}),
}


def randomise(model):
    """No layer norm or bias is trivial, attention is far from flat, and what passes through keeps its size."""
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in model.named_parameters():
            scale = 0.5 if any(k in name for k in ("query", "key", "q_lin", "k_lin")) else 0.15
            p.add_(torch.randn(p.shape, generator=g) * scale)


def make(name, out):
    cls, config, kept = MODELS[name]
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    model = cls(config).eval()
    randomise(model)
    dtype = kept.get("dtype", torch.float32)
    model.to(dtype).float()
    folder = out / name
    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    state = {k: v.to(dtype) for k, v in model.state_dict().items() if ".decoder." not in k}  # tied to others
    if kept.get("renamed"):
        state = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in state.items()}
        state["bert.embeddings.position_ids"] = torch.arange(config.max_position_embeddings)[None]
    if kept.get("sentences"):
        (folder / "modules.json").write_text(json.dumps([{"idx": 0, "type": "sentence_transformers.models.Transformer"}]) + "\n")
    audio.save(state, folder, kept)
    trunk = getattr(model, model.base_model_prefix, model)
    arrays = {}
    for k, length in enumerate((3, 11, 30)):
        ids = np.random.default_rng(k).integers(2, 50, length)
        if config.model_type == "roberta" and length == 11:
            ids[4] = config.pad_token_id  # written in a text, it has no place of its own
        with torch.no_grad():
            o = trunk(torch.from_numpy(ids)[None], output_hidden_states=True, output_attentions=True)
        arrays[f"{k}.input"] = ids
        arrays |= {f"{k}.hidden_states.{i}": h[0].numpy() for i, h in enumerate(o.hidden_states)}
        arrays |= {f"{k}.attentions.{i}": a[0].numpy() for i, a in enumerate(o.attentions)}
    np.savez_compressed(out / f"{name}.npz", **arrays)
    print(name, sum(f.stat().st_size for f in folder.iterdir()), (out / f"{name}.npz").stat().st_size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*MODELS])
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    args = parser.parse_args()
    for name in args.names:
        make(name, args.out)
