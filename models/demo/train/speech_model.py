"""Training of the speech models: masked prediction of cluster labels (Hsu et al. 2021, arXiv:2106.07447)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F
from transformers import PreTrainedModel

from targets import HOP, WINDOW

CROP = 40_000  # samples, 2.5 s
BATCH = 12
MASK_PROBABILITY, MASK_SPAN = 0.08, 6  # share of frames where a masked span begins, and its frames
UNMASKED_WEIGHT = 0.3  # of the frames that the model sees; without it so small a model learns little
WARM_UP = 200


@dataclass
class Recipe:
    steps: int
    rate: float
    clusters: int
    seed: int


def train(
    model: PreTrainedModel, waves: list[np.ndarray], labels: list[np.ndarray], recipe: Recipe, log: Callable = print
) -> None:
    """Trains model in place. labels[i] has a cluster for each frame of waves[i]."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    head = torch.nn.Linear(model.config.hidden_size, recipe.clusters)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _schedule(step, recipe.steps))
    long = [i for i, w in enumerate(waves) if len(w) >= WINDOW + 8 * HOP]
    model.train()
    began, losses, hits = time.monotonic(), [], []
    for step in range(1, recipe.steps + 1):
        batch = [_crop(waves[i], labels[i], rng) for i in rng.choice(long, BATCH)]
        x = torch.from_numpy(np.stack([b[0] for b in batch]))
        y = torch.from_numpy(np.stack([b[1] for b in batch]))
        mask = torch.from_numpy(_mask(y.shape, rng))
        out = head(model(x, mask_time_indices=mask).last_hidden_state)
        real = y >= 0
        masked = F.cross_entropy(out[mask & real], y[mask & real])
        seen = F.cross_entropy(out[~mask & real], y[~mask & real])
        loss = masked + UNMASKED_WEIGHT * seen
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(masked.item())
        hits.append((out[mask & real].argmax(-1) == y[mask & real]).float().mean().item())
        if step % 100 == 0:
            spent = time.monotonic() - began
            log(
                f"step {step}: masked loss {np.mean(losses[-100:]):.3f}, hits {np.mean(hits[-100:]):.3f}, {spent:.0f} s"
            )
    model.eval()


def _schedule(step: int, steps: int) -> float:
    """Linear warm-up, then linear to zero."""
    return min((step + 1) / WARM_UP, max(0.0, (steps - step) / (steps - WARM_UP)))


def _crop(wave: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """CROP samples that begin at a frame, and their labels; short utterances are filled with silence of label -1."""
    last = max(0, len(label) - _frames(CROP))
    first = int(rng.integers(0, last + 1))
    x = wave[first * HOP : first * HOP + CROP]
    y = label[first : first + _frames(CROP)]
    x = np.pad(x, (0, CROP - len(x)))
    return x.astype(np.float32), np.pad(y, (0, _frames(CROP) - len(y)), constant_values=-1).astype(np.int64)


def _frames(samples: int) -> int:
    return (samples - WINDOW) // HOP + 1


def _mask(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    starts = rng.random(shape) < MASK_PROBABILITY
    mask = starts.copy()
    for shift in range(1, MASK_SPAN):
        mask[:, shift:] |= starts[:, :-shift]
    return mask


def hidden_states(model: PreTrainedModel, wave: np.ndarray, layer: int) -> np.ndarray:
    """[frames, units] of one utterance."""
    with torch.no_grad():
        out = model(torch.from_numpy(wave.astype(np.float32))[None], output_hidden_states=True)
    return out.hidden_states[layer][0].numpy()
