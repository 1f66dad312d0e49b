"""Observed: a run that notes what a replay without Python would have to know."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..base.source import user_frame
from ..runtime.lazy import LazyBuffer
from .readings import Reading, code_of, in_the_result
from .reasons import Reason, reason
from .runner import Runner, Stretch
from .session import Session
from .sizes import Watch


class Observed(Session):
    """A run that also notes what stands in the way of skipping its Python.

    `given` are the identities of the buffers that the program took, some of which it wrote over;
    `readings` the values that Python looked at, `piece` what the last program was made from,
    `looks` where the user's code looked at sizes that may follow the batch.
    """

    def __init__(self, runner: Runner, function: Callable[..., Any], batch: int):
        super().__init__(runner.tree, self._execute)
        self.looks: list[Reason] = []
        self.sizes = Watch(batch, self.looks) if batch > 1 else None
        self.code = code_of(function)
        self.runner = runner
        self.running = 0.0
        self.stretches: list[Stretch] = []
        self.wanted: list[LazyBuffer] = []
        self.given: dict[int, int] = {}
        self.readings: list[Reading] = []
        self.piece: Any = None
        self.reasons: list[Reason] = []
        self.waits: dict[tuple[str, int], float] = {}

    def _execute(self, session: Session, wanted: list[LazyBuffer]) -> None:
        stretch = self.runner.stretch(session, tuple([o.slot for o in wanted]))
        self.stretches.append(stretch)
        self.piece = SimpleNamespace(
            start=session.start, pending=list(session.pending), sources=dict(session.sources)
        )
        self.wanted = list(wanted)
        self.given |= {n: id(self.values[n]) for n in stretch.numbers if n in self.values}
        self.runner.execute(session, wanted)
        self.running = self.runner.last_seconds

    def need(self, buffer: LazyBuffer) -> None:
        found, last = reason("host read"), in_the_result(user_frame(), self.code)
        start = time.perf_counter()
        super().need(buffer)
        spent = time.perf_counter() - start - self.running
        place = (found.file, found.line)
        self.waits[place] = self.waits.get(place, 0.0) + spent
        self.readings.append(Reading(buffer, self.at, found, last))

    def reading(self, tensor: Any) -> None:
        buffer = tensor._buffer
        if type(buffer) is LazyBuffer and buffer.session is self:
            if buffer.computed:
                last = in_the_result(user_frame(), self.code)
                self.readings.append(Reading(buffer, self.at, reason("host read"), last))
        else:
            self.reasons.append(reason("host read"))

    def _island(self, record: Any, buffers: tuple[Any, ...]) -> Any:
        cause = "another device" if record.signature.moves else "data-dependent shape"
        self.reasons.append(reason(cause, record.op.name))
        return super()._island(record, buffers)

    def _apart(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...], tag: Any) -> Any:
        self.reasons.append(reason("shape", op.name))
        return super()._apart(op, attrs, buffers, tag)

    def close(self) -> None:
        """Forget the run, the values it gave among it: they know the session themselves."""
        super().close()
        self.wanted, self.readings, self.piece = [], [], None

    def _forget(self) -> None:
        """Keep what was taken: where it came from is asked at the end."""
        self._leave_segment()
