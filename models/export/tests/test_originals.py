"""Our modules, their exports and the front ends against what the original implementations computed (testdata)."""

import numpy as np
import pytest
import torch

import beats
import encodecmae
import export
import fbank
import graph

# Name -> number of heads where the checkpoint does not show it.
MODELS = {"beats": 0, "wavlm-base": 0, "wavlm-large": 0, "encodecmae-v1": 4, "encodecmae-v2-mel": 3}


def reference(testdata, name):
    """[{array name: array}] of each input in testdata/NAME.npz."""
    with np.load(testdata / f"{name}.npz") as f:
        arrays = {key: f[key] for key in f.files}
    inputs = []
    while f"{len(inputs)}.input" in arrays:
        prefix = f"{len(inputs)}."
        inputs.append({k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)})
    return inputs


def run_whole(original, samples, run):
    """As a user's program does it: cut into chunks, feed each, put the layers together again."""
    card = original.card
    size = card.chunk or len(samples)
    chunks = [samples[i : i + size] for i in range(0, len(samples), size)]
    chunks = [c for c in chunks if len(c) >= card.min_chunk]
    results = []
    for chunk in chunks:
        feeds = original.feed(chunk)
        if card.mask and card.family == "encodecmae":
            # The original takes the length of the first chunk for all.
            real = min(len(samples), card.chunk) // encodecmae.HOP
            feeds[card.mask] = (torch.arange(feeds["mel"].shape[1]) < real).long()[None]
        results.append(run(feeds))
    whole = {layer.tensor: np.concatenate([r[layer.tensor] for r in results]) for layer in card.layers}
    return whole | {a.tensor: results[0][a.tensor] for a in card.attentions}


def close(got, want, what):
    assert got.shape == want.shape, what
    excess = np.abs(got - want) - (1e-4 + 1e-4 * np.abs(want))
    assert excess.max() <= 0, f"{what}: {np.abs(got - want).max():.2g} away"


@pytest.mark.parametrize("name", MODELS)
def test_module_and_export_match_the_original(testdata, name, tmp_path):
    original = export.load_file(testdata / f"{name}.pt", name, "", MODELS[name])
    path = tmp_path / f"{name}.onnx"
    graph.write(original, path, original.lengths)
    session = graph.session(path)

    def run_module(feeds):
        return {k: v[0].numpy() for k, v in original.run(feeds).items()}

    def run_export(feeds):
        values = session.run(original.outputs, {k: v.numpy() for k, v in feeds.items()})
        return {k: v[0] for k, v in zip(original.outputs, values, strict=True)}

    for number, want in enumerate(reference(testdata, name)):
        for how, run in (("module", run_module), ("export", run_export)):
            got = run_whole(original, want["input"], run)
            for key, array in want.items():
                if key != "input":
                    close(got[key], array, f"{how}, input {number}, {key}")


@pytest.mark.parametrize("name", MODELS)
def test_committed_files_are_what_the_exporter_writes(testdata, name):
    original = export.load_file(testdata / f"{name}.pt", name, "", MODELS[name])
    comparisons, _ = graph.compare(testdata / f"{name}.onnx", original, original.lengths)
    assert max(c.share for c in comparisons) <= 1
    assert (testdata / f"{name}.card.yaml").read_text() == original.card.to_yaml()


def test_filter_banks(testdata):
    with np.load(testdata / "fbank.npz") as f:
        # Quiet bins of a float32 logarithm: see fbank.py.
        np.testing.assert_allclose(fbank.beats(f["speech_16k"]), f["beats_fbank_normalised"], atol=2e-4)
        np.testing.assert_allclose(fbank.encodecmae(f["speech_24k"]), f["encodecmae_mel_normalised"], atol=5e-4)


def test_relative_position_buckets(testdata):
    with np.load(testdata / "fbank.npz") as f:
        want = f["buckets"]  # of -1200..1200
    table = beats.buckets(320, 800)
    got = table[np.clip(np.arange(-1200, 1201), -800, 800) + 800]
    np.testing.assert_array_equal(got, want)


def test_reflection_extends_short_input_by_zeros():
    x = torch.tensor([[1.0, 2.0]])
    # 2 samples cannot be reflected 3 deep: a zero is set behind them until they can.
    np.testing.assert_array_equal(encodecmae.reflect(x, 3, 0)[0], [0, 0, 2, 1, 2])
    np.testing.assert_array_equal(encodecmae.reflect(torch.arange(5.0)[None], 2, 1)[0], [2, 1, 0, 1, 2, 3, 4, 3])
