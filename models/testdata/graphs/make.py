"""Makes the graphs of this folder: a few operations each, for what no small export of a real model shows.

    .venv-export/bin/python models/testdata/graphs/make.py
"""

import pathlib

import onnx
from onnx import TensorProto, helper

FOLDER = pathlib.Path(__file__).parent


def pools(name, window, hop, padding):
    """A model of waveforms without blocks: mean and maximum of windows, and their squares."""
    nodes = [
        helper.make_node("Unsqueeze", ["input_values", "one"], ["signal"]),
        helper.make_node("Pad", ["signal", "padding"], ["padded"]),
        helper.make_node("AveragePool", ["padded"], ["mean"], kernel_shape=[window], strides=[hop]),
        helper.make_node("MaxPool", ["padded"], ["maximum"], kernel_shape=[window], strides=[hop]),
        helper.make_node("Concat", ["mean", "maximum"], ["both"], axis=1),
        helper.make_node("Transpose", ["both"], ["hidden_states.0"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["hidden_states.0", "hidden_states.0"], ["hidden_states.1"]),
    ]
    constants = [
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("padding", TensorProto.INT64, [6], [0, 0, padding, 0, 0, padding]),
    ]
    inputs = [helper.make_tensor_value_info("input_values", TensorProto.FLOAT, ["batch", "samples"])]
    outputs = [helper.make_tensor_value_info(f"hidden_states.{i}", TensorProto.FLOAT, ["batch", "frames", 2]) for i in range(2)]
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, FOLDER / f"{name}.onnx")


pools("pools", window=400, hop=320, padding=0)
pools("centred", window=400, hop=160, padding=200)
