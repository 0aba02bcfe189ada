"""The WordPiece vocabulary and the word vectors of the demo, both from sentences of the grammar."""

from collections import Counter
from pathlib import Path

import numpy as np

import grammar

SENTENCES = 40_000
SEED = 7
DIMENSION = 50
WINDOW = 4  # words on either side
CONTEXT_POWER = 0.75  # smooths the counts of contexts, as in word2vec and GloVe's comparisons


SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_vocabulary(path: Path, size: int) -> None:
    """A BERT vocabulary of exactly size entries, one a line: letters, then the most frequent pairs merged in turn.

    Equal counts are taken in alphabetical order, so that the file is always the same (the tokenizers library's trainer
    does not promise that).
    """
    counts = Counter(w for s in grammar.sentences(SENTENCES, SEED) for w in s.split())
    words = {w: [w[0], *("##" + c for c in w[1:])] for w in counts}
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    entries = [*SPECIAL, *letters, *("##" + c for c in letters)]
    while len(entries) < size:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, pieces in words.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += counts[word]
        first, second = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merged = first + second.removeprefix("##")
        for word, pieces in words.items():
            words[word] = _merge(pieces, first, second, merged)
        if merged not in entries:
            entries.append(merged)
    path.write_text("".join(f"{piece}\n" for piece in entries), encoding="utf-8")


def _merge(pieces: list[str], first: str, second: str, merged: str) -> list[str]:
    out: list[str] = []
    for piece in pieces:
        if out and out[-1] == first and piece == second:
            out[-1] = merged
        else:
            out.append(piece)
    return out


def write_vectors(path: Path) -> None:
    """Word vectors in GloVe's text form: PPMI of words and contexts, reduced by a singular value decomposition.

    Levy and Goldberg (2014): positive pointwise mutual information of word and context within WINDOW words, contexts
    smoothed; rows of U sqrt(S), scaled to a mean length of 5 as GloVe's are.
    """
    words = grammar.vocabulary()
    index = {w: i for i, w in enumerate(words)}
    counts = np.zeros((len(words), len(words)))
    for sentence in grammar.sentences(SENTENCES, SEED):
        ids = [index[w] for w in sentence.split()]
        for distance in range(1, WINDOW + 1):
            for a, b in zip(ids, ids[distance:]):
                counts[a, b] += 1
                counts[b, a] += 1
    total = counts.sum()
    p_word = counts.sum(axis=1) / total
    p_context = counts.sum(axis=0) ** CONTEXT_POWER
    p_context /= p_context.sum()
    with np.errstate(divide="ignore"):
        ppmi = np.maximum(np.log(counts / total) - np.log(np.outer(p_word, p_context)), 0)
    u, s, _ = np.linalg.svd(ppmi)
    vectors = u[:, :DIMENSION] * np.sqrt(s[:DIMENSION])
    # The sign of a singular vector is arbitrary: make its largest entry positive, so that the file is always the same.
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(DIMENSION)])
    vectors *= 5 / np.linalg.norm(vectors, axis=1).mean()
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.writelines(word + "".join(f" {x:.4f}" for x in vector) + "\n" for word, vector in zip(words, vectors))
