"""Configurations for models with random weights: the sizes that are published, and tiny ones for tests."""

import json
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    BertConfig,
    Data2VecAudioConfig,
    DistilBertConfig,
    HubertConfig,
    PretrainedConfig,
    UniSpeechSatConfig,
    Wav2Vec2Config,
    WavLMConfig,
)

import beats
import encodecmae
from model import ExportError, Original

_LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
_LAYER_NORM = dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True)
_TINY = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40)
_TINY_AUDIO = _TINY | dict(conv_dim=(8,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4)
_TINY_TEXT = dict(vocab_size=120, max_position_embeddings=64)

PRESETS = {
    "wav2vec2-base": lambda: Wav2Vec2Config(),
    "wav2vec2-large": lambda: Wav2Vec2Config(**_LARGE, **_LAYER_NORM),
    "hubert-base": lambda: HubertConfig(),
    "hubert-large": lambda: HubertConfig(**_LARGE, **_LAYER_NORM),
    "wavlm-base": lambda: WavLMConfig(),
    "wavlm-large": lambda: WavLMConfig(**_LARGE, **_LAYER_NORM),
    "data2vec-audio-base": lambda: Data2VecAudioConfig(),
    "unispeech-sat-base": lambda: UniSpeechSatConfig(),
    "bert-base": lambda: BertConfig(),
    "distilbert-base": lambda: DistilBertConfig(),
    "tiny-wav2vec2": lambda: Wav2Vec2Config(**_TINY_AUDIO),
    "tiny-wav2vec2-layer-norm": lambda: Wav2Vec2Config(**_TINY_AUDIO, **_LAYER_NORM),
    "tiny-hubert": lambda: HubertConfig(**_TINY_AUDIO),
    "tiny-hubert-layer-norm": lambda: HubertConfig(**_TINY_AUDIO, **_LAYER_NORM),
    "tiny-wavlm": lambda: WavLMConfig(**_TINY_AUDIO),
    "tiny-wavlm-layer-norm": lambda: WavLMConfig(**_TINY_AUDIO, **_LAYER_NORM),
    "tiny-data2vec-audio": lambda: Data2VecAudioConfig(**_TINY_AUDIO | dict(num_conv_pos_embeddings=5)),
    "tiny-unispeech-sat": lambda: UniSpeechSatConfig(**_TINY_AUDIO),
    "tiny-unispeech-sat-layer-norm": lambda: UniSpeechSatConfig(**_TINY_AUDIO, **_LAYER_NORM),
    "tiny-bert": lambda: BertConfig(**_TINY, **_TINY_TEXT),
    "tiny-distilbert": lambda: DistilBertConfig(dim=24, n_layers=2, n_heads=3, hidden_dim=40, **_TINY_TEXT),
}


_BEATS = dict(
    model_type="beats", encoder_layers=12, encoder_embed_dim=768, encoder_ffn_embed_dim=3072,
    encoder_attention_heads=12, embed_dim=512, conv_bias=False, conv_pos=128, conv_pos_groups=16, num_buckets=320, max_distance=800, deep_norm=True,
)  # fmt: skip
_ENCODECMAE = dict(model_type="encodecmae", width=768, inner=4096, heads=12, blocks=10)
_TINY_ENCODECMAE = dict(model_type="encodecmae", width=24, inner=40, heads=3, blocks=2)

# These are not transformers' models: their configurations are of our own modules.
OURS = {
    "beats-base": _BEATS,
    "tiny-beats": _BEATS | dict(
        encoder_layers=2, encoder_embed_dim=24, encoder_ffn_embed_dim=40, encoder_attention_heads=3, embed_dim=16,
        conv_pos_groups=4,
    ),
    "encodecmae-v1-base": _ENCODECMAE | dict(encodec=32),
    "encodecmae-v2-mel-base": _ENCODECMAE,
    "tiny-encodecmae-v1": _TINY_ENCODECMAE | dict(encodec=2),
    "tiny-encodecmae-v2-mel": _TINY_ENCODECMAE,
}  # fmt: skip


def config(name: str) -> PretrainedConfig | dict:
    """The preset of that name, or the config.json of a model: a dict for our own modules, else transformers' object."""
    if name in OURS:
        return OURS[name]
    if name in PRESETS:
        return PRESETS[name]()
    path = Path(name)
    if path.suffix != ".json":
        raise ExportError(f"--random {name}: neither a config.json nor a preset (presets: {names()})")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("model_type") in {"beats", "encodecmae"}:
            return values
        return AutoConfig.for_model(**values)
    except (OSError, ValueError, TypeError) as e:
        raise ExportError(f"{path}: {e}") from e


def names() -> str:
    return ", ".join([*PRESETS, *OURS])


def ours(config: dict, name: str, source: str, seed: int) -> Original:
    """One of our own modules with random weights that no test can mistake for trivial ones."""
    torch.manual_seed(seed)
    values = {k: v for k, v in config.items() if k != "model_type"}
    try:
        if config["model_type"] == "beats":
            module: torch.nn.Module = beats.Encoder(values)
        else:
            width = values.pop("encodec", 0)
            encoder = encodecmae.Encoder(128 if width else encodecmae.MELS, **values)
            module = (
                encodecmae.WaveModel(encodecmae.Encodec(width, 128), encoder) if width else encodecmae.MelModel(encoder)
            )
    except (KeyError, TypeError) as e:
        raise ExportError(f"{source}: the configuration does not fit: {e}") from e
    with torch.no_grad():
        for key, p in module.named_parameters():
            p.add_(0.1 * torch.randn_like(p) if p.ndim < 2 else p.std() * torch.randn_like(p))
            if key.endswith(("wq.weight", "wk.weight", "q_proj.weight", "k_proj.weight")):
                p.mul_(2)  # attention that is not uniform
    return (beats if config["model_type"] == "beats" else encodecmae).original(module, name, source)
