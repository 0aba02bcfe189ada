"""Write the checkpoints of this folder with torch, and what they hold as float32 to expected.npz.

    python make.py        # in an environment with torch and numpy, e.g. that of models/export
"""

import argparse
import collections
import datetime
import pathlib
import sys
import types

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


def numbers(*shape, scale=1.0):
    n = int(np.prod(shape))
    return ((torch.arange(n, dtype=torch.float64) * 0.37).sin() * scale).reshape(shape)


def state():
    base = numbers(6, 8).float()
    half = torch.tensor([0.0, -0.0, 1.0, -1.5, 65504.0, 6e-8, 6.2e-5, float("inf"), -float("inf"), float("nan")])
    s = collections.OrderedDict()
    s["f32"] = base
    s["f64"] = numbers(3, 2, scale=1e10)
    s["f16"] = half.half()
    s["bf16"] = half.bfloat16()
    for kind in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        name = str(kind).removeprefix("torch.")
        s[name] = torch.tensor([0, 1, 100, torch.iinfo(kind).max, torch.iinfo(kind).min], dtype=kind)
    s["bool"] = torch.tensor([[True, False], [False, True]])
    s["scalar"] = torch.tensor(7)
    s["empty"] = torch.zeros(0, 4)
    # Views of one storage.
    s["view.transposed"] = base.t()
    s["view.rows"] = base[2:4]
    s["view.columns"] = base[:, 3]
    s["view.steps"] = base[1::2, ::3]
    s["view.expanded"] = base[0, :3].expand(4, 3)
    s["view.permuted"] = numbers(2, 3, 4, 5).float().permute(3, 0, 2, 1)[1:, :, ::2]
    s["view.overlapping"] = numbers(10).float().as_strided((4, 4), (2, 1))
    s["view.far"] = numbers(4, 1200).float()[:, 7]
    s["parameter"] = torch.nn.Parameter(numbers(2, 2).float())
    return s


class Dictionary:  # a plain class of the training program, as in fairseq's task_state
    def __init__(self):
        self.symbols = ["<s>", "a"]
        self.parent = self


class Attributes(dict):  # a dict with a class of its own, as Lightning's hyper-parameters are
    pass


def checkpoint():
    program = types.ModuleType("training_program")
    sys.modules["training_program"] = program
    for c in (Dictionary, Attributes):
        c.__module__ = "training_program"
        setattr(program, c.__name__, c)
    attributes = Attributes(rate=16000)
    attributes.seen = True
    return {
        "args": argparse.Namespace(arch="hubert", encoder_layers=12, layers=[1, (2, 3)]),
        "cfg": {
            "encoder_layers": 12,
            "dropout": 0.1,
            "conv_feature_layers": "[(512,10,5)]",
            "layer.norm": None,
            "deep": {"flag": True, "big": 1 << 70, "negative": -(1 << 40), "set": {5}},
            3: "three",
        },
        "model": {"module": state()},
        "optimizer": {"state": {0: {"step": 5, "exp_avg": torch.ones(2)}}, "groups": [torch.zeros(1), "sgd"]},
        "task_state": {"dictionary": Dictionary(), "attributes": attributes},
        "best": np.float64(0.5),
        "array": np.arange(3),
        "path": pathlib.PosixPath("data/dict.txt"),
        "time": datetime.datetime(2020, 1, 1),
        "meters": collections.defaultdict(int, {"loss": 2}),
        "device": torch.device("cpu"),
        "type": torch.float16,
        "size": torch.Size([2, 3]),
        "bytes": b"\x00\xff",
    }


def main():
    torch.manual_seed(0)
    torch.save(checkpoint(), HERE / "zip.pt")
    torch.save(checkpoint(), HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    for protocol in (3, 4, 5):
        torch.save({"model": {"module": {"f32": state()["f32"]}}, "note": "protocol"}, HERE / f"protocol{protocol}.pt", pickle_protocol=protocol)
    # Types whose storages have none: torch writes them by _rebuild_tensor_v3.
    top = {f"model.module.uint{n}": torch.tensor([0, 1, 2**n - 1], dtype=getattr(torch, f"uint{n}")) for n in (16, 32, 64)}
    torch.save(top, HERE / "unsigned.pt")
    plain = torch.nn.Linear(2, 2).state_dict() | {"w": torch.ones(1)}
    torch.save(plain, HERE / "plain.pt")
    torch.save(plain, HERE / "legacyplain.pt", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), HERE / "script.pt")
    expected = {"model.module." + k: v.detach().to(torch.float32).numpy() for k, v in state().items()}
    expected |= {k: v.to(torch.float64).to(torch.float32).numpy() for k, v in top.items()}
    np.savez_compressed(HERE / "expected.npz", **{k: np.ascontiguousarray(v) if v.ndim else v for k, v in expected.items()})


main()
