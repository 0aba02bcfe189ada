"""Bad input: one line that names the file, the tensor or the key, and exit code 1."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, Wav2Vec2FeatureExtractor

import export
import presets


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "checkpoint"
    AutoModel.from_config(presets.config("tiny-hubert")).save_pretrained(path)
    return path


@pytest.fixture
def refused(tmp_path, capsys):
    """Runs the exporter, which must refuse; returns its message."""

    def run(*args):
        out = tmp_path / "m.onnx"
        assert export.main([*map(str, args), "--out", str(out)]) == 1
        assert not out.exists() and not out.with_suffix(".card.yaml").exists()
        message = [line for line in capsys.readouterr().err.splitlines() if line.startswith("export: ")]
        assert len(message) == 1
        return message[0]

    return run


def edit(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_unknown_family(folder, refused):
    edit(folder, model_type="gpt2")
    assert 'model_type "gpt2" in config.json is not known here (known: bert, ' in refused(folder)


def test_no_such_folder(tmp_path, refused):
    assert "no checkpoint folder or id" in refused(tmp_path / "absent")


def test_missing_tensor(folder, refused):
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layers.1.attention.k_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    message = refused(folder)
    assert "lacks 1 tensors" in message and "encoder.layers.1.attention.k_proj.weight" in message


def test_config_contradicts_the_weights(folder, refused):
    edit(folder, intermediate_size=48)
    assert "intermediate_dense" in refused(folder)


def test_more_layers_than_weights(folder, refused):
    edit(folder, num_hidden_layers=3)
    assert "encoder.layers.2." in refused(folder)


def test_truncated_weights(folder, refused):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert str(folder) in refused(folder)


def test_another_rate(folder, refused):
    Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(folder)
    assert "8000 Hz, want 16000" in refused(folder)


def test_vocabulary_larger_than_the_embedding(tmp_path, refused):
    folder = tmp_path / "bert"
    AutoModel.from_config(presets.config("tiny-bert")).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(f"w{i}" for i in range(121)))
    assert "121 entries, but the embedding has 120 rows" in refused(folder)


def test_pickle_with_code_is_not_run(tmp_path, refused):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "x.pt"
    torch.save({"cfg": Evil()}, path)
    assert "not a checkpoint of tensors alone" in refused(path)
    path.write_bytes(pickle.dumps(Evil()))
    assert "not a checkpoint of tensors alone" in refused(path)
    assert not (tmp_path / "ran").exists()


def test_truncated_checkpoint(testdata, tmp_path, refused):
    path = tmp_path / "beats.pt"
    path.write_bytes((testdata / "beats.pt").read_bytes()[:5000])
    assert "or truncated" in refused(path)


@pytest.mark.parametrize("name", ["beats", "wavlm-base"])
def test_changed_cfg(testdata, tmp_path, refused, name):
    content = torch.load(testdata / f"{name}.pt", weights_only=True)
    content["cfg"]["encoder_ffn_embed_dim"] = 72
    torch.save(content, tmp_path / "x.pt")
    assert "its configuration says (72" in refused(tmp_path / "x.pt")
    content["cfg"]["activation_fn"] = "relu"
    torch.save(content, tmp_path / "x.pt")
    assert "activation_fn is 'relu', only 'gelu' is known" in refused(tmp_path / "x.pt")
    del content["cfg"]["encoder_layers"], content["cfg"]["activation_fn"]
    torch.save(content, tmp_path / "x.pt")
    assert "'encoder_layers'" in refused(tmp_path / "x.pt")


def test_missing_tensor_of_beats(testdata, tmp_path, refused):
    content = torch.load(testdata / "beats.pt", weights_only=True)
    del content["model"]["encoder.layers.1.fc1.bias"]
    torch.save(content, tmp_path / "x.pt")
    assert "lacks 1 tensors: ['encoder.layers.1.fc1.bias']" in refused(tmp_path / "x.pt")


def test_heads_of_encodecmae(testdata, refused):
    assert "give --heads" in refused(testdata / "encodecmae-v1.pt")
    assert "give --heads" in refused(testdata / "encodecmae-v1.pt", "--heads", 5)


def test_heads_of_a_published_folder(testdata, tmp_path):
    folder = tmp_path / "encodecmae-base"
    folder.mkdir()
    (folder / "model.pt").write_bytes((testdata / "encodecmae-v1.pt").read_bytes())
    (folder / "config.gin").write_text("MODEL_DIM=32\nNUM_ENCODER_HEADS=4\nNUM_DECODER_HEADS=2\n")
    out = tmp_path / "m.onnx"
    assert export.main([str(folder), "--out", str(out)]) == 0
    assert "heads: 4\n" in out.with_suffix(".card.yaml").read_text()


def test_some_other_checkpoint(tmp_path, refused):
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "x.pt")
    assert "neither BEATs, WavLM nor EncodecMAE (keys: ['layer.weight']" in refused(tmp_path / "x.pt")
    torch.save(torch.zeros(2), tmp_path / "x.pt")
    assert "holds a Tensor" in refused(tmp_path / "x.pt")


def test_presets(refused, tmp_path):
    assert "neither a config.json nor a preset (presets: wav2vec2-base, " in refused("--random", "wav2vec-base")
    (tmp_path / "c.json").write_text('{"model_type": "hubert", ')
    assert "c.json" in refused("--random", tmp_path / "c.json")


def test_traced_length_is_no_reference(refused):
    assert "9 is the traced length" in refused("--random", "tiny-bert", "--lengths", "9,4,5")


def test_usage():
    for args in (["--out", "m.onnx"], ["x", "--random", "y", "--out", "m.onnx"], ["x", "--out", "m.bin"]):
        with pytest.raises(SystemExit) as e:
            export.main(args)
        assert e.value.code == 2
