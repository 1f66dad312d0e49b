"""Runner: turns stretches of records into compiled programs and runs them."""

from collections.abc import Callable
from typing import Any

from ..graph.graph import Graph
from ..runtime.interpreter import interpret
from ..runtime.lazy import LazyBuffer
from .record import Tree
from .segment import segment_graph
from .session import Session

Compile = Callable[[Graph], Any]


class Stretch:
    """The compiled form of consecutive records: its graph and a program per physical signature."""

    __slots__ = ("graph", "log", "numbers", "original", "programs", "records", "runs")

    def __init__(self, original: Graph, numbers: list[int], graph: Graph, log: list[Any]):
        self.original = original
        self.numbers = numbers
        self.graph = graph
        self.log = log
        self.programs: dict[Any, Any] = {}
        self.runs = 0


class Runner:
    """Compiles and runs what a session has recorded.

    `optimise(graph)` gives the graph after the passes and their log; `make(graph, forms,
    donated)` a program. Both None: every call runs by its eager kernel.
    """

    def __init__(self, optimise: Any = None, make: Any = None):
        self.optimise = optimise
        self.make = make
        self.tree = Tree()

    def session(self) -> Session:
        """A new run."""
        return Session(self.tree, self.execute)

    def execute(self, session: Session, wanted: list[LazyBuffer]) -> None:
        """Run the pending records and fill the wanted values."""
        stretch = self.stretch(session, tuple([o.slot for o in wanted]))
        donated = frozenset(
            [i for i, number in enumerate(stretch.numbers) if session.alone(number)]
        )
        inputs = [session.values[number] for number in stretch.numbers]
        for index, buffer in enumerate(inputs):
            if type(buffer) is LazyBuffer:
                inputs[index] = buffer.settled
        for buffer, made in zip(wanted, self.run(stretch, inputs, donated), strict=True):
            buffer.fill(made)

    def stretch(self, session: Session, wanted: tuple[int, ...]) -> Stretch:
        """The compiled form of a session's pending records."""
        key = (id(session.start), id(session.pending[-1]), wanted)
        found = self.tree.programs.get(key)
        if found is None:
            graph, numbers = segment_graph(session.pending, list(wanted))
            found = Stretch(graph, numbers, *self.optimised(graph))
            self.tree.programs[key] = found
        return found  # type: ignore[no-any-return]

    def optimised(self, graph: Graph) -> tuple[Graph, list[Any]]:
        """The graph after the passes, and what they say they did."""
        if self.optimise is None:
            return graph, []
        return self.optimise(graph)  # type: ignore[no-any-return]

    def run(self, stretch: Stretch, inputs: list[Any], donated: frozenset[int]) -> list[Any]:
        """The outputs of a stretch for its inputs."""
        stretch.runs += 1
        if self.make is None:
            return interpret(stretch.graph, inputs)
        forms = tuple([b.type for b in inputs])
        program = stretch.programs.get((forms, donated))
        if program is None:
            program = self.make(stretch.graph, forms, donated)
            stretch.programs[forms, donated] = program
        return program.run(inputs)  # type: ignore[no-any-return]
