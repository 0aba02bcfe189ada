"""Writes an ONNX file, and compares it with its original before it gets its name."""

import contextlib
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from model import ExportError, Original

OPSET = 17  # the first with LayerNormalization; from 23 on attention may become one operator that hides its weights
TOLERANCE = 1e-4  # absolute, and relative to the original
PROTOBUF_LIMIT = 2**31 - 2**20  # bytes; larger files keep their weights next to them


@dataclass
class Comparison:
    """How far one output is from the original, over all lengths. Above 1 of the tolerance: it does not match."""

    output: str
    difference: float  # greatest absolute difference
    share: float  # greatest difference / (tolerance + tolerance |original|)


def export(original: Original, path: Path, *, external: bool = False) -> None:
    """Traces original.module and writes it to path; external puts the weights into path + ".data" whatever the size."""
    feeds = original.feed(original.sample(original.trace_length, 0))
    inputs = [name for name in original.axes if name not in original.outputs]
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            original.module, tuple(feeds[name] for name in inputs), str(path), input_names=inputs,
            output_names=original.outputs, dynamic_axes=original.axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    _finish(path, original, external)


def _finish(path: Path, original: Original, external: bool) -> None:
    """Adds the card to the metadata, gathers external weights in one file."""
    model = onnx.load(path)
    entry = model.metadata_props.add()
    entry.key, entry.value = "speechsim.card", original.card.to_yaml()
    size = sum(len(t.raw_data) for t in model.graph.initializer)
    for stray in path.parent.iterdir():  # the exporter may have left one file a tensor
        if stray != path:
            stray.unlink()
    if external or size > PROTOBUF_LIMIT:
        onnx.save_model(model, path, save_as_external_data=True, location=path.name + ".data", size_threshold=1024)
    else:
        onnx.save_model(model, path)


@contextlib.contextmanager
def _quiet():
    """The exporter warns of every Python branch it traces; the comparison at other lengths is what tells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compare(
    path: Path, original: Original, lengths: tuple[int, ...], tolerance: float = TOLERANCE
) -> tuple[list[Comparison], dict[str, np.ndarray]]:
    """Runs file and original at the lengths. The arrays are the reference: "K.input", "K.hidden_states.0", ..."""
    run = session(path)
    worst = {name: Comparison(name, 0, 0) for name in original.outputs}
    arrays: dict[str, np.ndarray] = {}
    for k, length in enumerate(lengths):
        sample = original.sample(length, k + 1)
        feeds = original.feed(sample)
        wants = original.run(feeds)
        given = {name: tensor.numpy() for name, tensor in feeds.items()}
        gots = dict(zip(original.outputs, run.run(original.outputs, given), strict=True))
        arrays[f"{k}.input"] = sample
        for name in original.outputs:
            want, got = wants[name].numpy(), gots[name]
            if want.shape != got.shape:
                raise ExportError(f"{name} at length {length}: shape {got.shape}, original {want.shape}")
            if not np.isfinite(want).all():
                raise ExportError(f"{name} at length {length}: the original is not finite")
            difference = np.abs(got.astype(np.float64) - want)
            share = float((difference / (tolerance + tolerance * np.abs(want))).max())
            share = share if np.isfinite(share) else float("inf")
            c = worst[name]
            worst[name] = Comparison(name, max(c.difference, float(difference.max())), max(c.share, share))
            arrays[f"{k}.{name}"] = want[0]
    return list(worst.values()), arrays


def compare_padded(path: Path, original: Original) -> float:
    """How far a padded, masked input moves the real frames, as a share of the tolerance; for models with a mask."""
    mask, name = original.card.mask, original.card.input
    short = original.feed(original.sample(original.lengths[0], 1))
    extra = short[mask].shape[1]  # to twice the length
    padded = {}
    for key, tensor in short.items():
        width = [0, 0] * (tensor.ndim - 2) + [0, extra]
        padded[key] = torch.nn.functional.pad(tensor, width)
    if not set(padded) == {mask, name}:
        raise ExportError(f"inputs {sorted(padded)}, want {name} and {mask}")
    run = session(path)
    layers = [layer.tensor for layer in original.card.layers]
    worst = 0.0
    for want, got in zip(
        run.run(layers, {k: v.numpy() for k, v in short.items()}),
        run.run(layers, {k: v.numpy() for k, v in padded.items()}),
        strict=True,
    ):
        got = got[:, : want.shape[1]]
        worst = max(worst, float((np.abs(got - want) / (TOLERANCE + TOLERANCE * np.abs(want))).max()))
    return worst


def write(
    original: Original, out: Path, lengths: tuple[int, ...], *, tolerance: float = TOLERANCE, external: bool = False
) -> tuple[list[Comparison], dict[str, np.ndarray]]:
    """Exports to out and writes the card next to it, or raises and leaves what was there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        path = Path(folder) / out.name
        try:
            export(original, path, external=external)
        except ExportError:
            raise
        except Exception as e:
            raise ExportError(f"{original.card.source}: torch.onnx.export: {str(e).strip().splitlines()[0]}") from e
        comparisons, arrays = compare(path, original, lengths, tolerance)
        bad = [c for c in comparisons if c.share > 1]
        if bad:
            c = max(bad, key=lambda c: c.share)
            raise ExportError(
                f"{out} not written: {len(bad)} of {len(comparisons)} outputs differ from the original, "
                f"{c.output} by {c.difference:.2g}, {c.share:.3g} times the tolerance"
                + ("" if c.share > 5 else "; large models may need a larger --tolerance: they sum up big numbers")
            )
        if original.card.mask and (share := compare_padded(path, original)) > 1:
            raise ExportError(f"{out} not written: padding changes real frames by {share:.3g} times the tolerance")
        data = path.with_name(path.name + ".data")
        if data.exists():
            os.replace(data, out.with_name(data.name))
        os.replace(path, out)
    out.with_suffix(".card.yaml").write_text(original.card.to_yaml(), encoding="utf-8")
    return comparisons, arrays
