"""Graphs and inputs for the tests of programs."""

import numpy as np

from tengen.graph.graph import Graph
from tengen.runtime.executor import Program
from tengen.runtime.plan import to_plain
from tengen.tensor import Tensor


def graph_of(op, attrs, types):
    """The graph of one call of an operator."""
    graph = Graph()
    ins = tuple([None if t is None else graph.add_input(t) for t in types])
    graph.outputs = list(graph.add_node(op, op.pack(attrs), ins))
    return graph


def tensors(inputs):
    """Tensors of their own memory for NumPy arrays, strides kept, None for None."""
    made = []
    for x in inputs:
        if x is None:
            made.append(None)
            continue
        tensor = Tensor(np.asarray(x), dtype=np.asarray(x).dtype)
        if isinstance(x, np.ndarray) and not x.flags.c_contiguous:
            tensor._buffer.array = x.copy(order="K") if x.strides[0] >= 0 else x
        made.append(tensor)
    return made


def buffers_of(values):
    """The buffers of the tensors that are there."""
    return [t._buffer for t in values if t is not None]


def plain(buffers):
    """The logical arrays of buffers, copied."""
    return [np.array(to_plain(b)) for b in buffers]


def program_of(graph, buffers, donated=frozenset(), **options):
    """A program for these inputs."""
    return Program(graph, [b.type for b in buffers], donated, **options)
