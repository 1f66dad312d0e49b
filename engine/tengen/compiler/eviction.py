"""Recompute by eviction: calls in their order under a bound; what is far from its next reader and
cheap to make again goes first, and comes back right before it is read.

What Kirisame et al. (2021, arXiv:2006.09616) do while running, done ahead of it, where it is known
when each value is read next. A value may be dropped and made again more than once. On a GPU it may
go to the host's memory instead, where that costs less.
"""

import dataclasses
import math
from collections.abc import Callable

from ..graph.graph import Graph
from ..graph.node import Node, Var
from .evictable import Value
from .liveness import live_bytes, reused, roots
from .offload import Link
from .rewrite import make_like

SMALL = 16 * 1024
"""Values of fewer bytes are always kept."""

FARTHEST = 96
"""Calls that making one value again may take before it is thought too dear."""

Seconds = Callable[[Node], float]


@dataclasses.dataclass(frozen=True)
class Evicted:
    """The graph with calls made again, and the calls of the given graph that are, each as often."""

    graph: Graph
    repeated: tuple[Node, ...]


def evict(
    graph: Graph, budget: int, seconds: Seconds, patience: float = 1.0, link: Link | None = None
) -> Evicted:
    """The calls of `graph` so that results hold about `budget` bytes, where dropping values can.

    With a `link` values may go to the host's memory and come back. The higher `patience`, the more
    it counts that a value is read late, against what it costs to make it again. Random draws and
    results stay. What is made again is of the forward pass, before the most is held.
    """
    walk = _Walk(graph, budget, seconds, patience, link)
    walk.run()
    return Evicted(walk.finish(), tuple(walk.repeated))


class _Walk:
    def __init__(
        self, graph: Graph, budget: int, seconds: Seconds, patience: float, link: Link | None
    ):
        self.graph = graph
        self.link = link
        self.budget = budget
        self.patience = patience
        self.shown = roots(graph)
        self.repeated: list[Node] = []
        self.nodes: list[Node] = []
        self.views: dict[tuple[Var, Var], Var] = {}
        self.there: dict[Var, Value] = {}
        self.held = 0
        self.clock = 0.0
        self.done: set[Node] = set()
        self.values: dict[Var, Value] = {}
        self.reads: dict[Node, list[Value]] = {}
        self.makes: dict[Node, list[Value]] = {}
        self.users: dict[Var, list[Value]] = {}
        self.place: dict[Node, int] = {}
        self.when: list[float] = []
        self._prepare(seconds)

    def _prepare(self, seconds: Seconds) -> None:
        clock = 0.0
        held = live_bytes(self.graph)
        turn = held.index(max(held)) if held else 0
        forward = self._given_out()
        for place, node in enumerate(self.graph.nodes):
            self.when.append(clock)
            self.place[node] = place
            if self._is_view(node):
                continue
            spent = seconds(node)
            clock += spent
            shown = dict.fromkeys(self.shown[v] for v in node.inputs if v in self.shown)
            reads = [self.values[root] for root in shown if root in self.values]
            for value in reads:
                value.uses.append(place)
            movable = place <= turn and node in forward and not node.op.overwrites(node.attrs)
            made = []
            for var in node.outputs:
                if self.shown[var] is not var or not var.type.known:
                    continue
                large = var.type.nbytes >= SMALL
                value = Value(var, var.type.nbytes, spent, movable and large, sources=reads)
                value.portable = large and self.link is not None
                for source in reads:
                    source.readers.append(value)
                self.values[var] = value
                made.append(value)
                for given in node.inputs:
                    root = None if given is None else self.shown.get(given, given)
                    if root is not None and root.node is None:
                        self.users.setdefault(root, []).append(value)
            self.reads[node], self.makes[node] = reads, made
        self.when.append(clock)
        for output in self.graph.outputs:
            wanted = None if output is None else self.values.get(self.shown.get(output, output))
            if wanted is not None:
                wanted.kept, wanted.movable, wanted.portable = True, False, False
        for value in self.values.values():
            value.uses.reverse()

    def _given_out(self) -> set[Node]:
        """The calls behind the values that are given out, such as the loss; all of them where only
        next values of parameters and states are. Gradients are not worth making again."""
        behind: set[Node] = set()
        stack = [v.node for v in self.graph.outputs if v is not None and self.shown.get(v) is v]
        while stack:
            node = stack.pop()
            if node is not None and node not in behind:
                behind.add(node)
                stack += [v.node for v in node.inputs if v is not None]
        return behind or set(self.graph.nodes)

    def _is_view(self, node: Node) -> bool:
        return bool(node.op.alias) and all(self.shown[v] is not v for v in node.outputs)

    def run(self) -> None:
        """Every call once, and again what it reads and is gone.

        A call that writes over a parameter waits until nothing has to be made again from the old
        one.
        """
        waiting: list[Node] = []
        for place, node in enumerate(self.graph.nodes):
            if self._is_view(node):
                continue
            self.clock = self.when[place]
            new = {self.shown[v] for v in node.inputs if v in self.shown}
            for late in [late for late in waiting if not new.isdisjoint(self._written(late))]:
                waiting.remove(late)
                self._call(late)
                self._read(late)
            if self._written(node):
                waiting.append(node)
            else:
                self._call(node)
                self._read(node)
            waiting = [late for late in waiting if not self._update(late)]
        for node in waiting:
            self._call(node)
            self._read(node)

    def _read(self, node: Node) -> None:
        """Note that a call has read what it reads."""
        place = self.place[node]
        for value in self.reads[node]:
            value.uses.remove(place)
            self._settle(value)

    def _written(self, node: Node) -> list[Var]:
        """The inputs of the graph that a call writes over."""
        pairs = node.op.overwrites(node.attrs)
        return [v for i, _ in pairs if (v := node.inputs[i]) is not None and v.node is None]

    def _update(self, node: Node) -> bool:
        """Make a call that writes over inputs of the graph, if nobody waits for the old ones."""
        users = [value for var in self._written(node) for value in self.users.get(var, ())]
        if any(value.lost for value in users):
            return False
        for value in users:
            value.movable, value.fixed = False, True
        self._call(node)
        self._read(node)
        return True

    def finish(self) -> Graph:
        """The new graph."""
        made = Graph()
        made.inputs = list(self.graph.inputs)
        made.constants = dict(self.graph.constants)
        made.outputs = [None if v is None else self._now(v) for v in self.graph.outputs]
        made.nodes = self.nodes
        return made

    def _call(self, first: Node) -> None:
        """Make a call, after those that bring back what it reads."""
        stack = [first]
        pinned: dict[Node, set[Value]] = {first: set()}
        while stack:
            node = stack[-1]
            holds = pinned[node]
            missing = None
            for value in self.reads[node]:
                if value.there:
                    if value not in holds:
                        value.pins += 1
                        holds.add(value)
                elif missing is None:
                    missing = value
            if missing is not None and missing.away is not None:
                self._fetch(missing)
                continue
            if missing is not None:
                maker = missing.var.node
                assert maker is not None and maker not in pinned
                pinned[maker] = set()
                stack.append(maker)
                continue
            self._execute(node)
            for value in holds:
                value.pins -= 1
                self._settle(value)
            stack.pop()
            del pinned[node]

    def _execute(self, node: Node) -> None:
        """Put a call into the new order and count what it holds."""
        again = node in self.done
        made = [v for v in self.makes[node] if not v.there and (not again or v.needed)]
        back = {source for value in made if value.lost for source in value.sources}
        last, loose = set(), set()
        for value in self.reads[node]:
            if value.kept or value.pins > 1:
                continue
            waiting = value.waiting - sum(m.lost for m in made if value in back)
            if not waiting and len(value.uses) <= (0 if again else 1):
                last.add(value.var)  # nobody reads it after this call
            elif value.movable or value.away is not None:
                loose.add(value.var)
        grown = sum(v.nbytes for v in self.makes[node])
        taken = reused(node, lambda var: self.shown.get(var) in last)
        grown -= sum(out.nbytes for out in taken.values())
        self._make_room(grown)
        given: list[Value] = []
        if self.held + grown > self.budget and loose:
            # what can be made again gives its memory to the results as well
            taken = reused(node, lambda var: self.shown.get(var) in last | loose)
            given = [self.values[root] for v in taken if (root := self.shown[v]) in loose]
        self._append(node)
        if again:
            self.repeated.append(node)
        self.done.add(node)
        for value in made:
            value.there, value.made = True, self.clock + value.seconds
            self.there[value.var] = value
            self.held += value.nbytes
        for value in given:
            self._drop(value)
        for value in (*made, *given):
            self._settle(value)

    def _append(self, node: Node) -> None:
        inputs = tuple([None if v is None else self._now(v) for v in node.inputs])
        made = node
        if inputs != node.inputs or node in self.done:
            made = make_like(node, inputs)
        self.nodes.append(made)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            value = self.values.get(old)
            if value is None:
                self.views[old, old] = new
            elif not value.there:
                value.now = new

    def _now(self, var: Var) -> Var:
        """The latest copy of a value; views of it are made anew."""
        root = self.shown.get(var)
        if root is None:
            return var
        value = self.values.get(root)
        if root is var:
            return self.views.get((var, var), var) if value is None else value.now or var
        if var.node is not None and not self._is_view(var.node):  # an update's next value
            return self.views.get((var, var), var)
        base = root if value is None else value.now or root
        found = self.views.get((var, base))
        if found is None:
            node = var.node
            assert node is not None
            inputs = tuple([None if v is None else self._now(v) for v in node.inputs])
            fresh = inputs == node.inputs and node not in self.done
            made = node if fresh else make_like(node, inputs)
            self.done.add(node)
            self.nodes.append(made)
            for old, new in zip(node.outputs, made.outputs, strict=True):
                self.views[old, base] = new
            found = self.views[var, base]
        return found

    def _settle(self, value: Value) -> None:
        """After its needs have changed: let a value go, or count it as lost, or as lost no more."""
        stack = [value]
        while stack:
            value = stack.pop()
            if value.there and not value.needed and not value.pins:
                self._drop(value)
            lost = value.needed and not value.there and value.away is None
            if lost is not value.lost:
                value.lost = lost
                for source in value.sources:
                    source.waiting += 1 if lost else -1
                    stack.append(source)

    def _drop(self, value: Value) -> None:
        value.there = False
        del self.there[value.var]
        self.held -= value.nbytes

    def _make_room(self, nbytes: int) -> None:
        while self.held + nbytes > self.budget:
            best, least, sent = None, math.inf, False
            for value in self.there.values():
                if value.pins:
                    continue
                if value.movable or value.away is not None:
                    score = self._score(value, least)
                    if score < least:
                        best, least, sent = value, score, False
                if value.portable and value.away is None:
                    score = self._abroad(value) / self._gain(value)
                    if score < least:
                        best, least, sent = value, score, True
            if best is None:
                return
            if sent:
                self._send(best)
            self._drop(best)
            self._settle(best)

    def _send(self, value: Value) -> None:
        """Move a value out to the host's memory."""
        assert self.link is not None
        node = self.link.send(value.now or value.var, value.made)
        self.nodes.append(node)
        value.away = node.outputs[0]

    def _fetch(self, value: Value) -> None:
        """Bring a value back from the host's memory."""
        assert self.link is not None and value.away is not None
        self._make_room(value.nbytes)
        node = self.link.fetch(value.away)
        self.nodes.append(node)
        value.now, value.there = node.outputs[0], True
        self.there[value.var] = value
        self.held += value.nbytes

    def _abroad(self, value: Value) -> float:
        """Seconds that moving a value out and back costs."""
        assert self.link is not None
        return self.link.out(value.nbytes, value.made, self.clock) + self.link.back(value.nbytes)

    def _gain(self, value: Value) -> float:
        """What dropping a value gives: its bytes until it is read next."""
        return max(self._next(value) - self.clock, 1e-9) ** self.patience * value.nbytes

    def _score(self, value: Value, least: float) -> float:
        """What evicting a value costs for what it gives: the lower the better."""
        gain = self._gain(value)
        if value.away is None and value.seconds / gain >= least:
            return math.inf
        return self._cost(value) / gain

    def _next(self, value: Value) -> float:
        """When a value is read next, by a call of its own time or to bring another one back."""
        soon = math.inf
        seen = {value}
        stack = [value]
        while stack:
            top = stack.pop()
            if top.uses:
                soon = min(soon, self.when[top.uses[-1]])
            if top.waiting:
                for reader in top.readers:
                    if reader.lost and reader not in seen:
                        seen.add(reader)
                        stack.append(reader)
        return soon

    def _cost(self, value: Value) -> float:
        """Seconds of the calls that would bring a value back."""
        if value.away is not None and self.link is not None:
            return self.link.back(value.nbytes)
        total, seen, stack = 0.0, {value.var.node}, [value]
        while stack:
            top = stack.pop()
            total += top.seconds
            if len(seen) > FARTHEST:
                return math.inf
            for source in top.sources:
                if not source.there and source.var.node not in seen:
                    if source.away is not None and self.link is not None:
                        total += self.link.back(source.nbytes)
                        continue
                    if source.fixed:
                        return math.inf
                    seen.add(source.var.node)
                    stack.append(source)
        return total
