"""Graphs print as text that reads back to the same graph."""

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.base.errors import FileFormatError, TengenError
from tengen.base.layout import Layout
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.parse import Literal, from_text, parse_type
from tengen.graph.text import neighbourhood, to_text, type_text
from tengen.graph.types import TensorType
from tengen.graph.verify import verify
from tengen.runtime.buffer import Tag, from_host


def kind(array):
    return TensorType.of(array.shape, array.dtype)


def same(a, b):
    """The same calls on the same values, whatever they are named."""
    pairs = dict(zip(a.inputs, b.inputs, strict=True))
    assert [v.type for v in a.inputs] == [v.type for v in b.inputs]
    for (x, held), (y, read) in zip(a.constants.items(), b.constants.items(), strict=True):
        pairs[x] = y
        np.testing.assert_array_equal(np.asarray(held.array), read.array)
    for left, right in zip(a.nodes, b.nodes, strict=True):
        assert left.op is right.op and left.out_types == right.out_types
        assert repr(left.attrs) == repr(right.attrs)
        assert [pairs.get(v) for v in left.inputs] == list(right.inputs)
        pairs.update(zip(left.outputs, right.outputs, strict=True))
    assert [pairs.get(v) for v in a.outputs] == list(b.outputs)


@pytest.mark.parametrize("name", sorted(registry))
def test_every_operator_reads_back(name):
    op = registry[name]
    for sample in op.samples(np.random.default_rng(3)):
        graph = Graph()
        arrays = [None if x is None else np.asarray(x) for x in sample.inputs]
        ins = tuple(None if x is None else graph.add_input(kind(x)) for x in arrays)
        outs = graph.add_node(op, op.pack(sample.attrs), ins)
        graph.outputs = [*outs, None]
        text = to_text(verify(graph))
        read = verify(from_text(text))
        same(graph, read)
        assert to_text(read) == text


@pytest.mark.parametrize("dtype", dt.ALL, ids=lambda d: d.name)
def test_constants_read_back_to_the_bit(dtype):
    rng = np.random.default_rng(5)
    graph = Graph()
    for shape in ((), (3,), (0, 2), (9, 9)):
        values = np.asarray(rng.standard_normal(shape) * 3).astype(dtype)
        graph.outputs.append(graph.add_constant(from_host(values, None)))
    if dtype == dt.float32:
        odd = np.array([np.inf, -np.inf, np.nan, -0.0], dtype)
        graph.outputs.append(graph.add_constant(from_host(odd, None)))
    same(graph, from_text(to_text(graph)))


def test_a_blocked_constant_is_written_as_it_is_meant():
    layout = Layout((0, 1), ((1, 8),))
    plain = np.arange(24, dtype=np.float32).reshape(2, 12)
    graph = Graph()
    held = Literal(TensorType.of((2, 12), "float32", None, layout), layout.pack(plain))
    graph.outputs = [graph.add_constant(held)]
    (read,) = from_text(to_text(graph)).constants.values()
    np.testing.assert_array_equal(read.array, plain)


def test_text_is_readable():
    graph = Graph()
    x = graph.add_input(TensorType.of((2, 3), "float32"))
    half = graph.add_constant(from_host(np.float32(0.5).reshape(()), None))
    (y,) = graph.add_node(registry["mul"], (), (x, half))
    y.node.tag = Tag("mul", (None, "body"), test_text_is_readable.__code__, 12)
    (z,) = graph.add_node(registry["sum"], ((1,), False), (y,))
    graph.outputs = [z]
    assert to_text(graph, tags=True) == (
        "graph(v0: float32[2, 3]):\n"
        "    v1: float32[] = constant(0.5)\n"
        "    v2: float32[2, 3] = mul(v0, v1)  # body test_text.py:12\n"
        "    v3: float32[2] = sum(v2, axis=(1,))\n"
        "    return v3\n"
    )
    same(graph, from_text(to_text(graph, tags=True)))


def test_a_hash_within_a_string_is_no_comment():
    graph = from_text(
        "graph(v0: float32[3]):\n"
        '    v1: float32[5] = pad(v0, widths=((1, 1),), mode="constant")  # a "#" \n'
        "    return v1\n"
    )
    assert graph.nodes[0].op is registry["pad"]


def test_neighbourhood_marks_the_call():
    graph = from_text(
        "graph(v0: float32[3]):\n"
        "    v1: float32[3] = exp(v0)\n"
        "    v2: float32[3] = relu(v1)\n"
        "    v3: float32[3] = neg(v2)\n"
        "    v4: float32[3] = log(v0)\n"
        "    return v3, v4\n"
    )
    lines = neighbourhood(graph, graph.nodes[1], reach=1).splitlines()
    assert [line[0] for line in lines] == [" ", ">", " "]
    assert "relu" in lines[1] and not any("log" in line for line in lines)


def test_types_read_back():
    layout = Layout((0, 1, 2, 3), ((1, 16),))
    for type_ in (
        TensorType.of((), "bool"),
        TensorType.of((None, 3), "bfloat16"),
        TensorType.of((1, 32, 4, 4), "float32", None, layout),
        TensorType.of((2,), "float32", "cpu1"),
    ):
        assert parse_type(type_text(type_)) is type_


@pytest.mark.parametrize(
    "line, message",
    [
        ("v1: float32[3] = nonsense(v0)", "nonsense is no operator"),
        ("v1: float32[3] = relu(v7)", "v7 is not known"),
        ("v0: float32[3] = relu(v0)", "v0 is named twice"),
        ("v1: float32[3] = relu(v0, slope=1)", "unknown attribute slope"),
        ("v1: float31[3] = relu(v0)", "float31"),
        ("v1 = relu(v0)", "expected 'name: type'"),
        ("v1: float32[3] = relu(__import__('os'))", "name of a value"),
        ("v1: float32[3] = cast(v0, dtype=open('x'))", "expected a value"),
        ("v1: float32[2] = constant(1.0)", "2 values were expected, 1 came"),
        ("v1: float32[2] = constant(base64='!!')", "line 2"),
        ("v1: float32[3] = relu(v0", "line 2"),
    ],
)
def test_bad_text_names_its_line(line, message):
    text = f"graph(v0: float32[3]):\n    {line}\n    return v1\n"
    with pytest.raises(FileFormatError, match="line 2") as caught:
        from_text(text)
    assert message in str(caught.value)


def test_text_without_an_end_is_refused():
    with pytest.raises(FileFormatError, match="no 'return'"):
        from_text("graph(v0: float32[3]):\n")
    with pytest.raises(TengenError, match="behind 'return'"):
        from_text("graph():\n    return\n    return\n")
