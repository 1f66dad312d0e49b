"""Convolutions and matrix products with the addition and activation behind them."""

from typing import Any

from ...base.dtype import is_float
from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.convolution import convolution
from ...ops.fused_activation import ACTIVATIONS
from ...ops.fused_convolution import fused_convolution
from ...ops.fused_matmul import fused_matmul
from ...ops.matmul import matmul
from ..contract import Group, contract
from ..epilogue import Epilogue, epilogue
from ..rewrite import readers_of

Operands = tuple[Var | None, ...]

_NAMES = {op: name for name, op in ACTIVATIONS.items()}


def fuse_product(graph: Graph) -> Graph:
    """Makes convolution (or matmul), add, activation one `fused_convolution` (`fused_matmul`).

    Matches a floating product whose result only the next call reads, and that call's result only
    the one after; either of the two may be missing. The addition must not broadcast. Leaves
    products whose result a gradient reads as well. Must run after `fold_batch_norm`, and after
    `fuse_batch_norm`, which has a better use for additions behind batch norms.
    """
    readers = readers_of(graph)
    taken: set[Node] = set()
    groups = []
    for node in graph.nodes:
        if not _extendable(node):
            continue
        found = epilogue(node.outputs[0], readers, taken, _NAMES)
        if found is not None:
            taken.update(found.nodes)
            op, attrs, inputs = _call(node, found)
            groups.append(Group([node, *found.nodes], op, attrs, inputs, (found.value,), node))
    return contract(graph, groups)


def _extendable(node: Node) -> bool:
    if node.op is fused_convolution:
        return node.attrs[-1] == "none" and len(node.inputs) < 5
    return node.op in (convolution, matmul) and is_float(node.out_types[0].dtype)


def _call(node: Node, found: Epilogue) -> tuple[Any, Any, Operands]:
    """The fused operator with the product's operands in their places."""
    op = fused_matmul if node.op is matmul else fused_convolution
    attrs = node.attrs[:-1] if node.op is fused_convolution else node.attrs
    inputs = node.inputs
    if found.residual is not None:
        most = 3 if op is fused_matmul else 4
        inputs = (*inputs, *[None] * (most - len(inputs)), found.residual)
    return op, (*attrs, found.activation), inputs
