"""Resampling of an utterance together with its times."""

import numpy as np

from flite import RATE, Segment, Speech


def resample(x: np.ndarray, num: int, den: int) -> np.ndarray:
    """x stretched to num/den of its length: windowed sinc, Hann, 16 zero crossings. int16 in and out."""
    if num == den:
        return x
    n = len(x) * num // den
    cutoff = min(1.0, num / den)
    position = np.arange(n) * den / num
    base = np.floor(position).astype(int)
    half = int(np.ceil(16 / cutoff))
    padded = np.pad(x.astype(np.float64), half + 1)
    y = np.zeros(n)
    for k in range(-half, half + 1):  # in a fixed order, without BLAS: the same bits everywhere
        d = (position - base - k) * cutoff
        window = np.where(np.abs(d) < 16, 0.5 + 0.5 * np.cos(np.pi * d / 16), 0)
        y += padded[base + k + half + 1] * np.sinc(d) * window * cutoff
    return np.clip(np.round(y), -32768, 32767).astype(np.int16)


def warp(speech: Speech, num: int, den: int) -> Speech:
    """The whole utterance resampled, its times with it."""

    def scale(segments: list[Segment]) -> list[Segment]:
        return [Segment(s.start * num / den, min(s.end * num / den, limit), s.label) for s in segments]

    samples = resample(speech.samples, num, den)
    limit = len(samples) / RATE
    return Speech(samples, scale(speech.words), scale(speech.phones))
