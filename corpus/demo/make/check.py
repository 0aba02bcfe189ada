"""Checks the demo corpus' alignments without listening.

    python corpus/demo/make/check.py

Prints, for the real clips and for each voice: how much louder (dB) words are than silence, and, for the synthetic
speakers, how far the synthesizer's inner word boundaries lie from an independent aligner's (pocketsphinx), in ms.
"""

from pathlib import Path

import numpy as np
import soundfile

from align import align
from flite import RATE, Flite
from formats import read_tier


def level(x: np.ndarray) -> float:
    return 10 * np.log10(np.mean(x.astype(np.float64) ** 2) + 1)


def main() -> None:
    root = Path(__file__).resolve().parent.parent / "LibriSpeech" / "demo"
    flite = Flite()
    for speaker in sorted(root.iterdir()):
        gaps, shifts, refused = [], [], 0
        for path in sorted(speaker.glob("*/*.flac")):
            samples, rate = soundfile.read(path, dtype="int16")
            if rate != RATE:
                raise ValueError(f"{path}: {rate} Hz")
            tier = read_tier(path.with_suffix(".TextGrid"), "words")
            if abs(tier[-1].end - len(samples) / RATE) > 1e-6 or any(a.end != b.start for a, b in zip(tier, tier[1:])):
                raise ValueError(f"{path}: the words tier does not fill the audio")

            parts = {True: [], False: []}
            for s in tier:
                parts[not s.label].append(samples[round(s.start * RATE) : round(s.end * RATE)])
            gaps.append(level(np.concatenate(parts[False])) - level(np.concatenate(parts[True])))
            if speaker.name != "10":  # the real clips were aligned by the same aligner
                words = [s for s in tier if s.label]
                try:
                    other, _ = align(samples, " ".join(w.label for w in words), flite)
                except RuntimeError:  # the aligner wants more silence at the end than some clips have
                    refused += 1
                    continue
                shifts += [b.start - a.start for a, b in zip(words[1:], other[1:])]
        line = f"speaker {speaker.name}: words {np.median(gaps):5.1f} dB above silence (least {min(gaps):.1f})"
        if shifts:
            ms = 1000 * np.array(shifts)
            line += f"; boundaries off by median {np.median(ms):+5.1f}, median absolute {np.median(abs(ms)):4.1f}, "
            line += f"90 % within {np.quantile(abs(ms), 0.9):4.1f} ms, n = {len(ms)}"
            line += f", {refused} utterances not aligned" if refused else ""
        print(line)


if __name__ == "__main__":
    main()
