"""Recompute: drop values of the forward pass and compute them again where gradients need them.

Two ways compete, by stretches and by eviction; on a GPU eviction may move values to the host's
memory too. Every choice is judged by the bytes that the new graph really holds and the seconds that
a model says its repeated calls and the copies that nothing hides take.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator

from ..graph.graph import Graph
from ..graph.node import Node
from . import cost
from .eviction import evict
from .liveness import peak_bytes
from .offload import Link, hoisted, modelled
from .split import split_sums
from .stretches import Stretches, rewritten

ROUNDS = 10
"""Bounds tried for one budget."""

LARGE = 3000
"""From so many calls on only what is needed is tried."""

PATIENCE = (1.0, 1.5, 3.0, 0.5)
SHARES = (1.0, 0.96, 0.92, 0.87, 0.81)
"""Ways to evict: how much it counts that a value is read late, and shares of the budget."""

EXPOSED = (0.0, 1.0)
"""Shares of the copies back that are expected not to hide, while it is chosen what moves."""

NEARLY = 1.03
"""Where no choice fits, the fastest of those that hold at most this times the least."""

Seconds = Callable[[Node], float]


@dataclasses.dataclass(frozen=True, eq=False)
class Choice:
    """A graph that computes the same, the calls made again in it, the bytes that are then held at
    most, and the seconds spent on recomputing and on waiting for copies."""

    graph: Graph
    repeated: tuple[Node, ...]
    peak: int
    seconds: float


def recompute(graph: Graph, budget: int, seconds: Seconds | None = None) -> Graph:
    """The graph holding at most `budget` bytes of results, if recomputing can do that.

    Takes the least extra time that fits, or the least memory where nothing fits. Results and random
    draws stay as they are, to the bit.
    """
    return Planner(graph, seconds).under(budget).graph


class Planner:
    """Finds what to compute again in one graph, for one budget or for many.

    `seconds` is the time of a call, that of the graph's machine where it is not given, and `link`
    the bytes a second between its GPU and the host: 0 keeps every value on the device.
    """

    def __init__(self, graph: Graph, seconds: Seconds | None = None, link: float | None = None):
        self.graph = graph
        machine = cost.machine_of(graph)
        self.link = machine.link if link is None else link
        timed = seconds or functools.partial(cost.seconds, machine=machine)
        self.seconds = functools.cache(timed)
        self.full = Choice(graph, (), peak_bytes(graph), 0.0)
        self.large = len(graph.nodes) > LARGE
        self._known: dict[float, Choice] = {}

    @functools.cached_property
    def stretches(self) -> Stretches:
        """The graph cut into stretches."""
        return Stretches(self.graph, self.seconds)

    @functools.cached_property
    def split(self) -> Graph:
        """The graph with sums of gradients apart, so that what they read can go earlier."""
        return split_sums(self.graph)

    @functools.cached_property
    def smallest(self) -> Choice:
        """The least memory that is reached by making each call at most twice."""
        return self._cut(self.stretches.least) if len(self.stretches.cuts) > 1 else self.full

    def under(self, budget: int) -> Choice:
        """The fastest choice found whose peak is within the budget, or about the smallest one that
        does not take twice the time."""
        if self.full.peak <= budget:
            return self.full
        tried = [self.full, *self._by_stretches(budget)]
        if not self.large or min(choice.peak for choice in tried) > budget:
            tried += self._by_eviction(budget)
        if self.link and not any(c.peak <= budget and not c.seconds for c in tried):
            tried += self._by_moving(budget)
        fitting = [c for c in tried if c.peak <= budget]
        if fitting:
            return min(fitting, key=lambda c: (c.seconds, c.peak))
        once = sum(self.seconds(node) for node in self.graph.nodes)
        bearable = [c for c in tried if c.seconds <= once]
        enough = NEARLY * min(choice.peak for choice in bearable)
        return min((c for c in bearable if c.peak <= enough), key=lambda c: c.seconds)

    def curve(self, points: int = 12) -> list[Choice]:
        """Choices from little memory to all of it, none worse than another in both."""
        least = min(self.smallest.peak, self.under(self.smallest.peak // 2).peak)
        step = (self.full.peak - least) / max(points - 1, 1) ** 1.5
        budgets = [round(least + step * i**1.5) for i in range(points - 1)]
        return _best([*(self.under(budget) for budget in budgets), self.full])

    def _by_stretches(self, budget: int) -> Iterator[Choice]:
        if len(self.stretches.cuts) < 2:
            return
        low, high = self.stretches.least, self.stretches.total
        yield self._cut(low)
        for _ in range(ROUNDS // 2 if self.large else ROUNDS):
            middle = (low + high) / 2
            found = self._cut(middle)
            yield found
            if found.peak <= budget:
                low = middle
            else:
                high = middle

    def _cut(self, bound: float) -> Choice:
        """The choice for a bound on what is held of the forward pass."""
        found = self._known.get(bound)
        if found is None:
            dropped = self.stretches.dropped(bound)
            made, repeated = rewritten(self.graph, dropped)
            found = self._known[bound] = self._choice(made, repeated)
        return found

    def _by_eviction(self, budget: int) -> Iterator[Choice]:
        for share in SHARES[:1] if self.large else SHARES:
            for patience in PATIENCE[:2] if self.large else PATIENCE:
                found = evict(self.split, int(share * budget), self.seconds, patience)
                yield self._choice(found.graph, found.repeated)

    def _by_moving(self, budget: int) -> Iterator[Choice]:
        """Eviction that may move values to the host's memory."""
        for share in SHARES[:1] if self.large else SHARES[:3]:
            for patience in PATIENCE[:1] if self.large else PATIENCE[:2]:
                for exposed in EXPOSED:
                    link = Link(self.link, exposed)
                    found = evict(self.split, int(share * budget), self.seconds, patience, link)
                    if any(node.op.travels for node in found.graph.nodes):
                        made = hoisted(found.graph, budget, self.seconds, self.link)
                        yield self._choice(made, found.repeated)

    @functools.cached_property
    def _once(self) -> float:
        """Seconds of the calls of the graph as it is split, each made once."""
        return sum(self.seconds(node) for node in self.split.nodes)

    def _choice(self, graph: Graph, repeated: Iterable[Node]) -> Choice:
        again = tuple(repeated)
        spent = sum(self.seconds(node) for node in again)
        if any(node.op.travels for node in graph.nodes):
            spent = max(modelled(graph, self.seconds, self.link) - self._once, 0.0)
        return Choice(graph, again, peak_bytes(graph), spent)


def _best(choices: list[Choice]) -> list[Choice]:
    """Those that no other one beats in memory and time, the smallest first."""
    found: list[Choice] = []
    for choice in sorted(choices, key=lambda c: (c.peak, c.seconds)):
        if not found or choice.seconds < found[-1].seconds:
            found.append(choice)
    return found
