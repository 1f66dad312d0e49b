"""ONNX files as graph documents: of the viewers' form, with groups, shapes and totals."""

import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
documents = pytest.importorskip("tengen_studio.documents.graph")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tengen.base.errors import FileFormatError  # noqa: E402
from tengen.interop import onnx_document  # noqa: E402
from tengen.interop.onnx_graph import group_of  # noqa: E402


def small(**more):
    nodes = [
        helper.make_node(
            "Conv", ["x", "conv.weight"], ["a"], name="/layer1/layer1.0/conv/Conv",
            kernel_shape=[3, 3], pads=[1] * 4,
        ),
        helper.make_node("Clip", ["a", "", "six"], ["b"], name="/layer1/layer1.0/act/Clip"),
        helper.make_node("Special", ["b"], ["y"], domain="com.example", strength=float("inf")),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "Small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "conv.weight"),
            numpy_helper.from_array(np.array(6, np.float32), "six"),
        ],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def test_a_document_that_the_viewers_take(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(small().SerializeToString())
    made = documents.read_graph(json.dumps(onnx_document(path)))
    assert (made.name, made.form, made.note) == (
        "Small",
        "file",
        "ONNX, opset ai.onnx 17, com.example 1",
    )
    conv, clip, special = made.nodes
    assert conv.group == "layer1.0.conv" and conv.attrs == {"kernel_shape": [3, 3], "pads": [1] * 4}
    assert conv.outputs[0].shape == ["batch", 4, 8, 8] and conv.outputs[0].dtype == "float32"
    assert clip.inputs == ["a", None, "six"]
    assert special.op == "com.example.Special" and special.attrs == {"strength": "inf"}
    assert [(s.name, s.kind, s.bytes) for s in made.state] == [
        ("conv.weight", "parameter", 432), ("six", "constant", 4)
    ]  # fmt: skip
    assert [g.path for g in made.groups] == ["layer1", "layer1.0", "layer1.0.conv", "layer1.0.act"]
    assert made.totals.parameters == 108 and made.totals.parameter_bytes == 432
    assert made.outputs == ["y"] and made.inputs[0].id == "x"


def test_operations_are_counted_where_shapes_are_known():
    model = small()
    dim = model.graph.input[0].type.tensor_type.shape.dim[0]
    dim.ClearField("dim_param")
    dim.dim_value = 2
    made = onnx_document(model)
    assert made["nodes"][0]["flops"] == 2 * (2 * 4 * 8 * 8) * 27 == made["totals"]["flops"]


def test_subgraphs_are_told_of_and_any_opset_is_shown():
    inner = helper.make_graph(
        [helper.make_node("Abs", ["x"], ["z"])], "inner", [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )  # fmt: skip
    node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    graph = helper.make_graph(
        [node], "", [helper.make_tensor_value_info("x", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 3)])
    made = documents.read_graph(json.dumps(onnx_document(model)))
    assert made.nodes[0].note == "holds 2 nodes in 2 subgraph(s)"
    assert made.nodes[0].attrs["then_branch"] == "graph of 1 nodes"


@pytest.mark.parametrize(
    "name, path",
    [
        ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
        ("/encoder/layer.0/attention/MatMul_1", "encoder.layer.0.attention"),
        ("model/block/conv", "model.block"),
        ("Conv_12", ""),
        ("", ""),
    ],
)
def test_groups_from_names(name, path):
    assert group_of(name) == path


def test_broken_files_are_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(FileFormatError, match=r"broken\.onnx"):
        onnx_document(path)
    model = small()
    model.graph.node[1].input[0] = "nowhere"
    with pytest.raises(FileFormatError, match="a cycle or a gap"):
        onnx_document(model)
    model = small()
    model.graph.initializer[0].dims[0] = -1
    with pytest.raises(FileFormatError, match="has the shape"):
        onnx_document(model)
