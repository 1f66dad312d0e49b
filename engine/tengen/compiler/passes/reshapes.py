"""Reshapes between a matrix product and what is done to each of its elements."""

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.elementwise import Elementwise
from ...ops.matmul import matmul
from ...ops.shape import reshape
from ..rewrite import Rewrite


def sink_reshapes(graph: Graph) -> Graph:
    """Moves reshapes of matrix products behind the elementwise calls that follow.

    Matches elementwise calls on the reshaped result of a product, or on what this pass has made of
    one, whose other operands have the full shape (and are reshaped too, which costs nothing in
    plain memory) or are single numbers. Leaves everything else. Must run before `simplify`, which
    merges the reshapes, and `fuse_product`, which then finds additions and activations behind
    products.
    """
    rewrite = Rewrite(graph)
    flat: set[Var] = set()
    found = False
    for node in graph.nodes:
        source = _flat_source(rewrite, node, flat)
        if source is None:
            kept = rewrite.keep(node)
            if node.op is matmul:
                flat.update(kept.outputs)
            continue
        shape = source.type.shape
        given = [_as(rewrite, var, node, shape) for var in rewrite.operands(node)]
        (made,) = rewrite.call(node.op, node.attrs, tuple(given), node.tag)
        flat.add(made)
        full = node.out_types[0]
        (back,) = rewrite.call(reshape, (full.shape,), (made,), node.tag)
        rewrite.replace(node.outputs[0], back)
        found = True
    return rewrite.finish() if found else graph


def _flat_source(rewrite: Rewrite, node: Node, flat: set[Var]) -> Var | None:
    """The product behind a reshaped operand of an elementwise call that can be done to it."""
    if not isinstance(node.op, Elementwise) or not node.out_types[0].known:
        return None
    operands = [var for var in rewrite.operands(node) if var is not None]
    shape = node.out_types[0].shape
    if any(var.type.shape != shape and var.type.size != 1 for var in operands):
        return None
    for var in operands:
        if var.type.shape == shape and var.node is not None and var.node.op is reshape:
            source = var.node.inputs[0]
            if source in flat:
                return source
    return None


def _as(rewrite: Rewrite, var: Var | None, node: Node, shape: tuple[int, ...]) -> Var | None:
    """An operand in the shape of the product."""
    if var is None or var.type.shape != node.out_types[0].shape:
        return _number(rewrite, var, node, shape)
    if var.node is not None and var.node.op is reshape:
        source = var.node.inputs[0]
        if source is not None and source.type.shape == shape:
            return source
    return rewrite.call(reshape, (shape,), (var,), node.tag)[0]


def _number(rewrite: Rewrite, var: Var | None, node: Node, shape: tuple[int, ...]) -> Var | None:
    """A single number, of no more axes than the product."""
    if var is None or var.type.ndim <= len(shape):
        return var
    return rewrite.call(reshape, ((),), (var,), node.tag)[0]
