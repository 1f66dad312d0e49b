"""Updates of small parameters and of running statistics, one call for many."""

from typing import Any

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...graph.types import TensorType
from ...ops.fused_update import fused_running_statistics, fused_update
from ...ops.optimizer import Update, lamb_update
from ...ops.running import running_statistics
from ..contract import Group, contract

LARGEST = 1 << 14
"""Elements above which an update fills the processor by itself."""

MOST = 128
"""Updates of one call."""


def fuse_updates(graph: Graph) -> Graph:
    """Makes small updates of one operator, attributes and hyperparameters one `fused_update`, and
    running statistics one `fused_running_statistics`.

    Matches parameters that are vectors, whatever axes of length 1 they have: these lie in plain
    memory. Leaves larger ones, which a kernel of their own updates as fast, and LAMB, which needs
    lengths. May run at any place; memory wants the large updates apart from these.
    """
    buckets: dict[Any, list[Node]] = {}
    for node in graph.nodes:
        key = _bucket(node)
        if key is not None:
            buckets.setdefault(key, []).append(node)
    groups = []
    for nodes in buckets.values():
        for start in range(0, len(nodes), MOST):
            some = nodes[start : start + MOST]
            if len(some) > 1:
                groups.append(_statistics(some) if _running(some[0]) else _updates(some))
    return contract(graph, groups)


def _running(node: Node) -> bool:
    return node.op is running_statistics


def _bucket(node: Node) -> Any:
    """What updates must have in common; None for a call that is none."""
    types = [var.type for var in node.inputs if var is not None]
    if _running(node) and all(map(_small, types)):
        return "running", *{t.dtype for t in types}
    if isinstance(node.op, Update) and node.op is not lamb_update and all(map(_small, types)):
        kinds = tuple([t.dtype for t in types])
        return node.op, node.attrs, node.inputs[-1], kinds
    return None


def _small(given: TensorType) -> bool:
    return given.size <= LARGEST and sum(d != 1 for d in given.shape) <= 1


def _operands(nodes: list[Node], last: int | None) -> tuple[Var | None, ...]:
    return tuple([var for node in nodes for var in node.inputs[:last]])


def _results(nodes: list[Node]) -> tuple[Var, ...]:
    return tuple([var for node in nodes for var in node.outputs])


def _updates(nodes: list[Node]) -> Group:
    first = nodes[0]
    attrs = (first.op.name, first.attrs, len(nodes))
    inputs = (*_operands(nodes, -1), first.inputs[-1])
    return Group(nodes, fused_update, attrs, inputs, _results(nodes), first)


def _statistics(nodes: list[Node]) -> Group:
    attrs = tuple([node.attrs[0] for node in nodes]), tuple([node.attrs[1] for node in nodes])
    operands = _operands(nodes, None)
    return Group(nodes, fused_running_statistics, attrs, operands, _results(nodes), nodes[0])
