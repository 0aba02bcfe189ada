"""Makes the checkpoints of this folder, and what the original models compute for them.

    .venv-export/bin/python models/checkpoint/testdata/make.py [NAME...] [--out FOLDER]

Every checkpoint is tiny and has random weights under which nothing is uniform. NAME/ is a folder as transformers saves it;
NAME.npz holds, for three lengths, the input and the hidden states and attention maps of the original: 0.input,
0.hidden_states.0, ..., 0.attentions.0, .... Between them the checkpoints have all ways in which weights are kept: in
float32, float16 and bfloat16, as safetensors in one file and in shards and as a pickle, with either spelling of the weight norm,
with a head and without.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
import transformers as tf
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent

SIZE = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40)
AUDIO = SIZE | dict(conv_dim=[8] * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4)
LARGE = dict(do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True)

# Class, configuration, how the weights are kept.
MODELS = {
    "wav2vec2-base": (tf.Wav2Vec2Model, tf.Wav2Vec2Config(**AUDIO), {}),
    "wav2vec2-ctc": (tf.Wav2Vec2ForCTC, tf.Wav2Vec2Config(**AUDIO, vocab_size=12), dict(dtype=torch.float16)),
    "wav2vec2-large": (tf.Wav2Vec2Model, tf.Wav2Vec2Config(**AUDIO, **LARGE), dict(dtype=torch.bfloat16)),
    "wav2vec2-pretraining": (tf.Wav2Vec2ForPreTraining, tf.Wav2Vec2Config(**AUDIO, **LARGE, num_codevectors_per_group=4, codevector_dim=8, proj_codevector_dim=8), {}),
    "mms": (tf.Wav2Vec2ForCTC, tf.Wav2Vec2Config(**AUDIO, **LARGE, adapter_attn_dim=4, vocab_size=12), {}),
    "hubert-base": (tf.HubertModel, tf.HubertConfig(**AUDIO), dict(spelling="old")),
    "hubert-large": (tf.HubertForCTC, tf.HubertConfig(**AUDIO, **LARGE, vocab_size=12), dict(shards=2)),
    "hubert-batch-norm": (tf.HubertModel, tf.HubertConfig(**AUDIO, conv_pos_batch_norm=True), {}),
    "distilhubert": (tf.HubertModel, tf.HubertConfig(**AUDIO, feat_proj_layer_norm=False), {}),
    "wavlm-base": (tf.WavLMModel, tf.WavLMConfig(**AUDIO), dict(normalize=False)),
    "wavlm-large": (tf.WavLMForCTC, tf.WavLMConfig(**AUDIO, **LARGE, num_buckets=16, max_bucket_distance=12, vocab_size=12), dict(spelling="old")),
    "data2vec-audio": (tf.Data2VecAudioForCTC, tf.Data2VecAudioConfig(**AUDIO | dict(num_conv_pos_embeddings=3, conv_pos_kernel_size=5), vocab_size=12), {}),
    "unispeech-sat": (tf.UniSpeechSatModel, tf.UniSpeechSatConfig(**AUDIO), dict(pickle=True)),
    "unispeech": (tf.UniSpeechModel, tf.UniSpeechConfig(**AUDIO, **LARGE), {}),
}


def randomise(model):
    """No layer norm or bias is trivial, attention is far from flat, and what passes through keeps its size."""
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in model.named_parameters():
            scale = 0.5 if any(k in name for k in ("q_proj", "k_proj", "rel_attn_embed", "gru_rel_pos")) else 0.15
            p.add_(torch.randn(p.shape, generator=g) * scale)
        for name, b in model.named_buffers():
            if name.endswith("running_mean"):
                b.add_(0.2 * torch.randn(b.shape, generator=g))
            if name.endswith("running_var"):
                b.add_(torch.rand(b.shape, generator=g))


def signal(length, seed):
    t = np.arange(length) / 16000
    x = np.sin(2 * np.pi * (150 + 40 * seed + 900 * t) * t) * (0.3 + 0.2 * np.sin(40 * t))
    return (x + 0.05 * np.random.default_rng(seed).normal(size=length)).astype(np.float32)


def forward(model, x):
    """Hidden states and attention maps per head, as the project names them. WavLM's class averages over heads."""
    maps = []
    functional = torch.nn.functional
    averaged = functional.multi_head_attention_forward

    def per_head(*args, **kwargs):
        out, w = averaged(*args, **kwargs, average_attn_weights=False)
        maps.append(w)
        return out, w.mean(1)

    functional.multi_head_attention_forward = per_head
    try:
        with torch.no_grad():
            out = model(x[None], output_hidden_states=True, output_attentions=True)
    finally:
        functional.multi_head_attention_forward = averaged
    n = model.config.num_hidden_layers
    named = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    if getattr(model.config, "do_stable_layer_norm", False):
        named[f"hidden_states.{n}.prenorm"] = named[f"hidden_states.{n}"]
        named[f"hidden_states.{n}"] = out.last_hidden_state
    named |= {f"attentions.{i}": a for i, a in enumerate(maps or out.attentions)}
    return named | convolutions(model, x)


def convolutions(model, x):
    named, x = {}, x[None, None]
    with torch.no_grad():
        for i, layer in enumerate(model.feature_extractor.conv_layers):
            x = layer(x)
            named[f"cnn.{i + 1}"] = x.transpose(1, 2)
    return named


def make(name, out):
    cls, config, kept = MODELS[name]
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    config.tie_last_hidden_states = False
    model = cls(config).eval()
    randomise(model)
    dtype = kept.get("dtype", torch.float32)
    model.to(dtype).float()
    folder = out / name
    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    normalize = kept.get("normalize", True)
    (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": normalize, "sampling_rate": 16000}) + "\n")
    save({k: v.to(dtype) if v.is_floating_point() else v for k, v in model.state_dict().items()}, folder, kept)
    trunk = getattr(model, model.base_model_prefix, model)
    arrays = {}
    for k, length in enumerate((4 * 320 + 401, 8 * 320 + 719, 17 * 320 + 400)):
        x = signal(length, k)
        arrays[f"{k}.input"] = x
        x64 = torch.from_numpy(x).double()
        fed = ((x64 - x64.mean()) / torch.sqrt(x64.var(unbiased=False) + 1e-7)).float() if normalize else torch.from_numpy(x)
        # All of the convolutions would be most of the file: three of them, at the shortest length.
        skip = () if k == 0 else ("cnn.",)
        arrays |= {f"{k}.{key}": np.ascontiguousarray(v[0]) for key, v in forward(trunk, fed).items() if not key.startswith(("cnn.2", "cnn.3", "cnn.4", "cnn.5", *skip))}
    np.savez_compressed(out / f"{name}.npz", **arrays)
    print(name, sum(f.stat().st_size for f in folder.iterdir()), (out / f"{name}.npz").stat().st_size)


def save(state, folder, kept):
    g, v = ("parametrizations.weight.original0", "parametrizations.weight.original1")
    if kept.get("spelling") == "old":
        state = {k.replace(g, "weight_g").replace(v, "weight_v"): t for k, t in state.items()}
    state = {k: t.contiguous() for k, t in state.items()}
    if kept.get("pickle"):
        torch.save(state, folder / "pytorch_model.bin")
        return
    n = kept.get("shards", 1)
    if n == 1:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        return
    files = {k: f"model-{i % n + 1:05d}-of-{n:05d}.safetensors" for i, k in enumerate(state)}
    for file in sorted(set(files.values())):
        save_file({k: t for k, t in state.items() if files[k] == file}, folder / file, metadata={"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*MODELS])
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    args = parser.parse_args()
    for name in args.names:
        make(name, args.out)
