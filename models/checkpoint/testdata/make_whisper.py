"""Makes the Whisper checkpoints of this folder, and what the original's encoder computes for them. See make.py.

    .venv-export/bin/python models/checkpoint/testdata/make_whisper.py

NAME.npz holds what audio gives that is padded to the 1 s of these models, cut to its own frames; NAME/own.npz what it gives at its
own length, with silence up to a whole frame. whisper-converted/model.bin is whisper/ as CTranslate2 would keep it.
"""

import pathlib
import struct

import numpy as np
import torch
import transformers as tf
from make import randomise, save, signal

HERE = pathlib.Path(__file__).parent
SIZE = dict(d_model=24, encoder_layers=2, decoder_layers=1, encoder_attention_heads=3, decoder_attention_heads=3, encoder_ffn_dim=40,
            decoder_ffn_dim=8, max_source_positions=50, max_target_positions=4, vocab_size=8, pad_token_id=0, bos_token_id=1, eos_token_id=2,
            decoder_start_token_id=1, use_weighted_layer_sum=False, classifier_proj_size=4)

MODELS = {
    "whisper": (tf.WhisperForConditionalGeneration, tf.WhisperConfig(**SIZE), {}),
    "whisper-v3": (tf.WhisperForAudioClassification, tf.WhisperConfig(**SIZE, num_mel_bins=128), dict(dtype=torch.bfloat16, pickle=True)),
}


def encode(encoder, features, frames):
    """Hidden states and attention maps of the first frames, as the project names them, for a spectrogram of any length."""
    blocks = len(encoder.layers)
    before = {}
    hook = encoder.layer_norm.register_forward_pre_hook(lambda _, args: before.update(x=args[0]))
    positions, size = encoder.embed_positions, encoder.config.max_source_positions
    shorter = torch.nn.Embedding.from_pretrained(positions.weight[: features.shape[-1] // 2])
    encoder.embed_positions, encoder.config.max_source_positions = shorter, len(shorter.weight)
    with torch.no_grad():
        out = encoder(torch.tensor(features), output_hidden_states=True, output_attentions=True)
    encoder.embed_positions, encoder.config.max_source_positions = positions, size
    hook.remove()
    named = {f"hidden_states.{i}": out.hidden_states[i] for i in range(blocks)}
    named |= {f"hidden_states.{blocks}.prenorm": before["x"], f"hidden_states.{blocks}": out.last_hidden_state}
    named = {k: v[0, :frames] for k, v in named.items()}
    return named | {f"attentions.{i}": a[0, :, :frames, :frames] for i, a in enumerate(out.attentions)}


def make(name):
    cls, config, kept = MODELS[name]
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    model = cls(config).eval()
    positions = model.get_encoder().embed_positions.weight if hasattr(model, "get_encoder") else model.encoder.embed_positions.weight
    sinusoids = positions.detach().clone()
    randomise(model)
    with torch.no_grad():
        positions.copy_(sinusoids)
    dtype = kept.get("dtype", torch.float32)
    model.to(dtype).float()
    encoder = model.model.encoder if hasattr(model, "model") else model.encoder
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    extractor = tf.WhisperFeatureExtractor(feature_size=config.num_mel_bins, chunk_length=1)
    extractor.save_pretrained(folder)
    save({k: v.to(dtype) for k, v in model.state_dict().items() if k != "proj_out.weight"}, folder, kept)
    padded, own = {}, {}
    for k, length in enumerate((401, 5000, 16000)):
        x = signal(length, k)
        frames = -(-length // 320)
        padded[f"{k}.input"] = x
        features = extractor(x, sampling_rate=16000, return_tensors="np").input_features
        padded |= {f"{k}.{key}": np.ascontiguousarray(v) for key, v in encode(encoder, features, frames).items()}
        if length == 16000:
            continue
        own[f"{k}.input"] = x
        whole = np.concatenate([x, np.zeros(frames * 320 - length, np.float32)])
        features = extractor(whole, sampling_rate=16000, padding=False, return_tensors="np").input_features
        own |= {f"{k}.{key}": np.ascontiguousarray(v) for key, v in encode(encoder, features, frames).items()}
    np.savez_compressed(HERE / f"{name}.npz", **padded)
    np.savez_compressed(folder / "own.npz", **own)
    return encoder


def convert(encoder, path):
    """The encoder as CTranslate2's model.bin of format 6 keeps it."""
    def text(s):
        return struct.pack("<H", len(s) + 1) + s.encode() + b"\0"

    variables = {"encoder/num_heads": np.array(encoder.config.encoder_attention_heads, np.int8),
                 "encoder/position_encodings/encodings": encoder.embed_positions.weight}

    def add(name, module):
        norm = isinstance(module, torch.nn.LayerNorm)
        variables[f"{name}/{'gamma' if norm else 'weight'}"] = module.weight
        variables[f"{name}/{'beta' if norm else 'bias'}"] = module.bias

    for name in ("conv1", "conv2", "layer_norm"):
        add(f"encoder/{name}", getattr(encoder, name))
    for i, layer in enumerate(encoder.layers):
        attention = layer.self_attn
        stack = [attention.q_proj, attention.k_proj, attention.v_proj]
        name = f"encoder/layer_{i}"
        variables[f"{name}/self_attention/linear_0/weight"] = torch.cat([p.weight for p in stack])
        variables[f"{name}/self_attention/linear_0/bias"] = torch.cat([torch.zeros(len(p.weight)) if p.bias is None else p.bias for p in stack])
        add(f"{name}/self_attention/linear_1", attention.out_proj)
        add(f"{name}/self_attention/layer_norm", layer.self_attn_layer_norm)
        add(f"{name}/ffn/layer_norm", layer.final_layer_norm)
        add(f"{name}/ffn/linear_0", layer.fc1)
        add(f"{name}/ffn/linear_1", layer.fc2)
    out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, value in sorted(variables.items()):
        value = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
        kind = {"float32": 0, "int8": 1}[value.dtype.name]
        out += text(name) + struct.pack("<B", value.ndim) + struct.pack(f"<{value.ndim}I", *value.shape)
        out += struct.pack("<BI", kind, value.nbytes) + value.tobytes()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(out + struct.pack("<I", 0))


if __name__ == "__main__":
    convert(make("whisper"), HERE / "whisper-converted" / "model.bin")
    make("whisper-v3")
