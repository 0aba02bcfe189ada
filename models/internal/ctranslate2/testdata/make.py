"""Write the models of this folder with CTranslate2's own writer, and what they hold as float32 to expected.npz.

    python make.py        # in an environment with ctranslate2, torch and numpy
"""

import pathlib
import tempfile

import numpy as np
import torch
from ctranslate2.specs import common_spec, model_spec

HERE = pathlib.Path(__file__).parent


def numbers(*shape, scale=1.0):
    n = int(np.prod(shape))
    return (np.sin(np.arange(n) * 0.37) * scale).reshape(shape).astype(np.float32)


class Encoder(model_spec.LayerSpec):
    def __init__(self):
        self.num_heads = np.dtype("int16").type(6)
        self.scale = np.dtype("float32").type(0.5)
        self.conv1 = common_spec.Conv1DSpec()
        self.layer = [common_spec.LinearSpec() for _ in range(3)]
        self.embeddings = common_spec.EmbeddingsSpec()
        self.layer_norm = common_spec.LayerNormSpec()


class Spec(model_spec.ModelSpec):
    name = "WhisperSpec"
    revision = 3

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()


def spec():
    s = Spec()
    e = s.encoder
    e.conv1.weight, e.conv1.bias = numbers(4, 3, 3), numbers(4)
    rows = np.array([[1], [100], [1e-4], [0], [3]], np.float32)  # a row of zeros has the scale 1
    for i, layer in enumerate(e.layer[:2]):
        layer.weight, layer.bias = numbers(5, 8, scale=1 + i) * rows, numbers(5, scale=1 + i)
    e.layer[2].weight, e.layer[2].bias = e.layer[0].weight.copy(), numbers(5, scale=9)  # becomes an alias
    e.embeddings.weight = numbers(7, 4)
    e.layer_norm.gamma, e.layer_norm.beta = numbers(8), numbers(8, scale=2)
    return s


def stored(x, kind, weight):
    """The float32 values that are left of x in a model of that kind."""
    if kind == "int16" and weight:
        scale = np.float32(1024) / np.abs(x).max()
        return np.rint(x * scale).astype(np.float32) * (np.float32(1) / scale)
    if kind.startswith("int8") and weight:
        flat = x.reshape(len(x), -1)
        most = np.abs(flat).max(axis=1, keepdims=True)
        scale = (127 / np.where(most == 0, 127, most)).astype(np.float32)
        return (np.rint(flat * scale).astype(np.float32) * (np.float32(1) / scale)).reshape(x.shape)
    if "float16" in kind:
        to = torch.bfloat16 if "bfloat16" in kind else torch.float16
        return torch.from_numpy(x).to(to).float().numpy()
    return x


def main():
    expected = {}
    for kind in ("float32", "float16", "bfloat16", "int16", "int8_float32", "int8_float16"):
        s = spec()
        s.validate()
        original = {name: value.numpy().copy() for name, value in s.variables().items()}
        s.optimize(kind)
        with tempfile.TemporaryDirectory() as folder:
            s.save(folder)
            (HERE / f"{kind}.bin").write_bytes((pathlib.Path(folder) / "model.bin").read_bytes())
        for name, value in original.items():
            x = value.astype(np.float32)
            expected[f"{kind}:{name}"] = stored(x, kind, name.endswith("weight")) if x.ndim else x
            expected[f"original:{name}"] = x
    np.savez_compressed(HERE / "expected.npz", **expected)


main()
