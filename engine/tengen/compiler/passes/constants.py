"""Constant folding: calls whose inputs are all known before the first run."""

from collections.abc import Callable
from typing import Any

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ..rewrite import Rewrite

SMALL = 1 << 16
"""Bytes up to which a constant may be stretched; beyond, a result must not be the larger one."""


def fold_constants(
    graph: Graph,
    evaluate: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]],
) -> Graph:
    """Computes calls on constants by `evaluate(op, attrs, buffers)` and keeps what they give.

    Matches calls whose inputs are all constants, those without inputs among them. Leaves operators
    that are not deterministic, calls that give an output of the graph, and results that would take
    much more memory than what they are made from. Must come after batch norm was folded into
    convolutions, whose weights it then computes.
    """
    outputs = {var for var in graph.outputs if var is not None}
    rewrite = Rewrite(graph)
    known: dict[Var, Any] = dict(graph.constants)
    folded = False
    for node in graph.nodes:
        operands = rewrite.operands(node)
        if not _foldable(node, operands, known, outputs):
            rewrite.keep(node)
            continue
        buffers = tuple([None if var is None else known[var] for var in operands])
        for old, buffer in zip(node.outputs, evaluate(node.op, node.attrs, buffers), strict=True):
            new = rewrite.constant(buffer)
            known[new] = buffer
            rewrite.replace(old, new)
        folded = True
    return rewrite.finish() if folded else graph


def _foldable(
    node: Node, operands: tuple[Any, ...], known: dict[Var, Any], outputs: set[Var]
) -> bool:
    if not node.op.deterministic or any(var in outputs for var in node.outputs):
        return False
    if not all(var is None or var in known for var in operands):
        return False
    if not all(t.known for t in node.out_types):
        return False
    made = sum(t.nbytes for t in node.out_types)
    given = sum(var.type.nbytes for var in operands if var is not None)
    return made <= max(SMALL, 2 * given)
