"""What the exporter knows of a model: its card, its inputs, its outputs, and the original to compare with."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch


class ExportError(Exception):
    """Something that the user can mend: the message says what was found and what to do."""


@dataclass
class Layer:
    """One output. Name as results call it ("7", "24.prenorm"), tensor as the graph calls it."""

    name: str
    tensor: str
    units: int = 0  # layers
    heads: int = 0  # attentions


@dataclass
class Card:
    """How to feed a model and what comes out: written next to it as NAME.card.yaml."""

    name: str
    family: str
    kind: str  # audio | text
    input: str
    source: str
    layers: list[Layer]
    attentions: list[Layer]
    heads: int
    sample_rate: int = 0
    hop: int = 0  # samples from frame to frame
    window: int = 0  # samples that a frame's convolutions see
    normalize: str = ""  # zero_mean_unit_var | none
    epsilon: float = 0  # added to the variance; 0: 1e-7
    front_end: str = ""  # beats | encodecmae-mel: what turns samples into the input; empty: the samples are the input
    partial: bool = False  # a last window that is not full makes a frame too
    patches: int = 0  # rows of one time step; 0: one
    chunk: int = 0  # samples that are encoded at a time; 0: the whole utterance
    min_chunk: int = 0  # a last chunk of fewer samples is dropped
    mask: str = ""  # name of the mask input; empty: none
    vocabulary: int = 0
    max_tokens: int = 0
    notes: list[str] = field(default_factory=list)

    def to_yaml(self) -> str:
        """The card as YAML: zero and empty fields are left out, layers are one line each."""
        lines = []
        for key in (
            "name", "family", "kind", "sample_rate", "hop", "window", "partial", "normalize", "epsilon", "front_end",
            "patches", "chunk", "min_chunk", "input", "mask", "vocabulary", "max_tokens", "heads",
        ):  # fmt: skip
            if value := getattr(self, key):
                lines.append(f"{key}: {_scalar(value)}")
        for key in ("layers", "attentions"):
            lines.append(f"{key}:")
            for layer in getattr(self, key):
                size = f"units: {layer.units}" if layer.units else f"heads: {layer.heads}"
                lines.append(f'  - {{name: "{layer.name}", tensor: {layer.tensor}, {size}}}')
        lines.append(f"source: {_scalar(self.source)}")
        if self.notes:
            lines.append("notes:")
            lines += [f"  - {_scalar(note)}" for note in self.notes]
        return "\n".join(lines) + "\n"


def _scalar(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) or value.replace("_", "").isalnum():
        return str(value)
    return json.dumps(value, ensure_ascii=False)


@dataclass
class Original:
    """A model in PyTorch, ready to be exported.

    module is traced: it takes the tensors of `feed` in the order of `axes` and returns the card's outputs, layers first.
    """

    card: Card
    module: torch.nn.Module
    axes: dict[str, dict[int, str]]  # inputs and outputs -> their dynamic axes
    sample: Callable[[int, int], np.ndarray]  # (length, seed) -> samples or ids, as a user would bring them
    feed: Callable[[np.ndarray], dict[str, torch.Tensor]]  # what the graph is fed with for them
    run: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]  # the original's own forward pass
    trace_length: int
    lengths: tuple[int, ...]  # of the references: none of them the traced one

    @property
    def outputs(self) -> list[str]:
        return [layer.tensor for layer in self.card.layers + self.card.attentions]


def speech_like(length: int, seed: int, rate: int) -> np.ndarray:
    """A test signal of many frequencies: gliding harmonics with loud and quiet syllables, and noise; in [-1, 1]."""
    noise = np.random.default_rng(seed)
    t = np.arange(length) / rate
    pitch = 110 + 20 * seed + 25 * np.sin(2 * np.pi * 1.3 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    x = sum(np.sin(k * phase + k) / k for k in range(1, 25))
    x = 0.1 * x * (0.55 + 0.45 * np.sin(2 * np.pi * 3.7 * t)) + 0.01 * noise.standard_normal(length)
    return x.astype(np.float32)


def zero_mean_unit_var(x: np.ndarray, epsilon: float = 1e-7) -> np.ndarray:
    """Over the whole utterance, population variance, as transformers' Wav2Vec2FeatureExtractor."""
    x64 = x.astype(np.float64)
    return ((x64 - x64.mean()) / np.sqrt(x64.var() + epsilon)).astype(np.float32)
