"""Calls that are prepared for arrays that stay: the same results, whatever the arena does."""

import numpy as np
import pytest

import tengen as tg
from tengen.graph.graph import Graph
from tengen.graph.opdef import Sample
from tengen.kernels.onednn import library
from tengen.ops.channels_last import channels_last
from tengen.ops.convolution import convolution
from tengen.ops.fused_convolution import fused_convolution
from tengen.ops.fused_matmul import fused_matmul
from tengen.ops.joining import copy
from tengen.ops.matmul import matmul
from tengen.ops.pooling import average_pool

from .programs import buffers_of, plain, program_of, tensors

OPERATORS = (average_pool, channels_last, convolution, fused_convolution, fused_matmul, matmul)

needs_onednn = pytest.mark.skipif(not library.available(), reason="no oneDNN on this machine")


def between_copies(op, attrs, types):
    """A graph in which a call reads and writes nothing but the arena, and the call's values."""
    graph = Graph()
    ins = []
    for type_ in types:
        var = None if type_ is None else graph.add_input(type_)
        ins.append(None if var is None else graph.add_node(copy, (), (var,))[0])
    outs = graph.add_node(op, op.pack(attrs), tuple(ins))
    graph.outputs = [graph.add_node(copy, (), (v,))[0] for v in outs]
    return graph


def cases():
    rng = np.random.default_rng(3)
    for op in OPERATORS:
        for number, sample in enumerate(op.samples(rng)):
            arrays = [a for a in sample.inputs if a is not None]
            if all(a.dtype == np.float32 and a.size for a in arrays):
                yield pytest.param(op, sample, id=f"{op.name}-{number}")
    large = [rng.standard_normal(s).astype("float32") for s in ((64, 48), (48, 40), (40,))]
    yield pytest.param(matmul, Sample(tuple(large)), id="matmul-large")


@needs_onednn
@pytest.mark.parametrize(("op", "sample"), [*cases()])
def test_a_prepared_call_gives_what_the_text_does(op, sample):
    values = tensors(sample.inputs)
    graph = between_copies(
        op, sample.attrs, [None if t is None else t._buffer.type for t in values]
    )
    program = program_of(graph, buffers_of(values))
    for shift in (0.0, 0.5, 0.25):
        arrays = [None if a is None else np.ascontiguousarray(a) + a.dtype.type(shift)
                  for a in sample.inputs]  # fmt: skip
        made = plain(program.run(buffers_of(tensors(arrays))))
        with tg.config.override(backends="numpy"):
            want = op.kernel(np, *arrays, **{**op.attrs, **sample.attrs})
        want = (want,) if op.single else want
        for got, expected in zip(made, want, strict=True):
            limit = 1e-4 * max(1.0, float(np.abs(expected).max()))
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=limit)
        if shift:
            program.release()  # the next run has another arena


@needs_onednn
def test_calls_on_the_arena_are_prepared():
    x, w = np.ones((2, 16, 8, 8), "float32"), np.ones((16, 16, 3, 3), "float32")
    values = tensors((x, w))
    attrs = {"padding": (1, 1)}
    graph = between_copies(convolution, attrs, [t._buffer.type for t in values])
    program = program_of(graph, buffers_of(values))
    step = next(s for s in program.steps if s.node.op is convolution and s.what != "layout")
    assert step.prepare is not None and step.stays
    outer = program.steps[0]
    assert not outer.stays, "an input's memory may be another one in the next run"


@needs_onednn
def test_a_residual_is_written_over_where_nobody_else_reads_it():
    x, w = np.random.default_rng(0).standard_normal((2, 2, 32, 9, 9)).astype("float32")[:, :, :, :8]
    weight = np.random.default_rng(1).standard_normal((32, 32, 1, 1)).astype("float32")
    shift = np.linspace(-1, 1, 32, dtype="float32")

    def built(read_again):
        graph = Graph()
        values = tensors((x, w, weight, shift))
        given, extra, kernel, bias = [graph.add_input(t._buffer.type) for t in values]
        attrs = convolution.pack({})
        (data,) = graph.add_node(convolution, attrs, (given, kernel))
        (residual,) = graph.add_node(convolution, attrs, (extra, kernel))
        fused = fused_convolution.pack({"activation": "relu"})
        inputs = (data, kernel, bias, None, residual)
        (made,) = graph.add_node(fused_convolution, fused, inputs)
        (last,) = graph.add_node(convolution, attrs, (made, kernel))
        graph.outputs = [last]
        if read_again:
            (other,) = graph.add_node(convolution, attrs, (residual, kernel))
            graph.outputs.append(other)
        program = program_of(graph, buffers_of(values))
        where = program.lowered.places
        return program, where[made].storage is where[residual].storage, values

    alone, over, values = built(read_again=False)
    shared, apart, _ = built(read_again=True)
    assert over and not apart
    for _ in range(2):
        (one,) = plain(alone.run(buffers_of(values)))
        other = plain(shared.run(buffers_of(values)))
        np.testing.assert_allclose(one, other[0], rtol=1e-4, atol=1e-3)
    with tg.config.override(backends="numpy"):
        data, residual = (convolution.kernel(np, a, weight, **convolution.attrs) for a in (x, w))
        inner = np.maximum(
            convolution.kernel(np, data, weight, **convolution.attrs)
            + shift.reshape(1, -1, 1, 1)
            + residual,
            0,
        )
        want = convolution.kernel(np, inner, weight, **convolution.attrs)
    np.testing.assert_allclose(one, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())
