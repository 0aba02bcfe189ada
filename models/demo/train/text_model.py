"""Training of the demo's BERT: masked words of the grammar's sentences (Devlin et al. 2019), without sentence pairs."""

import json
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from speech import grammar

STEPS, BATCH, RATE, WARM_UP = 4000, 48, 1e-3, 200
SENTENCES, SEED = 40_000, 41
MASK_PROBABILITY = 0.15
_MAKE = Path(__file__).resolve().parent.parent / "make"
_VOCABULARY = Path(__file__).resolve().parent.parent / "bert-vocab.txt"


def train(work: Path) -> None:
    """Leaves work/bert."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    vocabulary = {piece: i for i, piece in enumerate(_VOCABULARY.read_text(encoding="utf-8").splitlines())}
    texts = [encode(s, vocabulary) for s in grammar.sentences(SENTENCES, SEED)]
    values = json.loads((_MAKE / "bert.json").read_text())
    del values["model_type"]
    model = BertForMaskedLM(BertConfig(**values, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / WARM_UP, (STEPS - step) / (STEPS - WARM_UP))
    )
    model.train()
    began, losses = time.monotonic(), []
    for step in range(1, STEPS + 1):
        loss = model(**_batch([texts[i] for i in rng.integers(0, len(texts), BATCH)], vocabulary, rng)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 200 == 0:
            print(f"bert, step {step}: loss {np.mean(losses[-200:]):.3f}, {time.monotonic() - began:.0f} s", flush=True)
    model.eval()
    model.save_pretrained(work / "bert")


def encode(text: str, vocabulary: dict[str, int]) -> list[int]:
    """[CLS] pieces [SEP]; each word by the longest pieces first."""
    ids = [vocabulary["[CLS]"]]
    for word in text.split():
        at = 0
        while at < len(word):
            end = len(word)
            while ("##" if at else "") + word[at:end] not in vocabulary:
                end -= 1
            ids.append(vocabulary[("##" if at else "") + word[at:end]])
            at = end
    return [*ids, vocabulary["[SEP]"]]


def _batch(texts: list[list[int]], vocabulary: dict[str, int], rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Of the chosen pieces four in five become [MASK], one in ten another piece, one in ten stays."""
    width = max(map(len, texts))
    ids = np.array([t + [vocabulary["[PAD]"]] * (width - len(t)) for t in texts])
    real = ids != vocabulary["[PAD]"]
    special = np.isin(ids, [vocabulary[s] for s in ("[PAD]", "[CLS]", "[SEP]")])
    chosen = (rng.random(ids.shape) < MASK_PROBABILITY) & ~special
    labels = np.where(chosen, ids, -100)
    how = rng.random(ids.shape)
    ids = np.where(chosen & (how < 0.8), vocabulary["[MASK]"], ids)
    ids = np.where(chosen & (how >= 0.9), rng.integers(5, len(vocabulary), ids.shape), ids)
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(real.astype(np.int64)),
        "labels": torch.from_numpy(labels),
    }
