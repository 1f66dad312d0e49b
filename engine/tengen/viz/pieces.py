"""The graph of a call whose Python needs values: the stretches that run between, end to end.

The call really runs, twice while it is recorded and once for each measurement; whatever it changes
is put back.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from ..graph.graph import Graph
from ..graph.node import Var
from ..graph.state import state
from ..jit.compiling import runner_for
from ..jit.runner import Runner, Stretch
from ..jit.session import Session
from ..module import Module
from ..runtime.lazy import LazyBuffer
from ..runtime.profile import Profile
from .graph_document import Document, Given, Names, groups_of, parts_of, totals
from .plans import put_back
from .times import Times


@dataclasses.dataclass
class Piece:
    """A stretch, the numbers of the values it gives, and the handles of those it takes."""

    stretch: Stretch
    gives: tuple[int, ...]
    sources: list[Any]


class _Noted(Session):
    """A run that notes its stretches."""

    def __init__(self, runner: Runner):
        super().__init__(runner.tree, self._note)
        self.runner = runner
        self.pieces: list[Piece] = []

    def _note(self, session: Session, wanted: list[LazyBuffer]) -> None:
        gives = tuple([buffer.slot for buffer in wanted])
        stretch = self.runner.stretch(session, gives)
        refs = [session.sources.get(number) for number in stretch.numbers]
        self.pieces.append(Piece(stretch, gives, [None if ref is None else ref() for ref in refs]))
        self.runner.execute(session, wanted)


class PieceRuns:
    """Runs of a call in pieces, profiled; the same interface as `GraphRuns`."""

    def __init__(self, function: Callable[..., Any], samples: tuple[Any, ...]):
        self.seconds: list[float] = []
        self.function = function
        self.samples = samples
        self._runner = runner_for(profiling=True)
        self.pieces = self._call()
        self._runner.profiler = Profile()  # the first call compiled on the way

    def run(self) -> None:
        """One more measured run."""
        start = time.perf_counter()
        self._call()
        self.seconds.append(time.perf_counter() - start)

    def point(self) -> Times:
        """What has been measured so far; the pieces as recorded are not run."""
        profiler = self._runner.profiler
        assert profiler is not None
        found = {str(n.seq): 0.0 for piece in self.pieces for n in piece.stretch.graph.nodes}
        for cost, step in profiler.steps():
            key = str(step.node.seq)
            found[key] = found.get(key, 0.0) + float(cost.least_ms)
        ms = {"compiled": round(sum(found.values()), 4)}
        return {"compiled": {k: round(v, 5) for k, v in found.items()}, "recorded": {}, "ms": ms}

    def release(self) -> None:
        """Give back the memory that the programs keep for a next run."""
        self._runner.release()

    def _call(self) -> list[Piece]:
        session = _Noted(self._runner)
        with put_back(self.function, self.samples):
            before, state.mode = state.mode, session
            try:
                result = self.function(*self.samples)
                session.flush()  # while the result is held: what nobody wants is not computed
                del result
            except BaseException:
                session.give_up()
                raise
            finally:
                state.mode = before
                session.close()
        return session.pieces


def document_in_pieces(runs: PieceRuns, name: str) -> tuple[Document, Document]:
    """The documents before and after compiling of a call in pieces."""
    before = _joined(runs, name, lambda stretch: stretch.original)
    after = _joined(runs, name, lambda stretch: stretch.graph)
    after["form"] = "static"
    return before, after


def _joined(runs: PieceRuns, name: str, graph_of: Callable[[Stretch], Graph]) -> Document:
    made: Document = {"version": 1, "name": name, "form": "dynamic"}
    for part in ("nodes", "inputs", "state", "outputs"):
        made[part] = []
    names: dict[int, str] = {}
    samples = frozenset(id(sample) for sample in runs.samples)
    for count, piece in enumerate(runs.pieces):
        graph, stretch = graph_of(piece.stretch), piece.stretch
        known: dict[Var, str] = {
            var: names[number]
            for var, number in zip(graph.inputs, stretch.numbers, strict=True)
            if number in names
        }
        numbered = Names(known, f"p{count}.")
        given = Given(piece.sources, [None] * len(graph.outputs), samples)
        parts = parts_of(graph, given, numbered)
        for part in ("nodes", "inputs", "state", "outputs"):
            made[part] += parts[part]
        for var, number in zip(graph.inputs, stretch.numbers, strict=True):
            names.setdefault(number, numbered(var))
        for out, number in zip(graph.outputs, piece.gives, strict=True):
            if out is not None:
                names[number] = numbered(out)
    pieces = len(runs.pieces)
    made["note"] = f"The call runs in {pieces} pieces: between them Python looks at a value."
    made["device"] = "cpu0"
    made["passes"] = []
    made["totals"] = totals(made)
    if isinstance(runs.function, Module):
        made["groups"] = groups_of(runs.function)
    return made
