"""Kaldi's logarithmic mel filter banks, for the models that take them instead of a waveform (BEATs, EncodecMAE).

In float64; Kaldi and torchaudio compute in float32, which moves quiet bins of the logarithm by up to 1e-3. The program
has its own in Go: this one feeds the references.
"""

import numpy as np

FLOOR = 1.1920928955078125e-07  # float32's epsilon, below which the logarithm does not go
LOW = 20.0  # Hz, the lowest edge of the filters; the highest is half the rate


def log_mel(x: np.ndarray, rate: int, mels: int, window: np.ndarray, shift: int) -> np.ndarray:
    """[frames, mels]: only whole windows, mean removed, pre-emphasis .97, power spectrum, natural logarithm."""
    size = len(window)
    frames = 1 + (len(x) - size) // shift
    x = x.astype(np.float64)
    rows = np.stack([x[i * shift : i * shift + size] for i in range(frames)])
    rows -= rows.mean(axis=1, keepdims=True)
    before = np.concatenate([rows[:, :1], rows[:, :-1]], axis=1)
    rows = (rows - 0.97 * before) * window
    fft = 1 << (size - 1).bit_length()
    power = np.abs(np.fft.rfft(rows, fft)) ** 2
    return np.log(np.maximum(power[:, :-1] @ filters(rate, mels, fft).T, FLOOR)).astype(np.float32)


def filters(rate: int, mels: int, fft: int) -> np.ndarray:
    """[mels, fft/2] triangles on the mel scale 1127 ln(1 + f/700). Narrow ones may catch no bin and stay empty."""

    def mel(hertz):
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(mel(LOW), mel(rate / 2), mels + 2)
    bins = mel(np.arange(fft // 2) * rate / fft)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))


def _hann(size: int) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))


def beats(x: np.ndarray) -> np.ndarray:
    """[1 + (samples-400)//160, 128] from 16 kHz samples in [-1, 1]: scaled to 16 bit, Povey window, normalised."""
    raw = log_mel(x * np.float32(2**15), 16000, 128, _hann(400) ** 0.85, 160)
    return ((raw - 15.41663) / (2 * 6.55582)).astype(np.float32)


def encodecmae(x: np.ndarray) -> np.ndarray:
    """[1 + (samples-637)//318, 256] from 24 kHz samples in [-1, 1], as they are: Hann window, normalised."""
    raw = log_mel(x, 24000, 256, _hann(637), 318)
    return ((raw + 6.12) / 4.82).astype(np.float32)
