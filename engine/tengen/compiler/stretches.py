"""Recompute by stretches: the forward pass is cut where little crosses, and between two cuts
everything is kept, or only what is dear to compute, or nothing.

A dynamic programme over the cuts chooses the least time for a bound on what is held, exact where
the graph is a chain. After Chen et al. (2016, arXiv:1604.06174) and Checkmate (Jain et al., 2020,
arXiv:1910.02653).
"""

import functools
from collections.abc import Callable

import numpy as np

from ..graph.graph import Graph
from ..graph.node import Node, Var
from .liveness import live_bytes, roots
from .rewrite import Rewrite, make_node

SMALL = 16 * 1024
"""Values of fewer bytes are always kept."""

BUCKETS = 192
GRADIENTS = 3
"""Gradients that a backward pass holds at a time, each as large as the value it belongs to."""

MOST_CUTS = 240
DEAR = ("convolution", "matmul", "attention", "linear", "sort", "dropout")
"""Operators whose results the middle way keeps, by a part of their names."""

Seconds = Callable[[Node], float]


class Stretches:
    """A graph cut into stretches; what to drop for a bound on what is held."""

    def __init__(self, graph: Graph, seconds: Seconds):
        self.graph = graph
        held = live_bytes(graph)
        self.turn = held.index(max(held)) if held else 0
        self.seconds = {node: seconds(node) for node in graph.nodes[: self.turn + 1]}
        self._find_late()
        self.cuts = self._find_cuts()
        self.spans = _Spans(self)

    @property
    def total(self) -> float:
        """Bytes of the forward pass that the backward pass reads."""
        return self.spans.total

    def dropped(self, bound: float) -> frozenset[Var]:
        """What to drop for a bound on what is held; nothing where no way of cutting keeps it."""
        return self.spans.choose(bound) or frozenset()

    @functools.cached_property
    def least(self) -> float:
        """The least bound, within a percent, that some way of cutting keeps."""
        low = high = self.spans.total
        while self.spans.choose(high) is None:
            low, high = high, 2 * high
        low = 0.0 if low == high else low
        while high - low > 0.01 * high:
            middle = (low + high) / 2
            if self.spans.choose(middle) is None:
                low = middle
            else:
                high = middle
        return high

    def made(self, var: Var) -> int:
        """The position of the call that makes a value."""
        assert var.node is not None
        return self.position[var.node]

    def _find_late(self) -> None:
        """`late`: values of the forward pass that are read after the turn, by their node."""
        shown = roots(self.graph)
        outputs = {shown.get(v, v) for v in self.graph.outputs if v is not None}
        position = {node: i for i, node in enumerate(self.graph.nodes)}
        self.position = position
        late: set[Var] = set()
        for node in self.graph.nodes[self.turn + 1 :]:
            for var in node.inputs:
                if var is not None and var.node in position and position[var.node] <= self.turn:
                    late.add(shown[var])
        self.shown = shown
        self.late = {
            v for v in late if v not in outputs and v.node in position and v.type.nbytes >= SMALL
        }

    def _find_cuts(self) -> list[int]:
        """Positions in the forward pass across which few bytes are needed by what follows."""
        last: dict[Var, int] = {}
        for index, node in enumerate(self.graph.nodes[: self.turn + 1]):
            for var in node.inputs:
                if var is not None and var in self.shown:
                    last[self.shown[var]] = index
        change = [0] * (self.turn + 3)
        for var, index in last.items():
            if var.node in self.position and var.type.known and var.type.nbytes >= SMALL:
                change[self.position[var.node] + 1] += var.type.nbytes
                change[index + 1] -= var.type.nbytes
        crossing = np.cumsum(change)[: self.turn + 2]  # [i]: bytes needed by calls i and later
        inner = [
            i
            for i in range(1, self.turn + 1)
            if crossing[i] <= crossing[i - 1] and crossing[i] <= crossing[i + 1]
        ]
        if len(inner) > MOST_CUTS:
            inner = inner[:: -(-len(inner) // MOST_CUTS)]
        self.last = last
        return sorted({0, *inner, self.turn + 1})


class _Spans:
    """The stretches between cuts: what each way of treating them holds and costs."""

    def __init__(self, planner: Stretches):
        self.planner = planner
        graph, cuts = planner.graph, planner.cuts
        count = len(cuts)
        self.bytes_all = np.zeros(count)
        self.bytes_dear = np.zeros(count)
        self.largest = np.zeros(count)
        self.time_all = np.zeros(count)
        self.time_cheap = np.zeros(count)
        for index in range(count - 1):
            for node in graph.nodes[cuts[index] : cuts[index + 1]]:
                spent = planner.seconds.get(node, 0.0)
                kept = [v for v in node.outputs if planner.shown.get(v) in planner.late]
                nbytes = sum(v.type.nbytes for v in kept if planner.shown[v] is v)
                self.time_all[index + 1] += spent
                self.bytes_all[index + 1] += nbytes
                self.largest[index + 1] = max(self.largest[index + 1], nbytes)
                if dear(node):
                    self.bytes_dear[index + 1] += nbytes
                elif nbytes:
                    self.time_cheap[index + 1] += spent
        for array in (self.bytes_all, self.bytes_dear, self.time_all, self.time_cheap):
            np.cumsum(array, out=array)
        self.total = float(self.bytes_all[-1])
        self.crossing = [self._crossing(cut) for cut in cuts]

    def _crossing(self, cut: int) -> float:
        """Bytes of late values made before a cut that calls after it in the forward pass read."""
        planner = self.planner
        over = [v for v in planner.late if planner.made(v) < cut <= planner.last.get(v, -1)]
        return float(sum(v.type.nbytes for v in over))

    def choose(self, bound: float) -> frozenset[Var] | None:
        """What to drop so that the backward pass of no stretch holds more than `bound`, None
        where that cannot be. It holds what the stretches before it keep, and all of its own.
        """
        path = self._solve(bound)
        return None if path is None else self._dropped(path)

    def _solve(self, bound: float) -> list[tuple[int, int, str]] | None:
        """The stretches of least extra time; None where the bound cannot be kept.

        `best[cut][level]` is the least time to get to a cut with at most `level` units kept.
        """
        count = len(self.planner.cuts)
        unit = max(bound / BUCKETS, 1.0)
        best = np.full((count, BUCKETS + 1), np.inf)
        best[0] = 0.0
        came: list[list[tuple[int, str, int]]] = [[] for _ in range(count)]
        which = np.full((count, BUCKETS + 1), -1, np.int32)
        for end in range(1, count):
            largest = 0.0
            for start in range(end - 1, -1, -1):
                largest = max(largest, self.largest[start + 1])
                size = self.bytes_all[end] - self.bytes_all[start]
                held = size + GRADIENTS * largest
                if held > bound:
                    break
                for way, nbytes, spent in self._ways(start, end, size):
                    need = int(-(-nbytes // unit))
                    before = min(BUCKETS - need, int((bound - held) // unit))
                    if before < 0:
                        continue
                    reached = best[start, : before + 1] + spent
                    target = best[end, need : need + before + 1]
                    better = reached < target
                    if better.any():
                        which[end, need : need + before + 1][better] = len(came[end])
                        target[better] = reached[better]
                        came[end].append((start, way, need))
        if not np.isfinite(best[-1]).any():
            return None
        level, at, path = int(np.argmin(best[-1])), count - 1, []
        while at > 0:
            start, way, need = came[at][which[at, level]]
            path.append((start, at, way))
            level, at = level - need, start
        return path

    def _ways(self, start: int, end: int, size: float) -> list[tuple[str, float, float]]:
        """(way, bytes kept, extra seconds) of a stretch; long ones are only ever dropped."""
        boundary = min(self.crossing[end], size) if end < len(self.crossing) - 1 else 0.0
        dropped = ("none", boundary, float(self.time_all[end] - self.time_all[start]))
        if end - start > 1:
            return [dropped]
        dear_bytes = float(self.bytes_dear[end] - self.bytes_dear[start])
        cheap = float(self.time_cheap[end] - self.time_cheap[start])
        return [("all", float(size), 0.0), ("dear", max(dear_bytes, 0.0), cheap), dropped]

    def _dropped(self, path: list[tuple[int, int, str]]) -> frozenset[Var]:
        """The values that a path of stretches does not keep."""
        planner = self.planner
        cuts = planner.cuts
        found: set[Var] = set()
        for start, end, way in path:
            if way == "all":
                continue
            first, after = cuts[start], cuts[end]
            for node in planner.graph.nodes[first:after]:
                if way == "dear" and dear(node):
                    continue
                for var in node.outputs:
                    crosses = way == "none" and planner.last.get(planner.shown[var], -1) >= after
                    if not crosses and var.type.known and var.type.nbytes >= SMALL:
                        found.add(var)
        outputs = set(planner.graph.outputs)
        return frozenset(v for v in found if v not in outputs)


def dear(node: Node) -> bool:
    """True for calls that are not worth repeating to save their result alone."""
    return any(part in node.op.name for part in DEAR)


def rewritten(graph: Graph, dropped: frozenset[Var]) -> tuple[Graph, list[Node]]:
    """The graph in which calls after the peak read copies of dropped values, and the calls that
    are made twice for it.

    A copy is computed right before the first call that reads it, from what was kept.
    """
    if not dropped:
        return graph, []
    held = live_bytes(graph)
    turn = held.index(max(held))
    forward = set(graph.nodes[: turn + 1])
    rewrite = Rewrite(graph)
    again: dict[Var, Var] = {}
    repeated: list[Node] = []
    for node in graph.nodes:
        if node not in forward:
            for var in node.inputs:
                if var in dropped and var.node in forward:
                    rewrite.replace(var, _copy(var, dropped, again, rewrite, repeated))
        rewrite.keep(node)
    return rewrite.finish(), repeated


def _copy(
    var: Var,
    dropped: frozenset[Var],
    again: dict[Var, Var],
    rewrite: Rewrite,
    repeated: list[Node],
) -> Var:
    """The copy of a dropped value; what it is computed from is computed again as far as needed."""
    stack = [var]
    while stack:
        top = stack[-1]
        if top in again:
            stack.pop()
            continue
        node = top.node
        assert node is not None
        missing = [v for v in node.inputs if v in dropped and v not in again]
        if missing:
            stack.extend(v for v in missing if v is not None)
            continue
        operands = tuple([None if v is None else again.get(v, v) for v in node.inputs])
        made = make_node(node.op, node.attrs, operands, node.tag)
        rewrite.made.nodes.append(made)
        repeated.append(node)
        again.update(zip(node.outputs, made.outputs, strict=True))
    return again[var]
