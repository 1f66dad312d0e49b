"""Small files that ask for much memory: refused where it would be taken, by node and size."""

import resource
import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import tengen as tg  # noqa: E402
from tengen.base.errors import OutOfMemoryError, TengenError  # noqa: E402
from tengen.interop import from_onnx, onnx_document  # noqa: E402

LIMIT = 64 << 20
MUCH = 10**10
HALF = np.float32(0.5)


def file_of(nodes, constants=(), opset=17):
    """A model from x (2, 3) to y; constants are (name, value) pairs."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes],
        "greedy",
        [info("x", TensorProto.FLOAT, [2, 3])],
        [info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def picture(op, *inputs, constants=(), opset=17, **attributes):
    """One node that reads x as an image (1, 1, 2, 3)."""
    nodes = [("Reshape", ["x", "image"], ["i"]), (op, ["i", *inputs], ["y"], attributes)]
    return file_of(nodes, [("image", np.array([1, 1, 2, 3])), *constants], opset)


def plain(op, inputs, *constants, opset=17, **attributes):
    """One node."""
    return file_of([(op, inputs, ["y"], attributes)], constants, opset)


KERNEL = ("w", np.ones((1, 1, 3, 3), np.float32))
WIDE = [0, MUCH, 0, 0]
FILES = {
    "ConstantOfShape": lambda: plain("ConstantOfShape", ["s"], ("s", np.array([MUCH]))),
    "ConstantOfShape of many axes": lambda: plain(
        "ConstantOfShape", ["s"], ("s", np.array([100000] * 3))
    ),
    "Range": lambda: plain(
        "Range", ["a", "b", "c"], ("a", np.float32(0)), ("b", np.float32(1)),
        ("c", np.float32(1e-10)),
    ),
    "Expand": lambda: plain("Expand", ["x", "s"], ("s", np.array([MUCH, 1, 1]))),
    "Expand of a constant": lambda: plain(
        "Expand", ["c", "s"], ("c", np.float32(1)), ("s", np.array([MUCH]))
    ),
    "Tile": lambda: plain("Tile", ["x", "s"], ("s", np.array([10**6, 10**6]))),
    "Tile of a constant": lambda: plain(
        "Tile", ["c", "s"], ("c", np.ones(4000, np.int64)), ("s", np.array([10**6]))
    ),
    "Pad": lambda: plain("Pad", ["x", "s"], ("s", np.array([0, 0, MUCH, 0]))),
    "Pad by reflection": lambda: plain(
        "Pad", ["x", "s"], ("s", np.array([0, 0, MUCH, 0])), mode="reflect"
    ),
    "Pad by attribute": lambda: plain("Pad", ["x"], opset=9, pads=[0, 0, 0, MUCH]),
    "OneHot": lambda: plain(
        "OneHot", ["p", "d", "v"], ("p", np.arange(4000)), ("d", np.int64(10**7)),
        ("v", np.array([0, 1], np.float32)),
    ),
    "Split": lambda: plain("Split", ["x"], opset=18, num_outputs=MUCH),
    "Resize": lambda: picture(
        "Resize", "", "", "s", constants=[("s", np.array([1, 1, 10**5, 10**7]))]
    ),
    "Resize by linear": lambda: picture(
        "Resize", "", "f", constants=[("f", np.array([1, 1, 1, 1e9], np.float32))], mode="linear"
    ),
    "Upsample": lambda: picture("Upsample", opset=7, scales=[1.0, 1.0, 1e5, 1e6]),
    "CenterCropPad": lambda: plain(
        "CenterCropPad", ["x", "s"], ("s", np.array([MUCH, 3])), opset=18
    ),
    "HannWindow": lambda: plain("HannWindow", ["n"], ("n", np.int64(MUCH))),
    "MelWeightMatrix": lambda: plain(
        "MelWeightMatrix", ["n", "n", "r", "a", "b"], ("n", np.int64(10**6)), ("r", np.int64(8000)),
        ("a", np.float32(0)), ("b", np.float32(4000)),
    ),
    "AffineGrid": lambda: plain(
        "AffineGrid", ["t", "s"], ("t", np.ones((1, 2, 3), np.float32)),
        ("s", np.array([1, 1, 10**5, 10**6])), opset=20,
    ),
    "DFT": lambda: plain("DFT", ["x", "n"], ("n", np.int64(MUCH)), axis=0),
    "Col2Im": lambda: file_of(
        [("Unsqueeze", ["x", "zero"], ["i"]), ("Col2Im", ["i", "s", "k"], ["y"])],
        [("zero", np.array([0])), ("s", np.array([10**6, 10**6])), ("k", np.array([1, 2]))], 18,
    ),
    "Conv": lambda: picture("Conv", "w", constants=[KERNEL], pads=WIDE),
    "ConvTranspose": lambda: picture("ConvTranspose", "w", constants=[KERNEL], strides=[1, MUCH]),
    "ConvTranspose to a shape": lambda: picture(
        "ConvTranspose", "w", constants=[KERNEL], output_shape=[10**6, 10**6]
    ),
    "MaxPool": lambda: picture("MaxPool", kernel_shape=[1, 3], pads=WIDE),
    "MaxPool with a large window": lambda: picture(
        "MaxPool", kernel_shape=[1, 10**6], pads=[0, 10**6, 0, 0], dilations=[1, 2]
    ),
    "AveragePool": lambda: picture("AveragePool", kernel_shape=[1, 3], pads=WIDE),
    "MaxUnpool": lambda: picture(
        "MaxUnpool", "p", constants=[("p", np.zeros((1, 1, 2, 3), np.int64))],
        kernel_shape=[10**6, 10**6],
    ),
    "RoiAlign": lambda: picture(
        "RoiAlign", "r", "b", output_height=10**6, output_width=10**6,
        constants=[("r", np.zeros((1, 4), np.float32)), ("b", np.zeros(1, np.int64))],
    ),
    "RoiAlign of a large region": lambda: picture(
        "RoiAlign", "r", "b",
        constants=[("r", np.array([[0, 0, 1e6, 1e6]], np.float32)), ("b", np.zeros(1, np.int64))],
    ),
    "RandomNormal": lambda: plain("RandomNormal", [], shape=[MUCH]),
    "Einsum": lambda: plain(
        "Einsum", ["c", "c", "c"], ("c", np.ones(4000, np.float32)), equation="i,j,k->ijk"
    ),
    "Where": lambda: plain(
        "Where", ["a", "b", "c"], ("a", np.ones((4000, 1, 1), bool)),
        ("b", np.ones((4000, 1), np.float32)), ("c", np.ones(4000, np.float32)),
    ),
}  # fmt: skip


@pytest.fixture
def little_memory():
    with tg.config.override(memory_limit=LIMIT):
        tracemalloc.start()
        yield
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3 * LIMIT


@pytest.mark.parametrize("name", FILES)
def test_what_a_node_asks_for_is_refused_before_it_is_taken(name, little_memory):
    model = FILES[name]()
    with pytest.raises(OutOfMemoryError) as caught:
        from_onnx(model)(tg.Tensor(np.ones((2, 3), np.float32)))
    assert f"[{name.partition(' ')[0]} (node" in str(caught.value) or "[memory]" in str(
        caught.value
    )


def test_many_values_computed_ahead_take_no_more_than_one(little_memory):
    nodes = [("ConstantOfShape", ["s"], [f"c{i}"]) for i in range(400)]
    sums = [("Concat", [f"c{i}" for i in range(400)], ["all"], {"axis": 0})]
    largest = [("ReduceMax", ["all"], ["y"], {"keepdims": 0})]
    model = file_of([*nodes, *sums, *largest], [("s", np.array([500_000]))])
    with pytest.raises(TengenError):
        from_onnx(model)(tg.Tensor(np.ones((2, 3), np.float32)))


@pytest.mark.parametrize("kind", ["doubling", "long", "functions"])
def test_a_document_follows_no_numbers_without_bound(kind):
    if kind == "doubling":
        nodes = [("Shape", ["x"], ["c0"])]
        nodes += [("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], {"axis": 0}) for i in range(40)]
        model = file_of([*nodes, ("Cast", ["c40"], ["y"], {"to": 1})])
    elif kind == "long":
        nodes = [("Expand", ["one", "s"], ["e"]), ("Cast", ["e"], ["y"], {"to": 1})]
        model = file_of(nodes, [("one", np.int64(1)), ("s", np.array([2**40]))])
    else:
        model = file_of([("call", ["x"], ["y"], {"domain": "own"})])
        opsets = [helper.make_opsetid("own", 1), helper.make_opsetid("", 17)]
        call = helper.make_node("call", ["a"], ["b"], domain="own")
        model.functions.append(helper.make_function("own", "call", ["a"], ["b"], [call], opsets))
        model.opset_import.append(opsets[0])
    before = most_of_a_child()
    document = onnx_document(model)
    assert document["nodes"][-1]["outputs"][0]["name"] == "y"
    assert most_of_a_child() < max(2048, before + 1), "megabytes of the process that infers shapes"


def most_of_a_child():
    """The most megabytes that a process started by this one has had, whenever that was."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
