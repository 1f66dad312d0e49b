"""Runner: turns stretches of records into compiled programs and runs them."""

import dataclasses
import time
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ..base.collection import collection_paused
from ..base.errors import StateError
from ..graph.graph import Graph
from ..runtime.choice import kernel_settings
from ..runtime.forms import convert_all, followed_forms, updated
from ..runtime.interpreter import interpret
from ..runtime.lazy import LazyBuffer, settled
from ..runtime.profile import Profile
from ..tensor import Parameter
from .record import Tree
from .segment import segment_graph
from .session import Session

_TYPE = attrgetter("type")

Compile = Callable[[Graph], Any]


class Stretch:
    """The compiled form of consecutive records: its graph and a program per physical signature.

    `stable` are the inputs that are parameters or other tensors of modules.
    """

    __slots__ = ("graph", "log", "numbers", "original", "programs", "records", "runs", "stable")

    def __init__(
        self,
        original: Graph,
        numbers: list[int],
        stable: frozenset[int],
        graph: Graph,
        log: list[Any],
    ):
        self.stable = stable
        self.original = original
        self.numbers = numbers
        self.graph = graph
        self.log = log
        self.programs: dict[Any, Any] = {}
        self.runs = 0


class Runner:
    """Compiles and runs what a session has recorded.

    `optimise(graph)` gives the graph after the passes and their log; `make(graph, forms,
    donated, stable)` a program. Both None: every call runs by its eager kernel.
    """

    def __init__(self, optimise: Any = None, make: Any = None, profiler: Profile | None = None):
        self.optimise = optimise
        self.make = make
        self.profiler = profiler
        self.tree = Tree()
        self.last_seconds = 0.0

    def session(self) -> Session:
        """A new run."""
        return Session(self.tree, self.execute)

    def execute(self, session: Session, wanted: list[LazyBuffer]) -> None:
        """Run the pending records and fill the wanted values."""
        start = time.perf_counter()
        stretch = self.stretch(session, tuple([o.slot for o in wanted]))
        donated = frozenset(
            [i for i, number in enumerate(stretch.numbers) if session.alone(number)]
        )
        inputs = [settled(session.values[number]) for number in stretch.numbers]
        for index in donated:  # so that one that is converted goes before the next one is
            session.drop(stretch.numbers[index])
        for buffer, made in zip(wanted, self.run(stretch, inputs, donated), strict=True):
            buffer.fill(made)
        self.last_seconds = time.perf_counter() - start

    def stretch(self, session: Session, wanted: tuple[int, ...]) -> Stretch:
        """The compiled form of a session's pending records."""
        key = (id(session.start), id(session.pending[-1]), wanted)
        found = self.tree.programs.get(key)
        if found is None:
            with collection_paused():
                graph, numbers = segment_graph(session.pending, list(wanted))
                held = [i for i, n in enumerate(numbers) if in_a_module(session.sources.get(n))]
                stable = frozenset(held) - updated(graph)
                found = Stretch(graph, numbers, stable, *self.optimised(graph))
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
        settings = kernel_settings()
        key = (tuple(map(_TYPE, inputs)), donated, settings)
        program = stretch.programs.get(key)
        if program is None:
            with collection_paused():
                program = self._program(stretch, key)
            stretch.programs[key] = program
        if program.forms != key[0]:
            convert_all(inputs, program.forms)
        return program.run(inputs, self.profiler)  # type: ignore[no-any-return]

    def _program(self, stretch: Stretch, key: tuple[Any, frozenset[int], Any]) -> Any:
        """The program for inputs of these types, in the forms in which it had best get them."""
        given, donated, settings = key
        forms = followed_forms(stretch.graph, given, donated)
        program = stretch.programs.get((forms, donated, settings))
        if program is None:
            program = self.make(stretch.graph, forms, donated, stretch.stable)
            stretch.programs[forms, donated, settings] = program
        return program

    def stretches(self) -> list[Stretch]:
        """All that was compiled so far."""
        return [*self.tree.programs.values(), *self.tree.derived.values()]

    def programs(self) -> list[Any]:
        """Their programs, one for each physical signature."""
        return [program for s in self.stretches() for program in s.programs.values()]

    def without_graphs(self) -> list[str]:
        """The reasons why programs on a GPU are not replayed as CUDA graphs."""
        return sorted({program.without_graph for program in self.programs()} - {""})

    def arena_bytes(self) -> int:
        """Bytes of the memory that the compiled programs share."""
        return max((program.nbytes for program in self.programs()), default=0)

    def release(self) -> None:
        """Let go of that memory; the next run makes it anew."""
        for program in self.programs():
            program.release()

    def profile(self) -> dict[str, Any]:
        """What the steps of all programs cost so far, the most expensive first; see `Cost`."""
        if self.profiler is None:
            raise StateError("[trace] nothing was measured: give profiling=True")
        return {
            "runs": self.profiler.runs,
            "operators": self.profiler.by_operator(),
            "steps": [dataclasses.asdict(cost) for cost in self.profiler.costs()],
        }


def in_a_module(source: Any) -> bool:
    """Whether the handle of a weak reference is a parameter or another tensor of a module."""
    tensor = None if source is None else source()
    return isinstance(tensor, Parameter) or (tensor is not None and "_path" in vars(tensor))
