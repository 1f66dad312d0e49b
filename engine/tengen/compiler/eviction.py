"""Recompute by eviction: calls in their order under a bound; what is far from its next reader and
cheap to make again goes first, and comes back right before it is read.

What Kirisame et al. (2021, arXiv:2006.09616) do while running, done ahead of it, where it is known
when each value is read next. A value may be dropped and made again more than once.
"""

import dataclasses
import math
from collections.abc import Callable

from ..graph.graph import Graph
from ..graph.node import Node, Var
from .liveness import live_bytes, reused, roots
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


def evict(graph: Graph, budget: int, seconds: Seconds, patience: float = 1.0) -> Evicted:
    """The calls of `graph` so that results hold about `budget` bytes, where dropping values can.

    The higher `patience`, the more it counts that a value is read late, against what it costs to
    make it again. Random draws and results stay. What is made again is of the forward pass, before
    the most is held.
    """
    walk = _Walk(graph, budget, seconds, patience)
    walk.run()
    return Evicted(walk.finish(), tuple(walk.repeated))


@dataclasses.dataclass(eq=False, slots=True)
class _Value:
    """A result of the graph with memory of its own.

    `uses` are the places of the calls that read it, the next one last; `sources` what its call
    reads, `readers` what is made from it. It is `lost` while it is needed and not there; `waiting`
    counts the lost values made from it. A `fixed` one cannot be made again, since a parameter
    that it came from has its next value. `now` is its latest copy.
    """

    var: Var
    nbytes: int
    seconds: float
    movable: bool
    uses: list[int] = dataclasses.field(default_factory=list)
    sources: list["_Value"] = dataclasses.field(default_factory=list)
    readers: list["_Value"] = dataclasses.field(default_factory=list)
    kept: bool = False
    fixed: bool = False
    there: bool = False
    lost: bool = False
    waiting: int = 0
    pins: int = 0
    now: Var | None = None

    @property
    def needed(self) -> bool:
        return self.kept or bool(self.uses) or self.waiting > 0


class _Walk:
    def __init__(self, graph: Graph, budget: int, seconds: Seconds, patience: float):
        self.graph = graph
        self.budget = budget
        self.patience = patience
        self.shown = roots(graph)
        self.repeated: list[Node] = []
        self.nodes: list[Node] = []
        self.views: dict[tuple[Var, Var], Var] = {}
        self.there: dict[Var, _Value] = {}
        self.held = 0
        self.clock = 0.0
        self.done: set[Node] = set()
        self.values: dict[Var, _Value] = {}
        self.reads: dict[Node, list[_Value]] = {}
        self.makes: dict[Node, list[_Value]] = {}
        self.users: dict[Var, list[_Value]] = {}
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
                value = _Value(var, var.type.nbytes, spent, movable and large, sources=reads)
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
                wanted.kept, wanted.movable = True, False
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
        pinned: dict[Node, set[_Value]] = {first: set()}
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
            elif value.movable:
                loose.add(value.var)
        grown = sum(v.nbytes for v in self.makes[node])
        taken = reused(node, lambda var: self.shown.get(var) in last)
        grown -= sum(out.nbytes for out in taken.values())
        self._make_room(grown)
        given: list[_Value] = []
        if self.held + grown > self.budget and loose:
            # what can be made again gives its memory to the results as well
            taken = reused(node, lambda var: self.shown.get(var) in last | loose)
            given = [self.values[root] for v in taken if (root := self.shown[v]) in loose]
        self._append(node)
        if again:
            self.repeated.append(node)
        self.done.add(node)
        for value in made:
            value.there = True
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

    def _settle(self, value: _Value) -> None:
        """After its needs have changed: let a value go, or count it as lost, or as lost no more."""
        stack = [value]
        while stack:
            value = stack.pop()
            if value.there and not value.needed and not value.pins:
                self._drop(value)
            lost = value.needed and not value.there
            if lost is not value.lost:
                value.lost = lost
                for source in value.sources:
                    source.waiting += 1 if lost else -1
                    stack.append(source)

    def _drop(self, value: _Value) -> None:
        value.there = False
        del self.there[value.var]
        self.held -= value.nbytes

    def _make_room(self, nbytes: int) -> None:
        while self.held + nbytes > self.budget:
            best, least = None, math.inf
            for value in self.there.values():
                if value.movable and not value.pins:
                    score = self._score(value, least)
                    if score < least:
                        best, least = value, score
            if best is None:
                return
            self._drop(best)
            self._settle(best)

    def _score(self, value: _Value, least: float) -> float:
        """What evicting a value costs for what it gives: the lower the better."""
        wait = max(self._next(value) - self.clock, 1e-9) ** self.patience * value.nbytes
        if value.seconds / wait >= least:
            return math.inf
        return self._cost(value) / wait

    def _next(self, value: _Value) -> float:
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

    def _cost(self, value: _Value) -> float:
        """Seconds of the calls that would bring a value back."""
        total, seen, stack = 0.0, {value.var.node}, [value]
        while stack:
            top = stack.pop()
            total += top.seconds
            if len(seen) > FARTHEST:
                return math.inf
            for source in top.sources:
                if not source.there and source.var.node not in seen:
                    if source.fixed:
                        return math.inf
                    seen.add(source.var.node)
                    stack.append(source)
        return total
