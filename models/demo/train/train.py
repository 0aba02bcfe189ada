"""Trains the demo models: seeded, a fixed number of steps, CPU. Leaves checkpoints that make.py exports.

    python models/demo/train/train.py --work FOLDER [hubert|wav2vec2|bert ...]

FOLDER keeps the synthetic speech (160 MB) and the checkpoints. Without names all three are trained one after the other;
each takes one thread, so they may run side by side. Needs the environment of ../../export and Debian's libflite1.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModel

import speech
import targets
import text_model
from speech_model import Recipe, hidden_states, train

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "make"

# The second HuBERT learns clusters of the first one's third layer, as the paper's does.
HUBERT = [Recipe(steps=3500, rate=1.5e-3, clusters=64, seed=31), Recipe(steps=2200, rate=1.5e-3, clusters=100, seed=32)]
TEACHER_LAYER = 3
WAV2VEC2 = Recipe(steps=1900, rate=2e-3, clusters=100, seed=33)


def fresh(name: str, seed: int):
    """The model of make/NAME.json with transformers' own initialisation, and no dropout: it is too small to overfit."""
    torch.manual_seed(seed)
    values = json.loads((CONFIGS / f"{name}.json").read_text())
    none = dict.fromkeys(
        ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "layerdrop"), 0.0
    )
    return AutoModel.from_config(AutoConfig.for_model(**values, **none))


def train_hubert(work: Path) -> None:
    waves = speech.load(work / "speech.npz")
    labels = targets.clusters([targets.mfcc_with_deltas(w) for w in waves], HUBERT[0].clusters, seed=1)
    first = fresh("hubert", HUBERT[0].seed)
    train(first, waves, labels, HUBERT[0], lambda line: print("hubert 1,", line, flush=True))
    first.save_pretrained(work / "hubert-first")
    states = [hidden_states(first, w, TEACHER_LAYER) for w in waves]
    labels = targets.clusters(states, HUBERT[1].clusters, seed=2)
    second = fresh("hubert", HUBERT[1].seed)
    train(second, waves, labels, HUBERT[1], lambda line: print("hubert 2,", line, flush=True))
    second.save_pretrained(work / "hubert")


def train_wav2vec2(work: Path) -> None:
    waves = speech.load(work / "speech.npz")
    rows = targets.principal([targets.stacked_log_mel(w) for w in waves], 32)
    labels = targets.clusters(rows, WAV2VEC2.clusters, seed=3)
    model = fresh("wav2vec2", WAV2VEC2.seed)
    train(model, waves, labels, WAV2VEC2, lambda line: print("wav2vec2,", line, flush=True))
    model.save_pretrained(work / "wav2vec2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("names", nargs="*", default=["hubert", "wav2vec2", "bert"])
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if not (args.work / "speech.npz").exists() and set(args.names) != {"bert"}:
        speech.synthesize(args.work / "speech.npz")
    for name in args.names:
        {"hubert": train_hubert, "wav2vec2": train_wav2vec2, "bert": text_model.train}[name](args.work)


if __name__ == "__main__":
    main()
