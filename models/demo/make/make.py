"""Makes the demo models: hubert.onnx, wav2vec2.onnx, bert.onnx with cards and references, bert-vocab.txt, vectors.txt.

    python models/demo/make/make.py [--trained FOLDER] [--out FOLDER]

FOLDER of --trained has the checkpoints that ../train/train.py leaves; without it weights are random. Needs the Python
environment of models/export (see ../../export/README.md).
"""

import argparse
import subprocess
import sys
from pathlib import Path

import text_models

HERE = Path(__file__).resolve().parent
EXPORT = HERE.parents[1] / "export" / "export.py"
LIMIT = 1_500_000  # bytes a file of this folder may have
SEEDS = {"hubert": 11, "wav2vec2": 12, "bert": 13}
# Short, so that the references stay small: 3, 5 and 8 frames; 3, 5 and 8 tokens.
LENGTHS = {"hubert": "1100,1777,2700", "wav2vec2": "1100,1777,2700", "bert": "3,5,8"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--out", type=Path, default=HERE.parent)
    args = parser.parse_args()
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    text_models.write_vocabulary(out / "bert-vocab.txt", 300)
    text_models.write_vectors(out / "vectors.txt")
    for name in SEEDS:
        if args.trained:
            # The control: the same model as random weights leave it.
            export(out, name, [args.trained / name], reference=True)
            export(out, f"{name}-untrained", random(name), reference=False)
        else:
            export(out, name, random(name), reference=True)
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.stat().st_size > LIMIT:
            raise SystemExit(f"{path}: {path.stat().st_size} bytes, want at most {LIMIT}")


def random(name: str) -> list:
    return ["--random", HERE / f"{name}.json", "--seed", SEEDS[name]]


def export(out: Path, name: str, source: list, reference: bool) -> None:
    command = [sys.executable, EXPORT, *source, "--out", out / f"{name}.onnx"]
    command += ["--lengths", LENGTHS[name.removesuffix("-untrained")]]
    if reference:
        command += ["--reference", out / "reference" / f"{name}.npz"]
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main()
