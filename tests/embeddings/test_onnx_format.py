"""The graphs that are written without ``onnx``, read and checked with it."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from onnx import TensorProto, helper, numpy_helper
from tests.fixtures.tiny_bert import make_bert

from genwright.embeddings.arithmetic import load_bert
from genwright.embeddings.graph import build_graph, calibrate
from genwright.embeddings.onnx_format import FLOAT, INT64, MICROSOFT, OnnxGraph

KINDS = ("float32", "uint8", "int8", "int32", "int64")
tensors = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays(kind, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)


def read(data: bytes) -> onnx.ModelProto:
    return onnx.load_model_from_string(data)


@pytest.mark.parametrize("int8", [True, False])
def test_an_encoder_passes_the_checker(tmp_path, int8):
    bert = load_bert(make_bert(tmp_path))
    model = read(build_graph(bert, calibrate(bert) if int8 else None))
    onnx.checker.check_model(model)
    kinds = {node.op_type for node in model.graph.node}
    assert ("DynamicQuantizeMatMul" in kinds) is int8


def test_the_whole_is_the_message_that_onnx_would_write():
    table = np.arange(6, dtype=np.float32).reshape(2, 3)
    graph = OnnxGraph()
    x = graph.node("Gather", graph.constant(table), "ids", axis=0)
    first, _ = graph.split(x, 2)
    graph.node("Gelu", first, "", result="out", domain=MICROSOFT, alpha=0.25, most=2**40, least=-7)
    written = read(graph.serialize({"ids": (INT64, ["B", 4])}, {"out": (FLOAT, [])}))

    names = [name for node in written.graph.node for name in node.output]
    constant = written.graph.initializer[0].name
    extra = {"alpha": 0.25, "most": 2**40, "least": -7}
    nodes = [
        helper.make_node("Gather", [constant, "ids"], names[:1], axis=0),
        helper.make_node("Split", names[:1], names[1:3], axis=-1, num_outputs=2),
        helper.make_node("Gelu", [names[1], ""], ["out"], domain=MICROSOFT, **extra),
    ]
    expected = helper.make_model(
        helper.make_graph(
            nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["B", 4])],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [])],
            [numpy_helper.from_array(table, constant)],
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=9,
    )
    for each in (written, expected):  # the order of attributes says nothing
        for node in each.graph.node:
            node.attribute.sort(key=lambda attribute: attribute.name)
    assert written == expected


@given(tensors)
def test_a_tensor_comes_back_as_it_was(value):
    graph = OnnxGraph()
    graph.constant(value)
    graph.constant(value.T)
    there, turned = map(numpy_helper.to_array, read(graph.serialize({}, {})).graph.initializer)
    assert there.dtype == value.dtype
    np.testing.assert_array_equal(there, value)
    np.testing.assert_array_equal(turned, value.T)


def test_values_in_a_file_beside_the_graph_are_found(tmp_path):
    table = np.arange(24, dtype=np.int8).reshape(6, 4)
    (tmp_path / "table.bin").write_bytes(bytes(8) + table.tobytes())
    graph = OnnxGraph()
    graph.external("int8", table.shape, "table.bin", offset=8)
    (tmp_path / "model.onnx").write_bytes(graph.serialize({}, {}))
    there = onnx.load(tmp_path / "model.onnx").graph.initializer[0]
    np.testing.assert_array_equal(numpy_helper.to_array(there), table)


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_comes_back_as_it_was(value):
    graph = OnnxGraph()
    graph.node("Any", value=value)
    assert read(graph.serialize({}, {})).graph.node[0].attribute[0].i == value
