"""Models of the transformers library: wav2vec 2.0 and its relatives, BERT and DistilBERT."""

import contextlib
import math
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel

from model import Card, ExportError, Layer, Original, speech_like, zero_mean_unit_var

# Its report of a head's unused tensors is not for our users: what matters is checked below.
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

AUDIO = {"wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech-sat"}
TEXT = {"bert", "distilbert"}


def load(source: str, name: str, normalize: str = "") -> Original:
    """A checkpoint folder or id; a task head on top of the layers is left out. normalize overrides the checkpoint's."""
    config = _config(source)
    try:
        model, info = AutoModel.from_pretrained(
            source, config=config, attn_implementation="eager", dtype=torch.float32, output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are an error below, with their names
            **_without_pooler(config),
        )  # fmt: skip
    except Exception as e:  # the library has no common base of its errors for truncated, absent or contradicting files
        raise ExportError(f"{source}: {_first_line(e)}") from e
    missing = sorted(k for k in info["missing_keys"] if "masked_spec_embed" not in k)
    if missing:
        raise ExportError(
            f"{source}: the checkpoint lacks {len(missing)} tensors of {type(model).__name__}: {missing[:3]}"
        )
    if mismatched := info["mismatched_keys"]:
        raise ExportError(
            f"{source}: tensors of another shape than config.json says: {sorted(map(str, mismatched))[:3]}"
        )
    # Where a folder lies on this machine says nothing to who gets the card.
    known_as = Path(source).resolve().name if Path(source).is_dir() else source
    return original(model, name, known_as, normalize or _normalize(source, config), Path(source) / "vocab.txt")


def random(config: PretrainedConfig, name: str, source: str, seed: int, normalize: str = "") -> Original:
    """A model with random weights that behaves like a trained one where it matters for tests.

    The library's default leaves attention nearly uniform and all layers alike. Here matrices keep the size of what
    passes through them (standard deviation 1/sqrt(width)), queries and keys are doubled, no bias or norm is trivial.
    """
    torch.manual_seed(seed)
    width = config.hidden_size
    config.initializer_range = 1 / math.sqrt(width)
    config._attn_implementation = "eager"
    model = AutoModel.from_config(config, dtype=torch.float32, **_without_pooler(config))
    with torch.no_grad():
        for key, p in model.named_parameters():
            if p.ndim == 1 and "original" not in key:
                p.add_(0.1 * torch.randn_like(p))
            elif any(part in key for part in ("q_proj.weight", "k_proj.weight", "query.weight", "key.weight")) or (
                key.endswith(("q_lin.weight", "k_lin.weight"))
            ):
                p.mul_(2)
            elif "gru_rel_pos" in key or "rel_attn_embed" in key:
                p.add_(0.5 * torch.randn_like(p))
    return original(model, name, source, normalize or _normalize("", config))


def original(
    model: PreTrainedModel, name: str, source: str, normalize: str, vocabulary: Path | None = None, epsilon: float = 0
) -> Original:
    """Describes a loaded model: card, wrapper, reference. epsilon is the normalisation's, 0: transformers' 1e-7."""
    model.eval().requires_grad_(False)
    config = model.config
    # With this hidden_states ends with the last block's output; _Wrapper adds what the final norm makes of it.
    config.tie_last_hidden_states = False
    if config.model_type in AUDIO:
        return _audio(model, name, source, normalize, epsilon)
    return _text(model, name, source, vocabulary)


def _config(source: str) -> PretrainedConfig:
    try:
        config = AutoConfig.from_pretrained(source)
    except Exception as e:
        raise ExportError(f"{source}: no checkpoint folder or id that transformers can read: {_first_line(e)}") from e
    if config.model_type not in AUDIO | TEXT:
        known = ", ".join(sorted(AUDIO | TEXT))
        raise ExportError(
            f'{source}: model_type "{config.model_type}" in config.json is not known here (known: {known})'
        )
    if getattr(config, "add_adapter", False):
        config.add_adapter = False  # it comes after the last layer
    return config


def _without_pooler(config: PretrainedConfig) -> dict:
    return {"add_pooling_layer": False} if config.model_type == "bert" else {}


def _first_line(e: Exception) -> str:
    return (str(e).strip() or type(e).__name__).splitlines()[0]


def _normalize(source: str, config: PretrainedConfig) -> str:
    """From preprocessor_config.json; without one, as transformers' published checkpoints of the family have it."""
    if config.model_type in TEXT:
        return ""
    if source:
        with contextlib.suppress(OSError):
            extractor = transformers.AutoFeatureExtractor.from_pretrained(source)
            if extractor.sampling_rate != 16000:
                raise ExportError(f"{source}: preprocessor_config.json says {extractor.sampling_rate} Hz, want 16000")
            return "zero_mean_unit_var" if extractor.do_normalize else "none"
    return "none" if config.model_type == "wavlm" and config.feat_extract_norm == "group" else "zero_mean_unit_var"


class _Wrapper(torch.nn.Module):
    """The model as a function from tensors to a flat tuple of layers and attentions: what the exporter can trace."""

    def __init__(self, model: PreTrainedModel, inputs: list[str]):
        super().__init__()
        self.model, self.inputs = model, inputs
        self.eval()  # the exporter restores the wrapper's mode, and the model's with it

    def forward(self, *args: torch.Tensor) -> tuple[torch.Tensor, ...]:
        feeds = dict(zip(self.inputs, args, strict=True))
        with _per_head(self.model) as heads:
            out = self.model(**feeds, output_hidden_states=True, output_attentions=True)
        states = list(out.hidden_states)
        if _final_norm(self.model.config):
            states.insert(-1, out.last_hidden_state)
        return *states, *(heads or out.attentions)


def _final_norm(config: PretrainedConfig) -> bool:
    """Whether the last hidden state exists twice: before and after a final norm."""
    return bool(getattr(config, "do_stable_layer_norm", False))


@contextlib.contextmanager
def _per_head(model: PreTrainedModel):
    """Attention of each head where the model's class averages it over heads (WavLM).

    Inside, torch's attention function gives the weights of each head to the yielded list; its first output is the same.
    """
    weights: list[torch.Tensor] = []
    if model.config.model_type != "wavlm":
        yield weights
        return
    functional = torch.nn.functional
    averaged = functional.multi_head_attention_forward

    def each_head(*args, **kwargs):
        output, w = averaged(*args, **kwargs, average_attn_weights=False)
        weights.append(w)
        return output, w.mean(dim=1)

    functional.multi_head_attention_forward = each_head
    try:
        yield weights
    finally:
        functional.multi_head_attention_forward = averaged


def _layers(config: PretrainedConfig) -> tuple[list[Layer], list[Layer]]:
    n, units, heads = config.num_hidden_layers, config.hidden_size, config.num_attention_heads
    layers = [Layer(str(i), f"hidden_states.{i}", units=units) for i in range(n + 1)]
    if _final_norm(config):
        layers.append(Layer(f"{n}.prenorm", f"hidden_states.{n}.prenorm", units=units))
    return layers, [Layer(str(i), f"attentions.{i}", heads=heads) for i in range(n)]


def _never_pad(config: PretrainedConfig) -> str:
    """Why no mask makes padding exact for this model; empty if one does."""
    if config.model_type == "data2vec-audio":
        return "stacked positional convolutions carry the padding into real frames"
    if config.feat_extract_norm == "group":
        return "the group norm over time sees the padding"
    return ""


def _audio(model: PreTrainedModel, name: str, source: str, normalize: str, epsilon: float) -> Original:
    config = model.config
    hop, window = 1, 1
    for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    why_not = _never_pad(config)
    masked = not why_not
    layers, attentions = _layers(config)
    card = Card(
        name, config.model_type, "audio", "input_values", source, layers, attentions, config.num_attention_heads,
        sample_rate=16000, hop=hop, window=window, normalize=normalize,
        epsilon=epsilon if normalize != "none" else 0, mask="attention_mask" if masked else "",
    )  # fmt: skip
    if _final_norm(config):
        n = config.num_hidden_layers
        card.notes.append(f"{n} is after the final layer norm, {n}.prenorm before it")
    if why_not:
        card.notes.append(f"never pad: {why_not}")

    def feed(samples: np.ndarray) -> dict[str, torch.Tensor]:
        x = zero_mean_unit_var(samples, epsilon or 1e-7) if normalize == "zero_mean_unit_var" else samples
        tensors = {"input_values": torch.from_numpy(x)[None]}
        if masked:
            tensors["attention_mask"] = torch.ones(1, len(x), dtype=torch.int64)
        return tensors

    axes = {card.input: {0: "batch", 1: "samples"}}
    if masked:
        axes[card.mask] = {0: "batch", 1: "samples"}
    return Original(
        card, _Wrapper(model, list(axes)), _with_outputs(axes, card, "frames"),
        lambda length, seed: speech_like(length, seed, 16000), feed, _reference(model),
        trace_length=20 * hop + window, lengths=(14 * hop + window - 80, 23 * hop + window + 77, 38 * hop + window + 3),
    )  # fmt: skip


def _text(model: PreTrainedModel, name: str, source: str, vocabulary: Path | None) -> Original:
    config = model.config
    if vocabulary is not None and vocabulary.exists():
        entries = len(vocabulary.read_text(encoding="utf-8").splitlines())
        if entries > config.vocab_size:
            raise ExportError(f"{vocabulary}: {entries} entries, but the embedding has {config.vocab_size} rows")
    layers, attentions = _layers(config)
    card = Card(
        name, config.model_type, "text", "input_ids", source, layers, attentions, config.num_attention_heads,
        mask="attention_mask", vocabulary=config.vocab_size, max_tokens=config.max_position_embeddings,
    )  # fmt: skip

    def sample(length: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, config.vocab_size, length)

    def feed(ids: np.ndarray) -> dict[str, torch.Tensor]:
        tensor = torch.from_numpy(ids.astype(np.int64))[None]
        return {"input_ids": tensor, "attention_mask": torch.ones_like(tensor)}

    axes = {key: {0: "batch", 1: "tokens"} for key in ("input_ids", "attention_mask")}
    return Original(
        card, _Wrapper(model, list(axes)), _with_outputs(axes, card, "tokens"), sample, feed,
        _reference(model), trace_length=9, lengths=(5, 12, 23),
    )  # fmt: skip


def _with_outputs(axes: dict, card: Card, time: str) -> dict:
    for layer in card.layers:
        axes[layer.tensor] = {0: "batch", 1: time}
    for attention in card.attentions:
        axes[attention.tensor] = {0: "batch", 2: time, 3: time}
    return axes


def _reference(model: PreTrainedModel):
    """The original's own forward pass, without the wrapper that is exported."""

    def run(feeds: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        with torch.no_grad(), _per_head(model) as heads:
            out = model(**feeds, output_hidden_states=True, output_attentions=True)
        n = model.config.num_hidden_layers
        result = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
        if _final_norm(model.config):
            result[f"hidden_states.{n}.prenorm"] = out.hidden_states[n]
            result[f"hidden_states.{n}"] = out.last_hidden_state
        elif not torch.equal(out.hidden_states[n], out.last_hidden_state):
            raise ExportError(f"{type(model).__name__}: the last hidden state is not the last layer's output")
        return result | {f"attentions.{i}": a for i, a in enumerate(heads or out.attentions)}

    return run
