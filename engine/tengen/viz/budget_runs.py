"""Real runs of a step under a memory budget: their time, and the allocator's word on the peak."""

import statistics
import time
from collections.abc import Callable
from typing import Any, Protocol

from ..device import get_allocated_memory, get_max_allocated_memory, reset_max_memory_stats
from ..jit.compiling import runner_for
from ..jit.static import Replay
from ..jit.structure import flat_tensors
from .plans import put_back

RUNS = 5


class BudgetRuns:
    """Runs of `step(*samples)` as `jit.trace(..., memory_budget=budget, without_host=True)` does.

    After each run everything is as it was before, to the bit. `held` are the bytes of the inputs,
    parameters and states, which count towards the peak.
    """

    def __init__(
        self, step: Callable[..., Any], samples: tuple[Any, ...], budget: int, held: int = 0
    ):
        self.step = step
        self.samples = samples
        self.budget = budget
        self.held = held
        self.seconds: list[float] = []
        self.peaks: list[int] = []
        self._replay = Replay(step, runner_for(budget=budget))
        self._replay.frozen = True

    def run(self) -> None:
        """One more measured run.

        A call before it moves parameters and states to memory that nobody else holds, so that the
        measured one may write over it as training does.
        """
        if not self.seconds:
            self._compile()
        replay = self._replay
        with put_back(self.step, self.samples):
            replay(*self.samples)
            before = get_allocated_memory()
            reset_max_memory_stats()
            start = time.perf_counter()
            result = replay(*self.samples)
            for tensor in flat_tensors(result):
                _ = tensor._buffer.array
            self.seconds.append(time.perf_counter() - start)
            self.peaks.append(self.held + self._kept() + get_max_allocated_memory() - before)
            del result

    def _compile(self) -> None:
        """Record the step and make both programs: for values that others hold, and for its own."""
        replay = self._replay
        with put_back(self.step, self.samples):
            replay(*self.samples)
            replay.frozen = bool(replay.calls.kept)  # else Python runs along, as in a checked trace
            replay(*self.samples)

    def release(self) -> None:
        """Give back the memory that the programs keep for a next run."""
        self._replay.runner.release()

    def _kept(self) -> int:
        """Bytes that the programs hold between runs: their arena, and what is computed once."""
        runner = self._replay.runner
        return runner.arena_bytes() + max((p.kept_bytes for p in runner.programs()), default=0)

    def point(self) -> dict[str, Any]:
        """The measured point of the budget curve: the middle time and the largest peak so far."""
        return {
            "budget": self.budget,
            "peak": max(self.peaks),
            "ms": round(1000 * statistics.median(self.seconds), 3),
            "measured": True,
        }


class Runs(Protocol):
    """Measured runs that a viewer asks for: one more, what they came to, and the end of them."""

    seconds: list[float]

    def run(self) -> None:
        """One more measured run."""

    def point(self) -> dict[str, Any]:
        """What the runs came to."""

    def release(self) -> None:
        """Give back what they held."""


class Requests:
    """Answers a viewer that asks for measurements, one run at a time.

    The viewer repeats `{"measure": bytes, "number": n}` until the answer has a point: between two
    runs the process is free for other work, and giving up is to ask no more (`{"cancel": n}`).
    Only the latest measurement is kept under way. `found` is told of every point.
    """

    def __init__(
        self,
        begin: Callable[[int], Runs],
        found: Callable[[dict[str, Any]], Any],
        runs: int = RUNS,
    ):
        self.begin = begin
        self.found = found
        self.runs = runs
        self._under_way: dict[int, Runs] = {}

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to one message; None where none is due. A failing run is answered in words."""
        if "cancel" in asked:
            self._end(asked["cancel"])
            return None
        if "measure" not in asked:
            return None
        number = asked["number"]
        made = self._under_way.get(number)
        try:
            if made is None:
                for other in list(self._under_way):
                    self._end(other)
                made = self._under_way[number] = self.begin(round(asked["measure"]))
            made.run()
        except Exception as error:
            self._end(number)
            return {"number": number, "error": f"{type(error).__name__}: {error}"}
        done, point = len(made.seconds), None
        if done >= self.runs:
            self._end(number)
            point = made.point()
            self.found(point)
        return {"number": number, "done": done, "of": self.runs, "point": point}

    def _end(self, number: int) -> None:
        made = self._under_way.pop(number, None)
        if made is not None:
            made.release()
