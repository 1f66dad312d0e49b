"""Kernels that may write over an input do so rightly, compiled or not."""

import numpy as np
import pytest

import tengen as tg
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.types import TensorType
from tengen.kernels.numba import service
from tengen.ops.elementwise import affine, mul
from tengen.ops.random import dropout
from tengen.runtime.steps import Kind

from .programs import buffers_of, plain, program_of, tensors

SHAPE = (96, 256)
ELEMENTWISE = sorted(n for n, op in registry.items() if op.elementwise and hasattr(op, "arity"))
ROWS = ("softmax", "log_softmax", "softmax_backward", "log_softmax_backward")


def graph_of(op, dtype, arity):
    """Every operand of `op` is made for it alone, so that it may be overwritten."""
    graph = Graph()
    kind = TensorType.of(SHAPE, dtype)
    given = [graph.add_input(kind) for _ in range(arity)]
    made = [graph.add_node(affine, affine.pack({"scale": 1.0, "shift": 0.0}), (x,))[0]
            for x in given]  # fmt: skip
    attrs = op.defaults
    if "axis" in op.attrs:
        attrs = op.pack({"axis": (1,)})
    graph.outputs = list(graph.add_node(op, attrs, tuple(made)))
    if graph.outputs[0].type.dtype == dtype:
        graph.outputs = list(graph.add_node(mul, (), (graph.outputs[0], graph.outputs[0])))
    return graph


def arrays(op, dtype, arity):
    rng = np.random.default_rng(5)
    low, high = getattr(op, "low", -2.0), getattr(op, "high", 2.0)
    return [rng.uniform(low, high, SHAPE).astype(dtype) for _ in range(arity)]


def check(op, dtype, arity):
    graph = graph_of(op, dtype, arity)
    given = buffers_of(tensors(arrays(op, dtype, arity)))
    program = program_of(graph, given)
    for _ in range(2):
        found = plain(program.run(given))[0]
        service.wait()
    graph.outputs = [v for node in graph.nodes for v in node.outputs]
    apart = program_of(graph, given)
    want = plain(apart.run(given))[-1]
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-6)
    return program


@pytest.mark.parametrize("compiling", ["now", "never"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_result_over_its_input(name, compiling):
    op = registry[name]
    if np.float32 not in op.dtypes:
        pytest.skip("it takes no floats")
    with tg.config.override(compile_kernels=compiling):
        check(op, "float32", op.arity)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_kernel_over_its_input(name):
    check(registry[name], "float32", 2 if "backward" in name else 1)


def test_dropout_over_its_input():
    graph = Graph()
    x = graph.add_input(TensorType.of(SHAPE, "float32"))
    key = graph.add_input(TensorType.of((2,), "uint64"))
    (made,) = graph.add_node(affine, affine.pack({"scale": 2.0, "shift": 1.0}), (x,))
    graph.outputs = list(graph.add_node(dropout, dropout.pack({"p": 0.5}), (made, key)))
    given = buffers_of(tensors([np.ones(SHAPE, np.float32), np.array([3, 5], np.uint64)]))
    found = plain(program_of(graph, given).run(given))
    graph.outputs = [made, *graph.outputs]
    want = plain(program_of(graph, given).run(given))[1:]
    for got, expected in zip(found, want, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert set(np.unique(found[0])) == {0.0, 6.0}


def test_a_long_chain_needs_the_memory_of_one_value():
    graph = Graph()
    x = graph.add_input(TensorType.of(SHAPE, "float32"))
    for step in range(8):
        (x,) = graph.add_node(affine, affine.pack({"scale": 1.5, "shift": float(step)}), (x,))
    graph.outputs = [x]
    given = buffers_of(tensors([np.ones(SHAPE, np.float32)]))
    program = program_of(graph, given)
    assert [s for s in program.lowered.storages if s.kind is Kind.PLANNED] == []
    assert program.nbytes == 0
    want = 1.0
    for step in range(8):
        want = 1.5 * want + step
    np.testing.assert_allclose(plain(program.run(given))[0], want, rtol=1e-6)
