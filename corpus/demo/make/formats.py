"""Writers of the corpus' file formats: FLAC, Praat TextGrid, NIST SPHERE."""

from pathlib import Path

import numpy as np
import soundfile

from flite import RATE, Segment


def write_flac(path: Path, samples: np.ndarray) -> None:
    """Mono, 16 bit, at RATE."""
    soundfile.write(path, samples, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)


def _number(t: float) -> str:
    return f"{t:.7f}".rstrip("0").removesuffix(".") or "0"


def write_textgrid(path: Path, duration: float, tiers: dict[str, list[Segment]]) -> None:
    """Praat's long text form, as the Montreal Forced Aligner writes it: silence is an interval with an empty label."""
    out = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0 ",
        f"xmax = {_number(duration)} ",
        "tiers? <exists> ",
        f"size = {len(tiers)} ",
        "item []: ",
    ]
    for i, (name, segments) in enumerate(tiers.items(), 1):
        filled = fill(segments, duration)
        out += [
            f"    item [{i}]:",
            '        class = "IntervalTier" ',
            f'        name = "{name}" ',
            "        xmin = 0 ",
            f"        xmax = {_number(duration)} ",
            f"        intervals: size = {len(filled)} ",
        ]
        for j, s in enumerate(filled, 1):
            out += [
                f"        intervals [{j}]:",
                f"            xmin = {_number(s.start)} ",
                f"            xmax = {_number(s.end)} ",
                f'            text = "{s.label}" ',
            ]
    path.write_text("\n".join(out) + "\n", encoding="utf-8")


def read_tier(path: Path, name: str) -> list[Segment]:
    """One tier of a TextGrid that write_textgrid wrote."""
    text = path.read_text(encoding="utf-8").split(f'name = "{name}"')[1].split("name = ")[0]
    values = [line.strip().partition(" = ") for line in text.splitlines()]
    rows = [v.strip('"') for key, _, v in values if key in ("xmin", "xmax", "text")][2:]  # after the tier's own bounds
    return [Segment(float(a), float(b), t) for a, b, t in zip(rows[0::3], rows[1::3], rows[2::3])]


def fill(segments: list[Segment], duration: float) -> list[Segment]:
    """The same segments with silence in the gaps and up to duration; neighbouring silences become one."""
    filled: list[Segment] = []
    at = 0.0
    for s in [*segments, Segment(duration, duration, "")]:
        pieces = [Segment(at, s.start, ""), s] if s.start > at + 1e-9 else [s]
        for piece in pieces:
            if filled and not filled[-1].label and not piece.label:
                filled[-1].end = piece.end
            elif piece.end > piece.start:
                filled.append(Segment(piece.start, piece.end, piece.label))
        at = s.end
    return filled


def write_sphere(path: Path, samples: np.ndarray, utterance: str) -> None:
    """A NIST SPHERE file with the header fields of TIMIT's: 16 bit little endian, not compressed."""
    fields = [
        ("database_id", "TIMIT-layout"),
        ("database_version", "1.0"),
        ("utterance_id", utterance.lower()),
        ("channel_count", 1),
        ("sample_count", len(samples)),
        ("sample_rate", RATE),
        ("sample_min", int(samples.min())),
        ("sample_max", int(samples.max())),
        ("sample_n_bytes", 2),
        ("sample_byte_format", "01"),
        ("sample_sig_bits", 16),
    ]
    lines = ["NIST_1A", "   1024"]
    for name, value in fields:
        kind = "-i" if isinstance(value, int) else f"-s{len(value)}"
        lines.append(f"{name} {kind} {value}")
    header = "\n".join(lines + ["end_head"]) + "\n"
    path.write_bytes(header.encode().ljust(1024, b" ") + samples.astype("<i2").tobytes())
