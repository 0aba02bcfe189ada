"""Configurations for models with random weights: the sizes that are published, and tiny ones for tests."""

import json
from pathlib import Path

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

from model import ExportError

_LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
_LAYER_NORM = dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True)
_TINY = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64)
_TINY_AUDIO = _TINY | dict(conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4)
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
    "tiny-data2vec-audio": lambda: Data2VecAudioConfig(**_TINY_AUDIO),
    "tiny-unispeech-sat": lambda: UniSpeechSatConfig(**_TINY_AUDIO),
    "tiny-unispeech-sat-layer-norm": lambda: UniSpeechSatConfig(**_TINY_AUDIO, **_LAYER_NORM),
    "tiny-bert": lambda: BertConfig(**_TINY, **_TINY_TEXT),
    "tiny-distilbert": lambda: DistilBertConfig(dim=32, n_layers=3, n_heads=4, hidden_dim=64, **_TINY_TEXT),
}


def config(name: str) -> PretrainedConfig:
    """The preset of that name, or the config.json of a model in Hugging Face's form."""
    if name in PRESETS:
        return PRESETS[name]()
    path = Path(name)
    if path.suffix != ".json":
        raise ExportError(f'--random {name}: neither a config.json nor a preset (presets: {", ".join(PRESETS)})')
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return AutoConfig.for_model(**values)
    except (OSError, ValueError, TypeError) as e:
        raise ExportError(f"{path}: {e}") from e
