"""What the speech models learn to predict: clusters of acoustic frames, cut as the convolutions cut them."""

import numpy as np

HOP, WINDOW, RATE = 320, 400, 16000
_FFT, _MELS, _CEPSTRA = 512, 40, 13


def log_mel(wave: np.ndarray) -> np.ndarray:
    """[frames, 40] of an utterance; frame i sees samples [320 i, 320 i + 400)."""
    frames = (len(wave) - WINDOW) // HOP + 1
    rows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[: frames * HOP : HOP]
    power = np.abs(np.fft.rfft(rows * np.hanning(WINDOW), _FFT)) ** 2
    return np.log(power @ _filters().T + 1e-6).astype(np.float32)


def _filters() -> np.ndarray:
    def mel(f):
        return 1127 * np.log1p(f / 700)

    edges = np.linspace(mel(60), mel(RATE / 2), _MELS + 2)
    bins = mel(np.arange(_FFT // 2 + 1) * RATE / _FFT)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))


def mfcc_with_deltas(wave: np.ndarray) -> np.ndarray:
    """[frames, 39]: 13 cepstra, mean and variance of the utterance normalised, with first and second differences."""
    k = np.arange(_CEPSTRA)[:, None]
    cosines = np.cos(np.pi * k * (np.arange(_MELS) + 0.5) / _MELS)
    c = log_mel(wave) @ cosines.T
    c = (c - c.mean(axis=0)) / (c.std(axis=0) + 1e-3)
    return np.concatenate([c, _delta(c), 2 * _delta(_delta(c))], axis=1).astype(np.float32)


def _delta(x: np.ndarray) -> np.ndarray:
    """Slope over five frames."""
    p = np.pad(x, ((2, 2), (0, 0)), mode="edge")
    return (2 * (p[4:] - p[:-4]) + p[3:-1] - p[1:-3]) / 10


def stacked_log_mel(wave: np.ndarray) -> np.ndarray:
    """[frames, 280]: normalised log-mel of the frame and three on either side."""
    x = log_mel(wave)
    x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-3)
    p = np.pad(x, ((3, 3), (0, 0)), mode="edge")
    return np.concatenate([p[i : i + len(x)] for i in range(7)], axis=1)


def principal(rows: list[np.ndarray], dimensions: int) -> list[np.ndarray]:
    """The rows of all utterances on their first principal components, each of unit variance."""
    mean = np.mean([r.mean(axis=0) for r in rows], axis=0)
    covariance = sum((r - mean).T @ (r - mean) for r in rows) / sum(map(len, rows))
    values, vectors = np.linalg.eigh(covariance.astype(np.float64))
    basis = (vectors[:, -dimensions:] / np.sqrt(values[-dimensions:])).astype(np.float32)
    return [(r - mean) @ basis for r in rows]


def clusters(rows: list[np.ndarray], k: int, seed: int, steps: int = 25, sample: int = 60_000) -> list[np.ndarray]:
    """k-means on a sample of frames, then the cluster of every frame. Lost clusters are restarted at distant frames."""
    rng = np.random.default_rng(seed)
    x = np.concatenate(rows)
    x = x[rng.permutation(len(x))[:sample]]
    centres = x[:k].copy()
    for _ in range(steps):
        distance = _distances(x, centres)
        nearest = distance.argmin(axis=1)
        counts = np.bincount(nearest, minlength=k)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, x)
        far = distance.min(axis=1).argsort()[::-1]
        centres = sums / np.maximum(counts, 1)[:, None]
        centres[counts == 0] = x[far[: (counts == 0).sum()]]
    return [_distances(r, centres).argmin(axis=1) for r in rows]


def _distances(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances but for a constant of each row."""
    return (centres**2).sum(axis=1) - 2 * x @ centres.T
