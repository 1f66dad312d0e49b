"""Moving values to the host's memory and back: what it costs, and how early to begin.

A copy out begins when its value is made and must have happened where the graph says `offload`; a
copy back begins where it says `prefetch` and must have happened where its result is first read.
Each direction is a queue of its own beside the calls. What of a copy does not hide behind them is
its cost. After Rhu et al. (2016, vDNN, arXiv:1602.08124).
"""

import dataclasses
import functools
from collections.abc import Callable
from itertools import accumulate

from ..graph.graph import Graph
from ..graph.node import Node, Var
from ..ops.offload import offload, prefetch
from . import cost
from .liveness import live_bytes, roots
from .rewrite import make_node

LEAST = 1 / 64
"""The share of a copy's time that is counted even where it hides, so that fewer bytes move."""

Seconds = Callable[[Node], float]


@dataclasses.dataclass
class Link:
    """The way between a GPU and the host while a plan is made.

    `rate` is bytes a second each way; `exposed` the share of a copy back that is expected not to
    hide behind other calls. `free` is when the queue out has nothing left to do.
    """

    rate: float
    exposed: float = 0.0
    free: float = 0.0

    def out(self, nbytes: int, made: float, now: float) -> float:
        """Seconds that the calls would wait at `now` for a copy of a value from `made`."""
        spent = nbytes / self.rate
        return max(max(made, self.free) + spent - now, LEAST * spent)

    def back(self, nbytes: int) -> float:
        """Seconds that the calls are expected to wait for a copy back."""
        return max(self.exposed, LEAST) * nbytes / self.rate

    def send(self, var: Var, made: float) -> Node:
        """The call that moves a value out; its copy takes its turn in the queue."""
        self.free = max(made, self.free) + var.type.nbytes / self.rate
        return make_node(offload, (), (var,), None if var.node is None else var.node.tag)

    @staticmethod
    def fetch(away: Var) -> Node:
        """The call that brings a value back."""
        return make_node(prefetch, (), (away,), None if away.node is None else away.node.tag)


def seconds_of(graph: Graph, machine: cost.Machine | None = None) -> float:
    """The modelled seconds of a graph on a machine, its own where none is given."""
    machine = machine or cost.machine_of(graph)
    return modelled(graph, functools.partial(cost.seconds, machine=machine), machine.link)


def modelled(graph: Graph, seconds: Seconds, rate: float = 0.0) -> float:
    """The seconds of a graph's calls, with what they wait for copies at `rate` bytes a second."""
    if not rate:
        return sum(seconds(node) for node in graph.nodes)
    shown = roots(graph)
    leaving = {v for node in graph.nodes if node.op is offload for v in node.inputs if v}
    there: dict[Var, float] = {}
    gone: dict[Var, float] = {}
    clock = out = back = 0.0
    for node in graph.nodes:
        first = node.inputs[0] if node.inputs else None
        if node.op is prefetch:
            back = max(clock, back) + node.out_types[0].nbytes / rate
            there[node.outputs[0]] = back
            continue
        if node.op is offload and first is not None:
            clock = max(clock, gone.get(first, 0.0))
            continue
        ready = [there.get(shown.get(v, v), 0.0) for v in node.inputs if v is not None]
        clock = max(clock, *ready, 0.0) + seconds(node)
        for var in leaving.intersection(node.outputs):
            out = gone[var] = max(clock, out) + var.type.nbytes / rate
    return clock


def hoisted(graph: Graph, budget: int, seconds: Seconds, rate: float) -> Graph:
    """The graph with each `prefetch` so much earlier that its copy hides behind the calls between,
    as far as the budget has room for the value meanwhile."""
    nodes, held = list(graph.nodes), live_bytes(graph)
    spent = [seconds(node) for node in nodes]
    begins = [0.0, *accumulate(spent)]
    moves: dict[int, list[Node]] = {}
    last = begins[-1]
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if node.op is not prefetch or node.inputs[0] is None:
            continue
        nbytes, maker = node.out_types[0].nbytes, node.inputs[0].node
        last = min(begins[place], last) - nbytes / rate
        target = place
        while target and begins[target] > last and nodes[target - 1] is not maker:
            if held[target - 1] + nbytes > budget:
                break
            target -= 1
            held[target] += nbytes
        last = begins[target]
        moves.setdefault(target, []).append(node)
    made = Graph()
    made.inputs, made.outputs = list(graph.inputs), list(graph.outputs)
    made.constants = dict(graph.constants)
    for place, node in enumerate(nodes):
        made.nodes += reversed(moves.get(place, []))
        if node.op is not prefetch:
            made.nodes.append(node)
    return made
