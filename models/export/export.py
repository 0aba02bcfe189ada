"""Exports a speech or text model to ONNX with every layer and every attention map, checked against the original.

    export.py SOURCE --out NAME.onnx [--reference NAME.npz]
    export.py --random CONFIG --out NAME.onnx [--seed N]

SOURCE is a checkpoint folder or id of transformers, or the file of a BEATs, WavLM or EncodecMAE checkpoint. CONFIG is a
config.json or a preset such as wav2vec2-base. See README.md.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

import beats
import checkpoint
import encodecmae
import graph
import huggingface
import presets
import wavlm
from model import ExportError, Original


def main(argv: list[str]) -> int:
    args = _parse(argv)
    torch.set_num_threads(args.threads)
    try:
        original = load(args)
        lengths = tuple(args.lengths or original.lengths)
        if original.trace_length in lengths:
            raise ExportError(f"--lengths {lengths}: {original.trace_length} is the traced length, choose others")
        comparisons, arrays = graph.write(
            original, args.out, lengths, tolerance=args.tolerance, external=args.external_data
        )
        if args.reference:
            args.reference.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(args.reference, **arrays)
    except ExportError as e:
        print(f"export: {e}", file=sys.stderr)
        return 1
    report(original, args.out, lengths, comparisons)
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="export.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="checkpoint folder, file or id")
    parser.add_argument("--random", metavar="CONFIG", help=f"random weights: config.json or {presets.names()}")
    parser.add_argument("--out", type=Path, required=True, metavar="NAME.onnx")
    parser.add_argument("--name", help="name on the card (default: that of the file)")
    parser.add_argument("--reference", type=Path, metavar="NAME.npz", help="inputs and outputs of the original")
    parser.add_argument("--lengths", type=_lengths, metavar="A,B,C", help="of the references, in samples or tokens")
    parser.add_argument("--seed", type=int, default=0, help="of --random")
    parser.add_argument(
        "--normalize", choices=["zero_mean_unit_var", "none"], help="instead of what the checkpoint says"
    )
    parser.add_argument("--heads", type=int, default=0, help="of an EncodecMAE checkpoint of unusual width")
    parser.add_argument("--external-data", action="store_true", help="keep the weights in NAME.onnx.data at any size")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=graph.TOLERANCE,
        metavar="E",
        help="E + E |x| is allowed (default: %(default)g)",
    )
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    if (args.source is None) == (args.random is None):
        parser.error("give either SOURCE or --random CONFIG")
    if args.out.suffix != ".onnx":
        parser.error(f"--out {args.out}: want a name that ends in .onnx")
    return args


def _lengths(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def load(args: argparse.Namespace) -> Original:
    """The model that the arguments name."""
    name = args.name or args.out.stem
    normalize = args.normalize or ""
    if args.random is not None:
        source = f"random weights, {Path(args.random).name}, seed {args.seed}"
        config = presets.config(args.random)
        if isinstance(config, dict):
            return presets.ours(config, name, source, args.seed)
        return huggingface.random(config, name, source, args.seed, normalize)
    path = Path(args.source)
    if (path / "model.pt").is_file() and not (path / "config.json").exists():
        # EncodecMAE's published folders: weights, and a text that says how many heads they have.
        return load_file(path / "model.pt", name, normalize, args.heads or encodecmae.heads_of(path / "config.gin"))
    if path.is_file():
        return load_file(path, name, normalize, args.heads)
    return huggingface.load(args.source, name, normalize)


def load_file(path: Path, name: str, normalize: str, heads: int) -> Original:
    """A checkpoint in one file: BEATs or WavLM as Microsoft published them, or EncodecMAE."""
    content, source = checkpoint.read(path), str(path)
    cfg, state = content.get("cfg"), content.get("model")
    if isinstance(cfg, dict) and isinstance(state, dict):
        if "patch_embedding.weight" in state:
            return beats.original(beats.load(cfg, state, source), name, path.name)
        if any(key.startswith("feature_extractor.conv_layers.") for key in state):
            return wavlm.load(cfg, state, name, path.name, normalize)
        raise ExportError(f"{path}: cfg and model are of neither BEATs nor WavLM (tensors: {sorted(state)[:3]}, ...)")
    state = content.get("state_dict", content)
    if any(str(key).startswith("visible_encoder.") for key in state):
        return encodecmae.original(encodecmae.load(state, source, heads), name, path.name)
    raise ExportError(
        f"{path}: neither BEATs, WavLM nor EncodecMAE (keys: {sorted(map(str, state))[:3]}, ...); "
        "give the folder of a transformers checkpoint, with its config.json"
    )


def report(original: Original, out: Path, lengths: tuple[int, ...], comparisons: list[graph.Comparison]) -> None:
    card = original.card
    worst = max(comparisons, key=lambda c: c.share)
    unit = "samples" if card.kind == "audio" else "tokens"
    print(
        f"{out}: {card.family}, {len(card.layers)} layers, {len(card.attentions)} attention maps x {card.heads} heads"
    )
    print(
        f"matches the original at {', '.join(map(str, lengths))} {unit}: worst {worst.output}, "
        f"difference {worst.difference:.2g}, {100 * worst.share:.2g} % of the tolerance"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
