"""Running a graph call by call, and judging a pass by text and by what its graph computes."""

import inspect

import numpy as np

import tengen as tg
from tengen.base import dtype as dt
from tengen.graph.parse import from_text
from tengen.graph.text import to_text
from tengen.graph.verify import verify
from tengen.ops.sampling import draw
from tengen.runtime.buffer import from_host
from tengen.runtime.eager import run_buffers
from tengen.runtime.plan import to_plain


def constant(type_, array):
    """The buffer of a constant that came from text."""
    return from_host(np.asarray(array, type_.dtype), type_.device)


def evaluate(op, attrs, buffers):
    """The buffers of a call's results."""
    made = run_buffers(op, attrs, buffers, None)
    return (made,) if op.single else made


def run(graph, arrays):
    """The graph's outputs as arrays."""
    values = {v: from_host(a, None) for v, a in zip(graph.inputs, arrays, strict=True)}
    values |= graph.constants
    for node in graph.nodes:
        ins = tuple(None if v is None else values[v] for v in node.inputs)
        values.update(zip(node.outputs, evaluate(node.op, node.attrs, ins), strict=True))
    return [None if v is None else np.array(to_plain(values[v])) for v in graph.outputs]


def inputs_for(graph, seed=0):
    """Arrays that fit a graph's inputs."""
    rng = np.random.default_rng(seed)
    return [draw(rng, v.type.shape, v.type.dtype, 0.25, 2.0) for v in graph.inputs]


def read(text):
    """The verified graph of a text."""
    return verify(from_text(inspect.cleandoc(text), constant))


def same_values(before, after, arrays=None, tolerance=1e-5):
    """Assert that two graphs compute the same, with every kernel and with NumPy's text."""
    arrays = inputs_for(before) if arrays is None else arrays
    for backends in ("numpy", tg.config.backends):
        with tg.config.override(backends=backends):
            for want, got in zip(run(before, arrays), run(after, arrays), strict=True):
                if want is None:
                    assert got is None
                    continue
                assert got.dtype == want.dtype and got.shape == want.shape
                if dt.is_float(want.dtype):
                    want, got = want.astype("float64"), got.astype("float64")
                limit = tolerance * max(1.0, float(np.max(np.abs(want), initial=0)))
                np.testing.assert_allclose(got, want, rtol=tolerance, atol=limit)


def judge(apply, before, after, arrays=None, tolerance=1e-5):
    """Assert that a pass makes the one text of the other, and that both compute the same."""
    given = read(before)
    kept = to_text(given)
    made = verify(apply(given))
    assert to_text(made) == to_text(read(after))
    assert to_text(given) == kept, "the pass changed the graph it was given"
    same_values(given, made, arrays, tolerance)


def leaves_alone(apply, text):
    """Assert that a pass has nothing to do on a graph."""
    graph = read(text)
    assert apply(graph) is graph
