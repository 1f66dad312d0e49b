"""A program's calls captured into one CUDA graph and replayed.

The first run is plain: it loads kernels and shows which inputs keep their place. The second is
captured. Inputs that move are copied into a place of their own before each replay, results out of
theirs behind it. What cannot be captured goes on being launched call by call; `reason` says why.
"""

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..base.tally import writes
from ..graph.types import TensorType
from ..kernels.cuda.gpu import Gpu
from . import gpu_memory
from .buffer import Buffer, OwnedBuffer, Tag, empty
from .steps import NOT_HELD, Kind

if TYPE_CHECKING:
    from .executor import Program

MOST_MOVES = 4
"""Captures lost to inputs that moved, after which every input is copied to a place of its own."""

_TAG = Tag("place of a CUDA graph", None, None, 0)


class Replay:
    """The captured form of one program on one GPU."""

    def __init__(self, program: "Program", place: Gpu):
        self.program: Program = weakref.proxy(program)  # which owns this
        self.place = place
        self.reason = ""
        self._last: list[Any] | None = None
        self._moves = 0
        self._moving: set[int] = set()
        self._forget()
        if any(s.kind is Kind.LOOSE for s in program.lowered.storages):
            self.reason = "only running tells the size of a result"

    def _forget(self) -> None:
        self._graph: Any = None
        self._pool: Any = None
        self._scratch: Buffer | None = None
        self._steady_calls: list[Any] = []
        self._staged: dict[int, Buffer] = {}
        self._bound: dict[int, Any] = {}
        self._results: dict[int, Buffer] = {}
        self._version = -1

    @property
    def captured(self) -> bool:
        """Whether the next run is a replay."""
        return self._graph is not None

    def release(self) -> None:
        """Let go of the graph and its memory; a later run captures anew."""
        self._forget()
        self._last = None

    def run(self, given: list[Buffer]) -> list[Buffer | None] | None:
        """The outputs by a replay, or None where this run has to be plain."""
        program = self.program
        apart = len({id(buffer) for buffer in given}) == len(given)
        if self.reason or (program._overwritten and not apart):
            return None
        arrays = [given[index].array for index in program._read]
        if self._graph is not None and not self._stands(arrays):
            self._forget()
        if self._graph is None:
            before, self._last = self._last, arrays
            if before is None:
                return None
            self._moving |= {
                index
                for index, old, new in zip(program._read, before, arrays, strict=True)
                if old is not new or not new.flags.c_contiguous
            }
            if not self._capture(given):
                return None
        return self._replay(given)

    def _stands(self, arrays: Sequence[Any]) -> bool:
        """Whether the graph still shows the memory that came; notes the inputs that moved."""
        if self._version != self.program.ground.version:
            return False
        moved = {
            index
            for index, array in zip(self.program._read, arrays, strict=True)
            if index in self._bound and self._bound[index] is not array
        }
        if moved:
            self._moves += 1
            self._moving |= moved if self._moves < MOST_MOVES else set(self.program._read)
        return not moved

    def _capture(self, given: list[Buffer]) -> bool:
        """Capture the calls on fixed memory; False where that cannot be."""
        program, place = self.program, self.place
        for index in program._read:
            if index in self._moving:
                staged = self._staged[index] = empty(program.forms[index], _TAG)
                program._move(program.lowered.inputs[index], staged.array)
                program._held[index] = NOT_HELD
                staged.array[...] = given[index].array
            else:
                self._bound[index] = given[index].array
                program._point(index, given)
        self._results = {id(s): program._make(s) for s in program._fresh}
        self._steady_calls = program._calls[: program.lowered.steady]
        self._pool = place.xp.cuda.MemoryPool()
        try:
            self._graph = place.capture(self._launch, self._pool)
        except Exception as error:
            self.reason = f"a call cannot be captured ({error})"
            return self._give_up()
        type_ = TensorType.of((int(self._pool.total_bytes()),), "uint8", program._device())
        held = gpu_memory.claim(type_.device, type_.nbytes)
        self._scratch = OwnedBuffer(type_, None, held, type_.nbytes, _TAG)
        self._version = program.ground.version
        return True

    def _give_up(self) -> bool:
        self._forget()
        self.program._held = [NOT_HELD] * len(self.program.forms)
        return False

    def _launch(self) -> None:
        for call in self.program._calls[self.program.lowered.steady :]:
            call()

    def _settle(self) -> None:
        """Run the steady calls if what they read may have changed."""
        program = self.program
        if program._settled != writes.count:
            for call in self._steady_calls:
                call()

    def _replay(self, given: list[Buffer]) -> list[Buffer | None]:
        program, place = self.program, self.place
        for index, staged in self._staged.items():
            if index in program._steady:
                program._settled = None
            staged.array[...] = given[index].array
        self._settle()
        self._graph.launch(place.stream)
        if program._overwritten:
            for index in program._overwritten:
                if index in self._staged:
                    given[index].array[...] = self._staged[index].array
            writes.note()
        program._settled = writes.count
        made: dict[int, Buffer] = {}
        for storage in program._fresh:
            fixed = self._results[id(storage)]
            fresh = made[id(storage)] = empty(storage.type, storage.tag)
            fresh.array[...] = fixed.array
        return [
            None if out is None else program._result(out, given, made)
            for out in program.lowered.outputs
        ]
