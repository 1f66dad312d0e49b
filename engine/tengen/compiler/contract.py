"""Contracting groups of calls to one call each: what every fusion comes down to.

A pass says which calls make a group and what stands for it; here the new call is placed where
everything it reads is there and all its readers come later. A group that would have to wait for
itself, because a value leaves it and comes back, is left as it was.
"""

import dataclasses
import heapq
from typing import Any

from ..graph.graph import Graph
from ..graph.node import Node, Var
from .rewrite import Rewrite

Operands = tuple[Var | None, ...]


@dataclasses.dataclass(eq=False)
class Group:
    """Calls of a graph, and the one call `op(*inputs)` that stands for them.

    `results[i]` is the value of the graph for which result i of the call stands, None where it is
    new. Every value of the group that is read outside must be among them. The call keeps the tag
    of `like`.
    """

    nodes: list[Node]
    op: Any
    attrs: tuple[Any, ...]
    inputs: Operands
    results: Operands
    like: Node


def contract(graph: Graph, groups: list[Group], together: bool = False) -> Graph:
    """The graph with each group as one call; calls keep their order where they can.

    With `together`, groups that need each other, either all are contracted or none.
    """
    while groups:
        order, stuck = _order(graph, groups)
        if stuck is None:
            return _rebuilt(graph, order)
        groups = [] if together else [group for group in groups if group is not stuck]
    return graph


def _order(graph: Graph, groups: list[Group]) -> tuple[list[Node | Group], Group | None]:
    """Calls and groups so that each comes after what it reads, or a group in the way of that."""
    unit_of: dict[Node, Node | Group] = {}
    for group in groups:
        for node in group.nodes:
            assert node not in unit_of, "a call belongs to two groups"
            unit_of[node] = group
    place: dict[Node | Group, int] = {}
    reads: dict[Node | Group, Operands] = {}
    for index, node in enumerate(graph.nodes):
        unit = unit_of.setdefault(node, node)
        place[unit] = index  # a group stands where its last call stood
        reads[unit] = unit.inputs
    waits: dict[Node | Group, int] = {}
    readers: dict[Node | Group, list[Node | Group]] = {}
    for unit, inputs in reads.items():
        # a call that was replaced may still be read through the group's own results
        makers = {unit_of[v.node] for v in inputs if v is not None and v.node is not None}
        waits[unit] = len(makers)
        for maker in makers:
            readers.setdefault(maker, []).append(unit)
    ready = [(place[unit], unit) for unit, count in waits.items() if not count]
    heapq.heapify(ready)
    order: list[Node | Group] = []
    while ready:
        _, unit = heapq.heappop(ready)
        order.append(unit)
        for reader in readers.get(unit, ()):
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, (place[reader], reader))
    if len(order) == len(reads):
        return order, None
    done = set(order)
    blocked = [unit for unit in reads if isinstance(unit, Group) and unit not in done]
    return order, min(blocked, key=lambda group: place[group])


def _rebuilt(graph: Graph, order: list[Node | Group]) -> Graph:
    rewrite = Rewrite(graph)
    for unit in order:
        if isinstance(unit, Node):
            rewrite.keep(unit)
            continue
        inputs = tuple([rewrite.now(var) for var in unit.inputs])
        made = rewrite.call(unit.op, unit.attrs, inputs, unit.like.tag)
        for old, new in zip(unit.results, made, strict=True):
            if old is not None:
                rewrite.replace(old, new)
    return rewrite.finish()
