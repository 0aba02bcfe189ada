"""BEATs (Chen et al. 2022, arXiv:2212.09058): the encoder, written for export.

The checkpoint's names are kept for the parameters. Each patch of the filter bank (16 frames x 16 mels) is a token;
blocks are post-norm with deep-norm residuals; one table of relative positions serves all blocks, gated by each block's
query.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import checkpoint
import fbank
from model import Card, ExportError, Layer, Original, speech_like

PATCH = 16  # frames, and mels
BANDS = 128 // PATCH  # tokens of one time step
SHIFT, WINDOW = 160, 400  # samples of the filter bank

# What a checkpoint's cfg must say for this module to be its encoder.
_EXPECTED = {
    "activation_fn": "gelu", "layer_norm_first": False, "relative_position_embedding": True, "gru_rel_pos": True,
    "input_patch_size": PATCH,
}  # fmt: skip


class Attention(nn.Module):
    """Self-attention of one block; returns its output and the weights [batch, heads, queries, keys]."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        self.grep_linear = nn.Linear(self.size, 8)
        self.grep_a = nn.Parameter(torch.ones(1, heads, 1, 1))

    def forward(self, x: torch.Tensor, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        batch, time, width = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(batch, time, self.heads, self.size).transpose(1, 2)

        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        # Two gates a query, from two groups of four outputs: how much of the position bias this query wants.
        a, b = torch.sigmoid(self.grep_linear(q).view(batch, self.heads, time, 2, 4).sum(-1)).split(1, dim=-1)
        gate = a * (b * self.grep_a - 1) + 2
        scores = q @ k.transpose(2, 3) / math.sqrt(self.size) + gate * positions
        weights = torch.softmax(scores, dim=-1)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(batch, time, width)), weights


class Block(nn.Module):
    def __init__(self, width: int, inner: int, heads: int, alpha: float):
        super().__init__()
        self.alpha = alpha
        self.self_attn = Attention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y, weights = self.self_attn(x, positions)
        x = self.self_attn_layer_norm(self.alpha * x + y)
        return self.final_layer_norm(self.alpha * x + self.fc2(F.gelu(self.fc1(x)))), weights


class Encoder(nn.Module):
    """[batch, frames, 128] normalised filter bank -> the input of the first block, each block's output, each map."""

    def __init__(self, cfg: dict):
        super().__init__()
        width, heads, n = cfg["encoder_embed_dim"], cfg["encoder_attention_heads"], cfg["encoder_layers"]
        embed = cfg["embed_dim"]
        self.patch_embedding = nn.Conv2d(1, embed, PATCH, PATCH, bias=cfg["conv_bias"])
        self.layer_norm = nn.LayerNorm(embed)
        self.post_extract_proj = nn.Linear(embed, width) if embed != width else nn.Identity()
        alpha = (2 * n) ** 0.25 if cfg["deep_norm"] else 1.0
        self.encoder = nn.Module()
        self.encoder.pos_conv = nn.Sequential(
            nn.Conv1d(width, width, cfg["conv_pos"], padding=cfg["conv_pos"] // 2, groups=cfg["conv_pos_groups"])
        )
        self.encoder.layers = nn.ModuleList(Block(width, cfg["encoder_ffn_embed_dim"], heads, alpha) for _ in range(n))
        self.encoder.layer_norm = nn.LayerNorm(width)
        self.reach = cfg["max_distance"]
        self.register_buffer("buckets", torch.from_numpy(buckets(cfg["num_buckets"], self.reach)), persistent=False)
        self.encoder.relative_attention_bias = nn.Embedding(cfg["num_buckets"], heads)

    def forward(self, bank: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.patch_embedding(bank.unsqueeze(1)).flatten(2).transpose(1, 2)  # time first, then band
        x = self.post_extract_proj(self.layer_norm(x))
        wave = self.encoder.pos_conv(x.transpose(1, 2))
        if self.encoder.pos_conv[0].kernel_size[0] % 2 == 0:
            wave = wave[:, :, :-1]
        x = self.encoder.layer_norm(x + F.gelu(wave).transpose(1, 2))
        positions = self._positions(x)
        states, maps = [x], []
        for block in self.encoder.layers:
            x, weights = block(x, positions)
            states.append(x)
            maps.append(weights)
        return *states, *maps

    def _positions(self, x: torch.Tensor) -> torch.Tensor:
        """[heads, queries, keys]: the bias of key - query, the same beyond max_distance."""
        at = torch.arange(x.shape[1])
        distance = (at[None, :] - at[:, None]).clamp(-self.reach, self.reach) + self.reach
        return self.encoder.relative_attention_bias(self.buckets[distance]).permute(2, 0, 1)


def buckets(count: int, reach: int) -> np.ndarray:
    """Bucket of each distance -reach..reach (T5): half of them for keys after the query, half of those exact,
    the others growing logarithmically until reach, beyond which all distances share one."""
    half = count // 2
    exact = half // 2
    distance = np.arange(-reach, reach + 1)
    size = np.abs(distance)
    # In float32, as the original: at the edge of a bucket float64 may fall on the other side.
    grown = np.log(np.maximum(size, 1).astype(np.float32) / np.float32(exact)) / np.float32(math.log(reach / exact))
    far = np.minimum(exact + (grown * (half - exact)).astype(np.int64), half - 1)
    return np.where(distance > 0, half, 0) + np.where(size < exact, size, far)


def load(cfg: dict, state: dict[str, torch.Tensor], source: str) -> Encoder:
    """An Encoder from a checkpoint's two parts; refuses what it would compute differently."""
    for key, want in _EXPECTED.items():
        if cfg.get(key, want) != want:
            raise ExportError(f"{source}: cfg {key} is {cfg[key]!r}, only {want!r} is known for BEATs")
    try:
        encoder = Encoder(cfg)
    except KeyError as e:
        raise ExportError(f"{source}: cfg has no {e}: not a BEATs checkpoint, or one of a tokenizer") from e
    state = {k: v for k, v in state.items() if not k.startswith("predictor.")}  # the classifier of fine-tuned models
    state = checkpoint.fold_weight_norm(state, "encoder.pos_conv.0.weight")
    shared = "encoder.layers.{}.self_attn.relative_attention_bias.weight"
    for i in range(cfg["encoder_layers"]):
        table = state.pop(shared.format(i), None)  # every layer repeats the table of the first
        if i == 0 and table is not None:
            state["encoder.relative_attention_bias.weight"] = table
    checkpoint.fill(encoder, state, source)
    return encoder


def original(encoder: Encoder, name: str, source: str) -> Original:
    """Card, inputs and reference of a loaded encoder."""
    encoder.eval().requires_grad_(False)
    blocks = encoder.encoder.layers
    n, width, heads = len(blocks), blocks[0].fc1.in_features, blocks[0].self_attn.heads
    layers = [Layer(str(i), f"hidden_states.{i}", units=width) for i in range(n + 1)]
    attentions = [Layer(str(i), f"attentions.{i}", heads=heads) for i in range(n)]
    card = Card(
        name, "beats", "audio", "fbank", source, layers, attentions, heads, sample_rate=16000,
        hop=PATCH * SHIFT, window=(PATCH - 1) * SHIFT + WINDOW, patches=BANDS, normalize="none", front_end="beats",
        notes=[f"row {BANDS} t + b is time step t, band b (low first); bands share their time step's centre"],
    )  # fmt: skip
    axes = {card.input: {0: "batch", 1: "frames"}}
    axes |= {layer.tensor: {0: "batch", 1: "tokens"} for layer in layers}
    axes |= {a.tensor: {0: "batch", 2: "tokens", 3: "tokens"} for a in attentions}

    def run(feeds: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            return dict(zip([x.tensor for x in layers + attentions], encoder(feeds["fbank"]), strict=True))

    return Original(
        card, encoder, axes, lambda length, seed: speech_like(length, seed, 16000),
        lambda x: {"fbank": torch.from_numpy(fbank.beats(x))[None]}, run,
        trace_length=16000, lengths=(9000, 17200, 41000),
    )  # fmt: skip
