"""Measured times of a graph's calls: of the graph as recorded, and of the compiled one.

The programs run on the values that the call was recorded with, and on copies of those they write
over: whatever is measured, no parameter, state or variable changes.
"""

from typing import Any

from ..compiler.memory import plan_memory
from ..graph.graph import Graph
from ..jit.capture import Capture
from ..runtime.buffer import Buffer, empty
from ..runtime.executor import Program
from ..runtime.ground import Ground
from ..runtime.lazy import LazyBuffer, settled
from ..runtime.profile import Profile
from ..tensor import Parameter

RUNS = 5

Times = dict[str, Any]
"""`ms` of a whole call and, by the numbers of calls, of each: `recorded` and `compiled`."""


class GraphRuns:
    """Runs of a captured call, as it was recorded and as it was compiled, one after another."""

    def __init__(self, capture: Capture, compiled: Graph):
        self.seconds: list[float] = []
        self._capture = capture
        self._graphs = {"compiled": compiled, "recorded": capture.graph}
        self._programs: dict[str, Program] = {}
        self._profiles: dict[str, Profile] = {}
        self._buffers: list[Buffer] = []

    def run(self) -> None:
        """One more measured run of both; the first call prepares them."""
        if not self._programs:
            self._prepare()
        for name, program in self._programs.items():
            program.run(self._buffers, self._profiles[name])
        self.seconds.append(self._ms("compiled") / 1000)

    def point(self) -> Times:
        """What has been measured so far, the least of the runs for each step."""
        found: Times = {name: self._of(name) for name in self._graphs}
        return {**found, "ms": {name: round(self._ms(name), 4) for name in self._graphs}}

    def release(self) -> None:
        """Give back the memory of programs and copies."""
        for program in self._programs.values():
            program.release()
        self._programs, self._buffers = {}, []

    def _prepare(self) -> None:
        sources, kept = self._capture.sources, self._capture.kept
        written = {id(handle) for handle in kept if handle is not None}
        donated = frozenset(i for i, source in enumerate(sources) if id(source) in written)
        stable = frozenset(
            i for i, s in enumerate(sources) if isinstance(s, Parameter) and i not in donated
        )
        types = [var.type for var in self._capture.graph.inputs]
        self._buffers = [
            _value(source, type_, i in donated)
            for i, (source, type_) in enumerate(zip(sources, types, strict=True))
        ]
        forms = [buffer.type for buffer in self._buffers]
        ground = Ground()
        for name, graph in self._graphs.items():
            made = Program(graph, forms, donated, stable, planner=plan_memory, ground=ground)
            self._programs[name] = made
            self._profiles[name] = Profile()
            made.run(self._buffers)  # what is computed once, and memory that is touched first

    def _ms(self, name: str) -> float:
        return sum(float(cost.least_ms) for cost in self._profiles[name].costs())

    def _of(self, name: str) -> dict[str, float]:
        """Milliseconds by call: a step's own, with the conversions and copies made for it."""
        found = {str(node.seq): 0.0 for node in self._graphs[name].nodes}
        for cost, step in self._profiles[name].steps():
            key = str(step.node.seq)
            found[key] = found.get(key, 0.0) + float(cost.least_ms)
        return {key: round(ms, 5) for key, ms in found.items()}


def _value(source: Any, type_: Any, private: bool) -> Buffer:
    """The value of an input; a copy where it will be written over, zeros where none is left."""
    buffer = getattr(source, "_buffer", None)
    if buffer is not None:
        buffer = settled(buffer)
    if buffer is None or type(buffer) is LazyBuffer:
        made = empty(type_, None)
        made.array[...] = 0
        return made
    if not private:
        return buffer  # type: ignore[no-any-return]
    made = empty(buffer.type, None)
    made.array[...] = buffer.array
    return made
