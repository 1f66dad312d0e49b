"""The order of calls: that which holds the fewest bytes at once."""

from ...graph.graph import Graph
from ...graph.node import Var
from ..liveness import roots


def order_for_memory(graph: Graph) -> Graph:
    """Puts the calls in the order of least peak memory among those it tries.

    Tried are the order as it is, updates moved to where their gradient is complete, and a greedy
    one that always takes the call that frees most (or holds least) next. Ties keep the order as it
    is, so the result is always the same. A call that may write in an input's memory stays behind
    the calls that read that input. Must be the last pass, since others append calls in the order
    that suits them.
    """
    model = _Model(graph)
    best = list(range(len(graph.nodes)))
    least = model.peak(best)
    for order in (model.hoisted(), model.greedy()):
        peak = model.peak(order)
        if peak < least:
            best, least = order, peak
    if best == list(range(len(graph.nodes))):
        return graph
    made = Graph()
    made.inputs = list(graph.inputs)
    made.outputs = list(graph.outputs)
    made.constants = dict(graph.constants)
    made.nodes = [graph.nodes[index] for index in best]
    return made


class _Model:
    """What each call needs, holds and frees; calls are known by their place in the graph.

    Inputs and constants cost nothing, nor does a result that may lie in an input's memory.
    """

    def __init__(self, graph: Graph):
        self.nodes = graph.nodes
        self.shown = roots(graph)
        self.size: dict[Var, int] = {}
        self.made: list[list[Var]] = []
        self.read: list[list[Var]] = []
        self.readers: dict[Var, int] = {}
        for node in graph.nodes:
            made = [var for var in node.outputs if self.shown[var] is var]
            for var in made:
                self.size[var] = var.type.nbytes if var.type.known else 0
            self.made.append(made)
            given = {self.shown.get(v, v) for v in node.inputs if v is not None}
            read = [var for var in given if var in self.size]
            read.sort(key=lambda var: (var.node.seq, var.index))  # type: ignore[union-attr]
            self.read.append(read)
            for var in read:
                self.readers[var] = self.readers.get(var, 0) + 1
        self.kept = {self.shown[v] for v in graph.outputs if v in self.shown}
        self.before, self.after = _edges(graph)

    def peak(self, order: list[int]) -> int:
        """The most bytes held while any call runs."""
        left = dict(self.readers)
        held = most = 0
        for index in order:
            held += sum(self.size[var] for var in self.made[index])
            most = max(most, held)
            held -= self._freed(index, left, take=True)
            held -= sum(self.size[v] for v in self.made[index] if self._unread(v))
        return most

    def _unread(self, var: Var) -> bool:
        return var not in self.readers and var not in self.kept

    def _freed(self, index: int, left: dict[Var, int], take: bool = False) -> int:
        """Bytes that nobody needs any more after a call."""
        found = 0
        for var in self.read[index]:
            if take:
                left[var] -= 1
            if left[var] == (0 if take else 1) and var not in self.kept:
                found += self.size[var]
        return found

    def hoisted(self) -> list[int]:
        """The order as it is, but updates come as soon as they can."""
        order: list[int] = []
        waits = [len(edges) for edges in self.before]
        updates = [bool(node.op.overwrites(node.attrs)) for node in self.nodes]
        placed = [False] * len(self.nodes)

        def place(index: int) -> None:
            placed[index] = True
            order.append(index)
            for reader in sorted(self.after[index]):
                waits[reader] -= 1
                if not waits[reader] and updates[reader]:
                    place(reader)

        for index in range(len(self.nodes)):
            if not placed[index]:
                place(index)
        return order

    def greedy(self) -> list[int]:
        """Always the ready call after which the least is held; of equal ones the earliest."""
        left = dict(self.readers)
        waits = [len(edges) for edges in self.before]
        ready = {index for index, count in enumerate(waits) if not count}
        grows = {index: self._growth(index, left) for index in ready}
        sharing = self._sharing()
        order: list[int] = []
        while ready:
            index = min(ready, key=lambda i: (grows[i], i))
            ready.remove(index)
            order.append(index)
            self._freed(index, left, take=True)
            for reader in self.after[index]:
                waits[reader] -= 1
                if not waits[reader]:
                    ready.add(reader)
            for other in (*self.after[index], *sharing[index]):
                if other in ready:
                    grows[other] = self._growth(other, left)
        return order

    def _growth(self, index: int, left: dict[Var, int]) -> int:
        made = sum(self.size[var] for var in self.made[index] if not self._unread(var))
        return made - self._freed(index, left)

    def _sharing(self) -> list[set[int]]:
        """For each call, those that read a value it reads."""
        users: dict[Var, list[int]] = {}
        for index, read in enumerate(self.read):
            for var in read:
                users.setdefault(var, []).append(index)
        return [{i for var in read for i in users[var]} for read in self.read]


def _edges(graph: Graph) -> tuple[list[set[int]], list[set[int]]]:
    """For each call the calls that must come before it, and those that must come after."""
    place = {node: index for index, node in enumerate(graph.nodes)}
    before: list[set[int]] = [set() for _ in graph.nodes]
    after: list[set[int]] = [set() for _ in graph.nodes]
    readers: dict[Var, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        needed = {place[v.node] for v in node.inputs if v is not None and v.node is not None}
        for source, _ in node.op.overwrites(node.attrs):
            var = node.inputs[source]
            needed.update(readers.get(var, ()))  # type: ignore[arg-type]
        needed.discard(index)
        before[index] = needed
        for maker in needed:
            after[maker].add(index)
        for var in node.inputs:
            if var is not None:
                readers.setdefault(var, []).append(index)
    return before, after
