"""EncodecMAE (Pepino et al. 2023, arXiv:2309.07391): the encoder, written for export.

Two generations: v1 takes the 24 kHz waveform through Encodec's convolutional encoder, v2 a mel filter bank. Both encode
chunks of 4 s one by one. Blocks have two streams (ResiDual, Xie et al. 2023): one normed after every sum, one that only
adds up. The checkpoint's names are kept for the parameters.
"""

import math
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn

import checkpoint
import fbank
from model import Card, ExportError, Layer, Original, speech_like

RATE = 24000
CHUNK = 4 * RATE
HOP = 320  # samples of an Encodec frame; v2's masks count in them too, although its mel frames are 318 apart
MEL_SHIFT, MEL_WINDOW, MELS = 318, 637, 256
STRIDES = (2, 4, 5, 8)
MASKED = -1e9  # is added to the score of a masked key
HEADS = {768: 12, 1024: 16}  # of the published sizes: a checkpoint does not say


class Conv(nn.Module):
    """A causal convolution: all padding before, and as much after as makes the last window full, both reflected."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Module()
        self.conv.conv = nn.Conv1d(inputs, outputs, kernel, stride)
        self.before, self.stride = kernel - stride, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        after = -x.shape[-1] % self.stride
        return self.conv.conv(reflect(x, self.before, after))


def reflect(x: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """Reflection padding of the last axis; input that is too short to reflect is extended by zeros first.

    By indices, so that the traced graph holds for every length.
    """
    length = x.shape[-1]
    at = (torch.arange(length + before + after, device=x.device) - before).abs()
    # As long as it must be to reflect `before` samples (`after` is never more).
    extended = torch.clamp(torch.as_tensor(length), min=before + 1)
    at = (extended - 1) - (extended - 1 - at).abs()
    return x[..., at.clamp(max=length - 1)] * (at < length)


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.block = nn.Sequential(nn.ELU(), Conv(width, width // 2, 3), nn.ELU(), Conv(width // 2, width, 1))
        self.shortcut = Conv(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.shortcut(x) + self.block(x)


class Recurrent(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.lstm = nn.LSTM(width, width, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.lstm(x.permute(2, 0, 1))
        return y.permute(1, 2, 0) + x


class Encodec(nn.Module):
    """[batch, samples] -> [batch, ceil(samples / 320), 128] (Defossez et al. 2022, arXiv:2210.13438)."""

    def __init__(self, width: int, dimension: int):
        super().__init__()
        layers: list[nn.Module] = [Conv(1, width, 7)]
        for stride in STRIDES:
            layers += [Residual(width), nn.ELU(), Conv(width, 2 * width, 2 * stride, stride)]
            width *= 2
        layers += [Recurrent(width), nn.ELU(), Conv(width, dimension, 7)]
        self.model = nn.Module()
        self.model.model = nn.Sequential(*layers)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.model.model(samples.unsqueeze(1)).transpose(1, 2)


class Attention(nn.Module):
    """Heads are interleaved: channel c belongs to head c mod heads."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x: torch.Tensor, penalty: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        batch, time, width = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(batch, time, self.size, self.heads).permute(0, 3, 1, 2)

        q, k, v = split(self.wq(x)), split(self.wk(x)), split(self.wv(x))
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(self.size) + penalty, dim=-1)
        return self.wo((weights @ v).permute(0, 2, 3, 1).reshape(batch, time, width)), weights


class Block(nn.Module):
    def __init__(self, width: int, inner: int, heads: int):
        super().__init__()
        self.att_layer = Attention(width, heads)
        self.ff_layer = nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, normed, summed, penalty):
        y, weights = self.att_layer(normed, penalty)
        normed, summed = self.norm1(normed + y), summed + y
        y = self.ff_layer(normed)
        return self.norm2(normed + y), summed + y, weights


class Encoder(nn.Module):
    """Frames before the projection and a penalty on masked keys -> layers and maps, see forward."""

    def __init__(self, features: int, width: int, inner: int, heads: int, blocks: int):
        super().__init__()
        self.feat_projector = nn.Linear(features, width)
        self.scale = nn.Parameter(torch.ones(()))
        self.encoder_layers = nn.ModuleList(Block(width, inner, heads) for _ in range(blocks))
        self.final_norm = nn.LayerNorm(width)

    def forward(self, frames: torch.Tensor, penalty: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The input of the first block; each block's normed stream, the last one with the normed sum added; the last
        one without it; the maps."""
        x = self.feat_projector(frames)
        x = x + self.scale * self._positions(x)
        normed = summed = x
        states, maps = [x], []
        for block in self.encoder_layers:
            normed, summed, weights = block(normed, summed, penalty)
            states.append(normed)
            maps.append(weights)
        states[-1] = normed + self.final_norm(summed)
        return *states, normed, *maps

    def _positions(self, x: torch.Tensor) -> torch.Tensor:
        """[frames, width]: sines in even channels, cosines in odd ones."""
        width = x.shape[-1]
        speed = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        angle = torch.arange(x.shape[1])[:, None] * speed
        return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


class WaveModel(nn.Module):
    """v1: [batch, samples at 24 kHz], one chunk. The frame of an incomplete last window is masked as a key."""

    def __init__(self, encodec: Encodec, encoder: Encoder):
        super().__init__()
        self.wav_encoder, self.visible_encoder = encodec, encoder

    def forward(self, samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
        frames = self.wav_encoder(samples)
        whole = samples.shape[1] // HOP
        penalty = (torch.arange(frames.shape[1]) >= whole) * MASKED
        return self.visible_encoder(frames, penalty)


class MelModel(nn.Module):
    """v2: [batch, frames, 256] normalised mels of one chunk, and a mask [batch, frames]: 1 is attended to."""

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.visible_encoder = encoder

    def forward(self, mel: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.visible_encoder(mel, ((1 - attention_mask) * MASKED)[:, None, None, :])


def load(state: dict[str, torch.Tensor], source: str, heads: int = 0) -> WaveModel | MelModel:
    """A model from a checkpoint's state_dict: its tensors show sizes and generation, but not the number of heads."""
    state = {k.replace("_orig_mod.", ""): v for k, v in state.items()}
    renamed = {_rename(k): v for k, v in state.items() if _rename(k)}
    for key in [k for k in renamed if k.endswith("_g")]:
        renamed = checkpoint.fold_weight_norm(renamed, key.removesuffix("_g"))
    wave = any(k.startswith("wav_encoder.model.") for k in renamed)
    try:
        width, features = renamed["visible_encoder.feat_projector.weight"].shape
        inner = renamed["visible_encoder.encoder_layers.0.ff_layer.0.weight"].shape[0]
    except KeyError as e:
        raise ExportError(
            f"{source}: no tensor {e}: neither EncodecMAE v1 with the Encodec front end nor v2 with mels"
        ) from e
    if not wave and features != MELS:
        raise ExportError(f"{source}: its front end gives {features} features: only v2's {MELS} mels are known")
    heads = heads or HEADS.get(width, 0)
    if not heads or width % heads:
        raise ExportError(f"{source}: a checkpoint of width {width} does not show its heads: give --heads")
    blocks = 1 + max(int(m[1]) for k in renamed if (m := re.match(r"visible_encoder\.encoder_layers\.(\d+)\.", k)))
    encoder = Encoder(features, width, inner, heads, blocks)
    if wave:
        first = renamed["wav_encoder.model.model.0.conv.conv.weight"].shape[0]
        model: WaveModel | MelModel = WaveModel(Encodec(first, features), encoder)
    else:
        model = MelModel(encoder)
    checkpoint.fill(model, renamed, source)
    return model


def heads_of(gin: Path) -> int:
    """NUM_ENCODER_HEADS of the config.gin next to a published checkpoint; 0 if there is none."""
    text = gin.read_text(encoding="utf-8") if gin.is_file() else ""
    found = re.search(r"^\s*NUM_ENCODER_HEADS\s*=\s*(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


_NAMES = {
    "feat_projector.": "visible_encoder.feat_projector.",  # v1
    "wav_encoder.post_net.": "visible_encoder.feat_projector.",  # v2
    "positional_encoder.scale": "visible_encoder.scale",  # v1
    "masker.positional_encoder.scale": "visible_encoder.scale",  # v2
    "wav_encoder.model.": "wav_encoder.model.",
    "visible_encoder.encoder_layers.": "visible_encoder.encoder_layers.",
    "visible_encoder.final_norm.": "visible_encoder.final_norm.",
}


def _rename(key: str) -> str:
    """Our name of a checkpoint's tensor; empty for those that features do not need (decoder, head, targets)."""
    for theirs, ours in _NAMES.items():
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    return ""


def original(model: WaveModel | MelModel, name: str, source: str) -> Original:
    """Card, inputs and reference of a loaded model."""
    model.eval().requires_grad_(False)
    encoder, wave = model.visible_encoder, isinstance(model, WaveModel)
    blocks = encoder.encoder_layers
    n, width, heads = len(blocks), encoder.final_norm.weight.shape[0], blocks[0].att_layer.heads
    names = [*map(str, range(n + 1)), f"{n}.branch"]
    layers = [Layer(x, f"hidden_states.{x}", units=width) for x in names]
    attentions = [Layer(str(i), f"attentions.{i}", heads=heads) for i in range(n)]
    notes = [
        "0 is the input of the first block, which the original does not return",
        f"{n} is the original's default feature, the normed stream plus the normed sum",
        f"{n}.branch is the normed stream alone",
    ]
    card = Card(
        name, "encodecmae", "audio", "samples" if wave else "mel", source, layers, attentions, heads, sample_rate=RATE,
        hop=HOP if wave else MEL_SHIFT, window=HOP if wave else MEL_WINDOW, partial=wave, normalize="none", chunk=CHUNK,
        front_end="" if wave else "encodecmae-mel", mask="" if wave else "attention_mask",
        min_chunk=0 if wave else 2049, notes=notes,
    )  # fmt: skip
    time = {0: "batch", 1: "samples" if wave else "frames"}
    axes = {card.input: time} | ({} if wave else {card.mask: time})
    axes |= {layer.tensor: {0: "batch", 1: "frames"} for layer in layers}
    axes |= {a.tensor: {0: "batch", 2: "frames", 3: "frames"} for a in attentions}

    def feed(x: np.ndarray) -> dict[str, torch.Tensor]:
        if wave:
            return {"samples": torch.from_numpy(x)[None]}
        mel = torch.from_numpy(fbank.encodecmae(x))[None]
        mask = (torch.arange(mel.shape[1]) < len(x) // HOP).long()[None]
        return {"mel": mel, "attention_mask": mask}

    def run(feeds: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            return dict(zip([x.tensor for x in layers + attentions], model(*feeds.values()), strict=True))

    return Original(
        card, model, axes, lambda length, seed: speech_like(length, seed, RATE), feed, run,
        trace_length=24000, lengths=(9600, 19323, 31003),
    )  # fmt: skip
