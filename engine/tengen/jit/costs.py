"""Costs: the time and the peak memory of two ways to make the same calls, side by side."""

import contextlib
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

from .. import device as accounts
from ..kernels.numba import service
from ..runtime.buffer import empty
from .report import CostRow
from .snapshot import Snapshot
from .structure import flat_tensors

COMPILING = 60.0
"""Seconds that kernels may take to be compiled before calls are timed without them."""

LEAST, MOST = 3, 20
"""Rounds of timed calls."""


class Clock:
    """Measures `ways` to be called with `samples`; `runs` counts the calls.

    Everything is put back as `before` has it. `release()` lets go of memory that is kept from call
    to call, so that it counts.
    """

    def __init__(
        self,
        ways: tuple[Callable[..., Any], ...],
        samples: tuple[Any, ...],
        before: Snapshot,
        release: Callable[[], None],
    ):
        self.ways = ways
        self.samples = samples
        self.before = before
        self.release = release
        self.runs = 0

    def rows(self, seconds: float, stage: Callable[[], None]) -> list[CostRow]:
        """Peaks and median times of calls that go on from each other, as they do in use.

        Every tensor gets memory of its own first: what the snapshot holds could not be updated in
        place, which would be charged to all ways. `stage()` is called between calls; it may raise.
        """
        times: list[list[float]] = [[] for _ in self.ways]
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                peaks = [self._peak(way) for way in self.ways]
                _own_memory(self.before)
                _await_kernels(stage)
                start = time.perf_counter()
                while len(times[-1]) < LEAST or (
                    time.perf_counter() - start < seconds and len(times[-1]) < MOST
                ):
                    stage()
                    for found, way in zip(times, self.ways, strict=True):
                        found.append(self._timed(way))
        finally:
            self.before.restore()
        medians = [statistics.median(found) * 1e3 for found in times]
        return [
            CostRow("time of a call", "ms", *medians),
            CostRow("peak memory above what was held", "bytes", *peaks),
        ]

    def _peak(self, way: Callable[..., Any]) -> int:
        """The most bytes above what is held that a call takes once it has been made a few times."""
        _own_memory(self.before)
        for _ in range(2):
            self._timed(way)
        self.release()
        tensors = [*flat_tensors(self.samples), *(tensor for tensor, *_ in self.before.tensors)]
        place = tensors[0].device.physical if tensors else "cpu0"
        held = accounts.get_allocated_memory(place)
        accounts.reset_max_memory_stats(place)
        self._timed(way)
        peak = accounts.get_max_allocated_memory(place)
        self.before.restore()
        return max(peak - held, 0)

    def _timed(self, way: Callable[..., Any]) -> float:
        """Seconds of a call, its values computed."""
        self.runs += 1
        start = time.perf_counter()
        for tensor in flat_tensors(way(*self.samples)):
            tensor._buffer.array  # noqa: B018 - a value that waits is computed now
            accounts.synchronize(tensor.device.physical)
        return time.perf_counter() - start


def _await_kernels(stage: Callable[[], None]) -> None:
    """Until the kernels of the calls so far are compiled, NumPy stands in for them, beside a
    compiler that takes the processor: times of that would say nothing."""
    end = time.perf_counter() + COMPILING
    while time.perf_counter() < end:
        stage()
        waiting = [k for k in service.kernels() if k.wished and not (k.ready or k.error)]
        if not waiting:
            break
        waiting[0].wait(0.1)


def _own_memory(before: Snapshot) -> None:
    """Give every handle of a snapshot a copy of its value that nobody else holds."""
    for tensor, buffer, _, _ in before.tensors:
        made = empty(buffer.type, buffer.root.tag)
        made.array[...] = buffer.array
        tensor._buffer = made
