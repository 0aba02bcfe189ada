"""What training did: word and phone information in each layer of the demo models, on the demo corpus.

    python models/demo/train/evaluate.py [MODEL.onnx ...]

For every layer, and for log-mel and MFCC features: debiased CKA of pooled words with word identity, and the accuracy of
a linear phone probe on voices that it was not trained on. Synthetic speakers only, whose sentences were not in
training.
"""

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

import targets

_DEMO = Path(__file__).resolve().parents[3] / "corpus" / "demo"
sys.path.append(str(_DEMO / "make"))
import soundfile  # noqa: E402

from formats import read_tier  # noqa: E402

CENTRE, HOP = 200, 320  # samples
FEWEST = 3  # times that a word or phone must occur


def utterances():
    """(group, samples, words, phones) of the synthetic speakers."""
    with open(_DEMO / "groups.csv", newline="") as f:
        groups = {row["speaker"]: row["group"] for row in csv.DictReader(f)}
    for path in sorted((_DEMO / "LibriSpeech" / "demo").glob("*/*/*.flac")):
        group = groups[path.name.split("-")[0]]
        if group != "librivox":
            samples, _ = soundfile.read(path, dtype="float32")
            grid = path.with_suffix(".TextGrid")
            yield group, samples, read_tier(grid, "words"), read_tier(grid, "phones")


def inside(frames: int, start: float, end: float) -> slice | list[int]:
    """The frames whose centre lies in [start, end) s; none: the nearest to the middle."""
    centres = CENTRE + HOP * np.arange(frames)
    chosen = np.flatnonzero((centres >= start * 16000) & (centres < end * 16000))
    return chosen if len(chosen) else [int(np.abs(centres - 8000 * (start + end)).argmin())]


def debiased_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear CKA with Song et al.'s estimator of HSIC, from Gram matrices."""

    def gram(z: np.ndarray) -> np.ndarray:
        k = z @ z.T
        np.fill_diagonal(k, 0)
        return k

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        n = len(k)
        both = (k * m).sum() + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 * (k.sum(0) @ m.sum(0)) / (n - 2)
        return both / (n * (n - 3))

    k, m = gram(x - x.mean(axis=0)), gram(y - y.mean(axis=0))
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def probe(rows: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """Accuracy of ridge regression onto the labels, each voice left out in turn."""
    names, y = np.unique(labels, return_inverse=True)
    hits = 0
    for group in np.unique(groups):
        train = groups != group
        mean, sd = rows[train].mean(axis=0), rows[train].std(axis=0) + 1e-6
        x = np.c_[(rows - mean) / sd, np.ones(len(rows))]
        a = x[train].T @ x[train] + np.eye(x.shape[1])
        weights = np.linalg.solve(a, x[train].T @ np.eye(len(names))[y[train]])
        hits += ((x[~train] @ weights).argmax(axis=1) == y[~train]).sum()
    return hits / len(y)


def evaluate(name: str, features: Callable[[np.ndarray], dict[str, np.ndarray]]) -> None:
    words: dict[str, list[np.ndarray]] = {}
    frames: dict[str, list[np.ndarray]] = {}
    word_labels, phone_labels, groups = [], [], []
    for group, samples, word_tier, phone_tier in utterances():
        layers = features(samples)
        n = len(next(iter(layers.values())))
        spoken = [w for w in word_tier if w.label]
        word_labels += [w.label for w in spoken]
        sounding = [(i, p.label.rstrip("012")) for p in phone_tier if p.label for i in inside(n, p.start, p.end)]
        phone_labels += [label for _, label in sounding]
        groups += [group] * len(sounding)
        for layer, x in layers.items():
            words.setdefault(layer, []).extend(x[inside(n, w.start, w.end)].mean(axis=0) for w in spoken)
            frames.setdefault(layer, []).append(x[[i for i, _ in sounding]])
    labels = np.array(word_labels)
    types, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = counts[index] >= FEWEST
    identity = np.eye(len(types))[index[kept]]
    for layer in words:
        cka = debiased_cka(np.array(words[layer])[kept].astype(np.float64), identity)
        accuracy = probe(np.concatenate(frames[layer]).astype(np.float64), np.array(phone_labels), np.array(groups))
        print(f"{name:18} {layer:10} word CKA {cka:.3f}   phone probe {accuracy:.3f}", flush=True)


def onnx_features(path: Path) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs() if o.name.startswith("hidden_states.")]

    def features(samples: np.ndarray) -> dict[str, np.ndarray]:
        x = ((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7))[None].astype(np.float32)
        feeds = {"input_values": x, "attention_mask": np.ones(x.shape, np.int64)}
        given = {i.name: feeds[i.name] for i in session.get_inputs()}
        return {n.removeprefix("hidden_states."): v[0] for n, v in zip(names, session.run(names, given), strict=True)}

    return features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    models = Path(__file__).resolve().parents[1]
    parser.add_argument("models", nargs="*", type=Path, default=[models / "hubert.onnx", models / "wav2vec2.onnx"])
    for path in parser.parse_args().models:
        evaluate(path.stem, onnx_features(path))
    evaluate("acoustic", lambda x: {"log-mel": targets.log_mel(x), "mfcc": targets.mfcc_with_deltas(x)})


if __name__ == "__main__":
    main()
