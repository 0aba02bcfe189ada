"""Training speech: sentences of the grammar, none of the demo corpus, spoken by flite's voices at random lengths."""

import random
import sys
from pathlib import Path

import numpy as np

_ROOT = Path(__file__).resolve().parents[3]
sys.path += [str(_ROOT / "models" / "demo" / "make"), str(_ROOT / "corpus" / "demo" / "make")]
import grammar
from flite import RATE, VOICES, Flite
from warp import resample

SEED = 21
MINUTES = 84
# A voice is resampled to between 0.9 and 1.1 of its length, in steps that need few filter phases.
LENGTHS = [(n, 20) for n in range(18, 23)]


def synthesize(path: Path, minutes: float = MINUTES) -> None:
    """Writes path (.npz): `samples`, all utterances in a row, int16 at 16 kHz, and `ends`, where each one ends."""
    rng, flite = random.Random(SEED), Flite()
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < minutes * 60 * RATE:
        text = grammar.sentence(rng)
        if "read" in text.split():  # flite names it "red", and its words are compared
            continue
        speech = flite.say(text, VOICES[len(parts) % len(VOICES)])
        parts.append(resample(speech.samples, *rng.choice(LENGTHS)))
    np.savez(path, samples=np.concatenate(parts), ends=np.cumsum([len(p) for p in parts]))


def load(path: Path) -> list[np.ndarray]:
    """The utterances as the models take them: float32, zero mean and unit variance each."""
    with np.load(path) as f:
        parts = np.split(f["samples"], f["ends"][:-1])
    waves = [p.astype(np.float32) / 32768 for p in parts]
    return [(w - w.mean()) / np.sqrt(w.var() + 1e-7) for w in waves]
