"""Joining, cutting and padding keep an operand's channels-last layout on a GPU."""

import numpy as np
import pytest

import tengen as tg
from tengen.base.device import as_device
from tengen.base.layout import channels_last
from tengen.compiler.passes.channels import compose_channels
from tengen.compiler.pipeline import Pipeline
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.types import TensorType
from tengen.runtime.executor import Program
from tengen.runtime.lower import lower
from tengen.runtime.plan import convert, plan_for, to_plain
from tests.engine.kernels.cuda_sources.emulator import COMPILER
from tests.engine.runtime.programs import graph_of

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")

LAST = channels_last(4)
X, Y = (2, 5, 4, 3), (2, 3, 4, 3)
ALL = (None, None, None)

CALLS = [
    ("concat", (X, Y), {"axis": 1}),
    ("concat", (X, X), {"axis": -1}),
    ("concat", (X, (2, 0, 4, 3), Y), {"axis": 1}),
    ("split", (X,), {"sizes": (2, 0, 3), "axis": 1}),
    ("split", (X,), {"sizes": (1, 3), "axis": -2}),
    ("slice", (X,), {"index": (ALL, (1, 5, 2))}),
    ("slice", (X,), {"index": (ALL, ALL, (None, None, -1), (-2, None, 1))}),
    ("slice_backward", (Y,), {"shape": X, "index": (ALL, (2, 5, None))}),
    ("pad", (X,), {"widths": ((0, 0), (1, 2), (0, 3), (2, 0)), "value": 1.5}),
    ("pad", (X,), {"widths": ((0, 0), (0, 0), (2, 3), (1, 2)), "mode": "reflect"}),
    ("pad", (X,), {"widths": ((0, 0), (0, 0), (2, 3), (1, 2)), "mode": "replicate"}),
    ("pad_backward", (X,), {"widths": ((0, 0), (1, 2), (1, 1), (0, 1))}),
    ("pad_backward", (X,), {"widths": ((0, 0), (0, 1), (1, 1), (0, 1)), "mode": "reflect"}),
]


def lasting(shapes):
    """Channels-last tensors on the GPU with their host values."""
    rng = np.random.default_rng(4)
    hosts = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    there = [tg.Tensor(host, device="gpu0") for host in hosts]
    return hosts, [tg.graph.value.wrap(convert(t._buffer, LAST, None), None) for t in there]


@pytest.mark.parametrize(("name", "shapes", "attrs"), CALLS)
def test_the_layout_stays_and_so_do_the_values(native, name, shapes, attrs):
    op = registry[name]
    hosts, tensors = lasting(shapes)
    want = op.kernel(np, *hosts, **op.unpack(op.pack(attrs)))
    made = op(*tensors, **attrs)
    pairs = zip((made,), (want,), strict=True) if op.single else zip(made, want, strict=True)
    for got, value in pairs:
        assert got._buffer.type.layout is LAST
        np.testing.assert_allclose(got.numpy(), value, 1e-5)


@pytest.mark.parametrize(("name", "shapes", "attrs"), CALLS)
def test_a_program_converts_nothing(native, name, shapes, attrs):
    op = registry[name]
    hosts, tensors = lasting(shapes)
    graph = graph_of(op, attrs, [t._buffer.type.logical for t in tensors])
    forms = [t._buffer.type for t in tensors]
    assert not any(step.what == "layout" for step in lower(graph, forms).steps)
    program = Program(graph, forms)
    want = op.kernel(np, *hosts, **op.unpack(op.pack(attrs)))
    for _ in range(3):
        made = program.run([t._buffer for t in tensors])
    for got, value in zip(made, (want,) if op.single else want, strict=True):
        np.testing.assert_allclose(to_plain(got), value, 1e-5)
    assert program._replay.captured


def test_plain_operands_stay_plain_and_the_larger_part_decides(native):
    concat = registry["concat"]
    _, (x, y) = lasting((X, Y))
    plain = convert(y._buffer, None, None)
    attrs = concat.pack({"axis": 1})
    assert plan_for(concat, attrs, (x._buffer.type, plain.type)).out_types[0].layout is None
    made = concat(x, tg.graph.value.wrap(plain, None), axis=1)
    assert made._buffer.type.layout is LAST
    cut = registry["slice"](tg.graph.value.wrap(plain, None), index=(ALL, (0, 2, None)))
    assert cut._buffer.type.layout is None and cut._buffer.owner is not cut._buffer


def test_what_drops_an_axis_is_plain(native):
    (host,), (x,) = lasting((X,))
    got = x[:, 1]
    assert got._buffer.type.layout is None
    np.testing.assert_array_equal(got.numpy(), host[:, 1])


def shuffled(*shapes):
    """A graph that joins values, shuffles their channels in two groups and cuts them in two."""
    graph, gpu = Graph(), as_device("gpu0")
    parts = [graph.add_input(TensorType.of(s, "float32", gpu)) for s in shapes]
    total = sum(shape[1] for shape in shapes)

    def call(name, *inputs, **attrs):
        op = registry[name]
        return graph.add_node(op, op.pack(attrs), inputs)

    (joined,) = call("concat", *parts, axis=1)
    (cut,) = call("reshape", joined, shape=(2, 2, total // 2, 4, 3))
    (turned,) = call("transpose", cut, pattern=(0, 2, 1, 3, 4))
    (whole,) = call("reshape", turned, shape=(2, total, 4, 3))
    graph.outputs = list(call("split", whole, sizes=(3, total - 3), axis=1))
    return graph


def test_a_shuffle_stays_channels_last(native):
    (a, b), tensors = lasting((X, Y))
    graph, _ = Pipeline().run(shuffled(X, Y))
    assert [node.op.name for node in graph.nodes] == ["move_channels"] * 2
    program = Program(graph, [t._buffer.type for t in tensors])
    assert not any(step.what == "layout" for step in program.steps)
    for _ in range(3):
        made = program.run([t._buffer for t in tensors])
    assert program._replay.captured
    want = np.concatenate([a, b], 1).reshape(2, 2, 4, 4, 3).transpose(0, 2, 1, 3, 4)
    want = want.reshape(2, 8, 4, 3)
    for got, value in zip(made, (want[:, :3], want[:, 3:]), strict=True):
        assert got.type.layout is LAST
        np.testing.assert_array_equal(to_plain(got), value)


def test_what_no_table_holds_is_left_as_it_is(native):
    graph = shuffled(*[(2, 4, 4, 3)] * 5)
    names = [node.op.name for node in compose_channels(graph).nodes]
    assert names.count("move_channels") == 1  # of the three channels that two values hold
    assert "transpose" in names
