"""WavLM checkpoints as Microsoft published them (`cfg` and `model` in one .pt), into transformers' classes."""

import re

import torch
from transformers import WavLMConfig, WavLMModel

import checkpoint
import huggingface
from model import ExportError, Original

# Their names -> transformers', in this order.
_NAMES = [
    (r"^mask_emb$", "masked_spec_embed"),
    (r"^layer_norm\.", "feature_projection.layer_norm."),
    (r"^post_extract_proj\.", "feature_projection.projection."),
    (r"^(feature_extractor\.conv_layers\.\d+)\.0\.", r"\1.conv."),
    (r"^(feature_extractor\.conv_layers\.\d+)\.2(\.1)?\.", r"\1.layer_norm."),
    (r"^encoder\.pos_conv\.0\.weight_g$", "encoder.pos_conv_embed.conv.parametrizations.weight.original0"),
    (r"^encoder\.pos_conv\.0\.weight_v$", "encoder.pos_conv_embed.conv.parametrizations.weight.original1"),
    (r"^encoder\.pos_conv\.0\.", "encoder.pos_conv_embed.conv."),
    (r"\.self_attn_layer_norm\.", ".layer_norm."),
    (r"\.self_attn\.grep_a$", ".attention.gru_rel_pos_const"),
    (r"\.self_attn\.grep_linear\.", ".attention.gru_rel_pos_linear."),
    (r"\.self_attn\.relative_attention_bias\.", ".attention.rel_attn_embed."),
    (r"\.self_attn\.", ".attention."),
    (r"\.fc1\.", ".feed_forward.intermediate_dense."),
    (r"\.fc2\.", ".feed_forward.output_dense."),
]

# What a checkpoint's cfg must say for transformers' class to be its model.
_EXPECTED = {"activation_fn": "gelu", "relative_position_embedding": True, "gru_rel_pos": True}


def load(cfg: dict, state: dict[str, torch.Tensor], name: str, source: str, normalize: str) -> Original:
    """cfg's normalize says whether the waveform is normalised; fairseq's constant under the root is 1e-5."""
    for key, want in _EXPECTED.items():
        if cfg.get(key, want) != want:
            raise ExportError(f"{source}: cfg {key} is {cfg[key]!r}, only {want!r} is known for WavLM")
    try:
        convolutions = _convolutions(cfg["conv_feature_layers"])
        large = cfg["extractor_mode"] == "layer_norm"
        config = WavLMConfig(
            hidden_size=cfg["encoder_embed_dim"], num_hidden_layers=cfg["encoder_layers"],
            num_attention_heads=cfg["encoder_attention_heads"], intermediate_size=cfg["encoder_ffn_embed_dim"],
            conv_dim=[c[0] for c in convolutions], conv_kernel=[c[1] for c in convolutions],
            conv_stride=[c[2] for c in convolutions], conv_bias=cfg["conv_bias"],
            feat_extract_norm="layer" if large else "group", do_stable_layer_norm=cfg["layer_norm_first"],
            num_conv_pos_embeddings=cfg["conv_pos"], num_conv_pos_embedding_groups=cfg["conv_pos_groups"],
            num_buckets=cfg["num_buckets"], max_bucket_distance=cfg["max_distance"], attn_implementation="eager",
        )  # fmt: skip
    except KeyError as e:
        raise ExportError(f"{source}: cfg has no {e}: not a WavLM checkpoint") from e
    model = WavLMModel(config)
    renamed = {}
    for key, tensor in state.items():
        for pattern, replacement in _NAMES:
            key = re.sub(pattern, replacement, key)
        renamed[key] = tensor
    checkpoint.fill(model, renamed, source)
    normalize = normalize or ("zero_mean_unit_var" if cfg.get("normalize") else "none")
    return huggingface.original(model, name, source, normalize, epsilon=1e-5)


def _convolutions(text: str) -> list[tuple[int, int, int]]:
    """[(width, kernel, stride), ...] of a text like "[(512,10,5)] + [(512,3,2)] * 4 + [(512,2,2)] * 2"."""
    term = r"\[\s*\((\d+),\s*(\d+),\s*(\d+)\)\s*\](?:\s*\*\s*(\d+))?"
    found = re.findall(term, text)
    if not found or re.sub(term, "", text).replace("+", "").strip():
        raise ExportError(f"cfg conv_feature_layers: {text!r} is not a sum of [(width, kernel, stride)] * n")
    return [(int(w), int(k), int(s)) for w, k, s, n in found for _ in range(int(n or 1))]
