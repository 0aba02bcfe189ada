"""Makes the demo corpora: LibriSpeech/ and TIMIT/ next to this folder, and groups.csv.

    python corpus/demo/make/make.py [--out FOLDER] [--librivox FOLDER]

See ../README.md for what is needed, the sources and the licences.
"""

import argparse
import csv
import shutil
import wave
from pathlib import Path

import numpy as np

import text
from align import align
from flite import RATE, SEX, VOICES, Flite, Speech
from formats import fill, write_flac, write_sphere, write_textgrid
from warp import warp

# Every voice speaks three times: deeper and slower, as it is, higher and faster. Factor = new length / old length.
WARPS = {"13/12": (13, 12), "1": (1, 1), "11/12": (11, 12)}

READER = 10  # speaker number of the LibriVox reader
CHAPTER = 1


class LibriSpeech:
    """A corpus in LibriSpeech's layout, subset "demo"."""

    def __init__(self, root: Path):
        self.root = root
        self.speakers: list[tuple[int, str, float, str, str]] = []

    def add_speaker(self, speaker: int, sex: str, name: str, group: str, utterances: list[tuple[str, Speech]]) -> None:
        folder = self.root / "demo" / str(speaker) / str(CHAPTER)
        folder.mkdir(parents=True)
        transcript, seconds = [], 0.0
        for i, (words, speech) in enumerate(utterances):
            utterance = f"{speaker}-{CHAPTER}-{i:04d}"
            duration = len(speech.samples) / RATE
            write_flac(folder / f"{utterance}.flac", speech.samples)
            write_textgrid(folder / f"{utterance}.TextGrid", duration, {"words": speech.words, "phones": speech.phones})
            transcript.append(f"{utterance} {words.upper()}\n")
            seconds += duration
        (folder / f"{speaker}-{CHAPTER}.trans.txt").write_text("".join(transcript))
        self.speakers.append((speaker, sex, seconds / 60, name, group))

    def finish(self) -> None:
        lines = [
            "; The speakers of the demo corpus, in the form of LibriSpeech's file of this name.",
            "; Warped copies of one synthetic voice are not independent speakers: see ../groups.csv.",
            ";ID  |SEX| SUBSET           |MINUTES| NAME",
        ]
        for speaker, sex, minutes, name, _ in self.speakers:
            lines.append(f"{speaker:<4} | {sex} | {'demo':<16} | {minutes:5.2f} | {name}")
        (self.root / "SPEAKERS.TXT").write_text("\n".join(lines) + "\n")
        with open(self.root.parent / "groups.csv", "w", newline="") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow(["speaker", "group"])
            writer.writerows((s[0], s[4]) for s in self.speakers)


def librivox(folder: Path, flite: Flite) -> list[tuple[str, Speech]]:
    """The clips of Debian's pocketsphinx-testdata with their transcripts, force-aligned."""
    clips = []
    for line in (folder / "transcription").read_text().splitlines():
        words, name = line.removeprefix("<s> ").removesuffix(")").split(" </s> (")
        if name.endswith("-0920"):
            words = words.replace("a more a amiable", "a more amiable")  # one "a" is not in the recording
        with wave.open(str(folder / f"{name}.wav")) as f:
            if f.getparams()[:3] != (1, 2, RATE):
                raise ValueError(f"{name}: {f.getparams()}")
            samples = np.frombuffer(f.readframes(f.getnframes()), "<i2")
        clips.append((words, Speech(samples, *align(samples, words, flite))))
    return clips


def synthetic(corpus: LibriSpeech, flite: Flite) -> None:
    """Twelve speakers; a block of sentences is read by three of them, each with another voice."""
    blocks = len(text.SENTENCES) // text.BLOCK
    for v, voice in enumerate(VOICES):
        for w, (label, (num, den)) in enumerate(WARPS.items()):
            block = (v + w) % blocks
            sentences = text.SENTENCES[block * text.BLOCK : (block + 1) * text.BLOCK]
            corpus.add_speaker(
                10 * (v + 2) + w + 1,
                SEX[voice],
                f"flite voice {voice}, length x {label}",
                voice,
                [(s, warp(flite.say(s, voice), num, den)) for s in sentences],
            )


# The closure of a stop or affricate is a phone of its own in TIMIT.
CLOSURES = {"b": "bcl", "d": "dcl", "g": "gcl", "p": "pcl", "t": "tcl", "k": "kcl", "ch": "tcl", "jh": "dcl"}


def timit_phones(speech: Speech) -> list[tuple[int, int, str]]:
    """TIMIT's symbols in samples: lower case, no stress, h# at both ends, pau inside, closures before bursts."""
    n = len(speech.samples)
    segments = fill(speech.phones, n / RATE)
    rows = []
    for i, s in enumerate(segments):
        start, end = round(s.start * RATE), round(s.end * RATE)
        label = s.label.rstrip("012").lower()
        if not label:
            label = "h#" if i in (0, len(segments) - 1) else "pau"
        if s.label == "AH0":
            label = "ax"
        if label in CLOSURES:
            burst = burst_sample(speech.samples[start:end]) + start
            rows.append((start, burst, CLOSURES[label]))
            start = burst
        rows.append((start, end, label))
    return rows


def burst_sample(x: np.ndarray) -> int:
    """Where the energy of a stop rises most, by steps of 2.5 ms, never in its first or last quarter."""
    step = RATE // 400
    power = np.add.reduceat(x.astype(np.float64) ** 2, np.arange(0, len(x), step))[: len(x) // step]
    rise = np.diff(np.log(power + step))
    low, high = len(rise) // 4, max(3 * len(rise) // 4, len(rise) // 4 + 1)
    if len(rise) == 0:
        return len(x) // 2
    return int(low + np.argmax(rise[low:high]) + 1) * step


def timit(root: Path, flite: Flite) -> None:
    """Four speakers in TRAIN and one in TEST; the test speaker is a warped voice."""
    own = list(text.TIMIT_SENTENCES)
    speakers = [
        ("TRAIN", "FSLT0", "slt", (1, 1), ["SX1", "SI4"]),
        ("TRAIN", "MRMS0", "rms", (1, 1), ["SX1", "SX2", "SI5"]),
        ("TRAIN", "MAWB0", "awb", (1, 1), ["SX2", "SI6"]),
        ("TRAIN", "MKAL0", "kal16", (1, 1), ["SX3", "SI4"]),
        ("TEST", "FSLT1", "slt", (11, 12), ["SX3", "SI5"]),
    ]
    for split, speaker, voice, (num, den), sentences in speakers:
        folder = root / split / "DR1" / speaker
        folder.mkdir(parents=True)
        for name in ["SA1", *sentences]:
            words = text.TIMIT_SA1 if name == "SA1" else text.TIMIT_SENTENCES[name]
            speech = warp(flite.say(words, voice), num, den)
            n = len(speech.samples)
            write_sphere(folder / f"{name}.WAV", speech.samples, f"{speaker}_{name}")
            (folder / f"{name}.TXT").write_text(f"0 {n} {words.capitalize()}.\n")
            (folder / f"{name}.WRD").write_text(
                "".join(f"{round(w.start * RATE)} {round(w.end * RATE)} {w.label}\n" for w in speech.words)
            )
            (folder / f"{name}.PHN").write_text("".join(f"{a} {b} {p}\n" for a, b, p in timit_phones(speech)))
    if unread := set(own) - {s for row in speakers for s in row[4]}:
        raise ValueError(f"nobody reads {sorted(unread)}")


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=here.parent)
    parser.add_argument("--librivox", type=Path, default=Path("/usr/share/pocketsphinx/test/data/librivox"))
    args = parser.parse_args()

    text.check()
    flite = Flite()
    for old in ("LibriSpeech", "TIMIT"):
        shutil.rmtree(args.out / old, ignore_errors=True)
    corpus = LibriSpeech(args.out / "LibriSpeech")
    corpus.add_speaker(READER, "M", "LibriVox reader", "librivox", librivox(args.librivox, flite))
    synthetic(corpus, flite)
    corpus.finish()
    timit(args.out / "TIMIT", flite)


if __name__ == "__main__":
    main()
