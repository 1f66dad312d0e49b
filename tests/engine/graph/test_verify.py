"""Each numbered invariant is noticed when it is broken."""

import numpy as np
import pytest

from tengen.base.errors import StateError
from tengen.base.layout import Layout
from tengen.graph.node import Node, Var
from tengen.graph.opdef import registry
from tengen.graph.parse import Literal, from_text
from tengen.graph.types import TensorType
from tengen.graph.verify import verify

F = TensorType.of((3,), "float32")


def good():
    return from_text(
        "graph(v0: float32[3], v1: float32[3]):\n"
        "    v2: float32[3] = constant(1.0, 2.0, 3.0)\n"
        "    v3: float32[3] = add(v0, v2)\n"
        "    v4: float32[3] = mul(v3, v1)\n"
        "    return v4, None\n"
    )


def test_a_good_graph_comes_back():
    graph = good()
    assert verify(graph) is graph


def twice(graph):
    graph.inputs.append(graph.inputs[0])


def made_input(graph):
    graph.inputs.append(graph.nodes[0].outputs[0])


def physical(graph):
    layout = Layout((0,), ((0, 2),))
    graph.inputs.append(Var(None, 2, F.with_layout(layout)))


def wrong_constant(graph):
    (var,) = graph.constants
    graph.constants[var] = Literal(F.with_shape((2,)), np.ones(2, "float32"))


def missing_attribute(graph):
    graph.nodes[0].attrs = (1,)


def unhashable(graph):
    graph.nodes[0] = node = Node(registry["reshape"], ([3],), (graph.inputs[0],))
    node.out_types, node.tag = (F,), None
    node.outputs = (Var(node, 0, F),)
    graph.nodes[1].inputs = (node.outputs[0], graph.inputs[1])


def reversed_order(graph):
    graph.nodes.reverse()


def foreign_result(graph):
    graph.nodes[0].outputs = (Var(graph.nodes[1], 0, F),)


def doubled(graph):
    graph.nodes.append(graph.nodes[-1])


def wrong_type(graph):
    node = graph.nodes[1]
    node.outputs = (Var(node, 0, F.with_dtype("float64")),)
    node.out_types = (node.outputs[0].type,)
    graph.outputs = []


def refused(graph):
    graph.inputs[1].type = F.with_shape((4,))


def two_devices(graph):
    graph.inputs[1].type = TensorType.of((3,), "float32", "cpu1")


def lost_output(graph):
    graph.outputs[0] = Var(None, 0, F)


@pytest.mark.parametrize(
    "number, breaks",
    [
        (1, twice), (1, made_input), (1, physical), (2, wrong_constant), (3, missing_attribute),
        (3, unhashable), (4, reversed_order), (5, foreign_result), (5, doubled), (6, wrong_type),
        (6, refused), (7, two_devices), (8, lost_output),
    ],
)  # fmt: skip
def test_a_broken_invariant_is_named(number, breaks):
    graph = good()
    breaks(graph)
    with pytest.raises(StateError, match=rf"invariant {number}:"):
        verify(graph)
