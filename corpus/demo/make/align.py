"""Forced alignment of real speech with pocketsphinx 5.1 and the acoustic model that it brings."""

import numpy as np
from pocketsphinx import Decoder

from flite import RATE, Flite, Segment, Speech

FRAME = 0.01  # seconds a frame of the aligner


def align(samples: np.ndarray, text: str, flite: Flite) -> tuple[list[Segment], list[Segment]]:
    """Words and phones of text in samples (int16 at RATE). Silence is left out of the words and empty in the phones."""
    # A fresh decoder for each clip: a used one keeps its cepstral mean and shifts the next clip's boundaries.
    decoder = Decoder(samprate=RATE, lm=None, loglevel="FATAL")
    decoder.set_align_text(text)
    _decode(decoder, samples)  # words
    decoder.set_alignment()
    _decode(decoder, samples)  # phones inside the words
    read = flite.say(text, "slt")
    words: list[Segment] = []
    phones: list[Segment] = []
    for word in decoder.get_alignment():
        start, end = word.start * FRAME, (word.start + word.duration) * FRAME
        if word.name.startswith("<") or word.name.startswith("["):
            phones.append(Segment(start, end, ""))
            continue
        name = word.name.split("(")[0]  # "the(2)": the second pronunciation
        words.append(Segment(start, end, name))
        inside = [Segment(p.start * FRAME, (p.start + p.duration) * FRAME, p.name) for p in word]
        _stress(inside, read, read.words[len(words) - 1])
        phones += inside
    if [w.label for w in words] != text.split():
        raise ValueError(f"aligned {[w.label for w in words]}, want {text!r}")
    return words, phones


def _decode(decoder: Decoder, samples: np.ndarray) -> None:
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()


def _stress(phones: list[Segment], read: Speech, word: Segment) -> None:
    """Adds CMUdict's stress to the vowels of one word: the aligner's lexicon has none, flite's has the same vowels."""
    inside = [p.label for p in read.phones if word.start <= p.start < word.end]
    marks = [label[-1] for label in inside if label[-1:].isdigit()]
    vowels = [p for p in phones if p.label[0] in "AEIOU"]
    if len(vowels) != len(marks):
        raise ValueError(f"{word.label}: vowels {[v.label for v in vowels]}, flite's phones {inside}")
    for vowel, mark in zip(vowels, marks):
        vowel.label += mark
