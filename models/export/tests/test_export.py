"""The exporter: every family, what it writes, and what it refuses."""

import numpy as np
import onnx
import pytest
import torch
import yaml
from transformers import AutoModel, AutoModelForCTC, Wav2Vec2FeatureExtractor

import export
import graph
import huggingface
import presets
from model import ExportError

TINY = [name for name in [*presets.PRESETS, *presets.OURS] if name.startswith("tiny-")]


@pytest.mark.parametrize("preset", TINY)
def test_every_family(preset, tmp_path, capsys):
    out, npz = tmp_path / "m.onnx", tmp_path / "m.npz"
    assert export.main(["--random", preset, "--out", str(out), "--reference", str(npz)]) == 0
    assert "matches the original" in capsys.readouterr().out
    card = yaml.safe_load((tmp_path / "m.card.yaml").read_text())
    model = onnx.load(out)
    metadata = {p.key: p.value for p in model.metadata_props}
    assert yaml.safe_load(metadata["speechsim.card"]) == card
    assert [o.version for o in model.opset_import if o.domain == ""] == [17]
    tensors = [layer["tensor"] for layer in card["layers"] + card["attentions"]]
    assert [o.name for o in model.graph.output] == tensors
    assert [i.name for i in model.graph.input] == [card["input"]] + ([card["mask"]] if "mask" in card else [])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.card.yaml", "m.npz", "m.onnx"]
    with np.load(npz) as reference:
        assert {k.partition(".")[2] for k in reference.files} == {"input", *tensors}
        for k in "012":
            for attention in card["attentions"]:
                weights = reference[f"{k}.{attention['tensor']}"]
                assert weights.shape[0] == card["heads"]
                np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
                # Not uniform, so that a swapped head or a lost scale would show; a single key leaves no choice.
                assert weights.shape[-1] == 1 or weights.std(axis=-1).max() > 0.5 / weights.shape[-1]


def test_attention_of_wavlm_is_per_head_and_its_mean_is_what_transformers_returns():
    original = huggingface.random(presets.config("tiny-wavlm"), "m", "s", 1)
    feeds = original.feed(original.sample(6000, 1))
    heads = original.run(feeds)["attentions.1"]
    averaged = original.module.model(**feeds, output_attentions=True).attentions[1]
    torch.testing.assert_close(heads.mean(dim=1), averaged[:, 0])
    assert (heads[:, 0] - heads[:, 1]).abs().max() > 0.01


@pytest.mark.parametrize("preset", ["tiny-wav2vec2-layer-norm", "tiny-wavlm-layer-norm", "tiny-hubert"])
def test_last_layer_is_what_transformers_returned_before_5_16(preset):
    original = huggingface.random(presets.config(preset), "m", "s", 1)
    feeds = original.feed(original.sample(6000, 1))
    got = original.run(feeds)
    model = original.module.model
    model.config.tie_last_hidden_states = True
    want = model(**feeds, output_hidden_states=True)
    for i, state in enumerate(want.hidden_states):
        torch.testing.assert_close(got[f"hidden_states.{i}"], state)
    if preset != "tiny-hubert":
        normed = model.encoder.layer_norm(got["hidden_states.2.prenorm"])
        torch.testing.assert_close(normed, got["hidden_states.2"])


@pytest.fixture
def checkpoint_folder(tmp_path):
    """A wav2vec 2.0 with a CTC head, as transformers saves it."""
    config = presets.config("tiny-wav2vec2-layer-norm")
    model = AutoModelForCTC.from_config(config)
    folder = tmp_path / "checkpoint"
    model.save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def test_checkpoint_with_a_head(checkpoint_folder, tmp_path):
    out = tmp_path / "m.onnx"
    assert export.main([str(checkpoint_folder), "--out", str(out)]) == 0
    card = yaml.safe_load(out.with_suffix(".card.yaml").read_text())
    assert card["normalize"] == "zero_mean_unit_var"
    original = huggingface.load(str(checkpoint_folder), "m")
    want = AutoModel.from_pretrained(checkpoint_folder).eval()
    feeds = original.feed(original.sample(5000, 2))
    got = graph.session(out).run(["hidden_states.2"], {k: v.numpy() for k, v in feeds.items()})[0]
    np.testing.assert_allclose(got, want(**feeds).last_hidden_state.detach(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("do_normalize", "want"), [(True, "zero_mean_unit_var"), (False, "none")])
def test_normalisation_is_the_checkpoints(checkpoint_folder, do_normalize, want):
    Wav2Vec2FeatureExtractor(do_normalize=do_normalize).save_pretrained(checkpoint_folder)
    assert huggingface.load(str(checkpoint_folder), "m").card.normalize == want
    assert huggingface.load(str(checkpoint_folder), "m", "none").card.normalize == "none"


def test_external_data(tmp_path):
    out = tmp_path / "m.onnx"
    assert export.main(["--random", "tiny-bert", "--out", str(out), "--external-data"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.card.yaml", "m.onnx", "m.onnx.data"]
    original = huggingface.random(presets.config("tiny-bert"), "m", "s", 0)
    comparisons, _ = graph.compare(out, original, original.lengths)
    assert max(c.share for c in comparisons) <= 1


def test_the_same_command_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert export.main(["--random", "tiny-hubert", "--out", str(tmp_path / name / "m.onnx"), "--seed", "3"]) == 0
    assert (tmp_path / "a" / "m.onnx").read_bytes() == (tmp_path / "b" / "m.onnx").read_bytes()


def test_what_differs_is_not_written(tmp_path):
    original = huggingface.random(presets.config("tiny-bert"), "m", "s", 0)
    honest = original.run

    def shifted(feeds):
        result = honest(feeds)
        result["hidden_states.1"] = result["hidden_states.1"] + 0.01
        return result

    original.run = shifted
    out = tmp_path / "m.onnx"
    out.write_text("what was there")
    with pytest.raises(ExportError, match=r"not written: 1 of 5 outputs differ.*hidden_states.1 by 0.01"):
        graph.write(original, out, original.lengths)
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"] and out.read_text() == "what was there"


def test_a_mask_that_is_not_exact_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface, "_never_pad", lambda config: "")
    original = huggingface.random(presets.config("tiny-hubert"), "m", "s", 0)
    with pytest.raises(ExportError, match="not written: padding changes real frames"):
        graph.write(original, tmp_path / "m.onnx", original.lengths)
    assert not list(tmp_path.iterdir())
