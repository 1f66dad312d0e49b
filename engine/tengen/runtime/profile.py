"""Profile: what each step of a function's programs cost, in time and bytes."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.state import scope_path
from .failure import source_of
from .steps import Step


@dataclass(frozen=True)
class Cost:
    """One step of a program over all profiled runs. Times are in milliseconds a run, `bytes` what
    the step reads and writes; `kernel` is "layout" for a conversion and "copy" for a copy."""

    program: int
    step: int
    op: str
    kernel: str
    module: str
    source: str
    shapes: str
    bytes: int
    runs: int
    ms: float
    least_ms: float


class Profile:
    """Costs of steps, gathered over runs; give one to `Program.run`.

    Programs are numbered in the order in which they first ran. The runs' own times are in
    `spans`, the latest `kept` of them with every step.
    """

    def __init__(self, kept: int = 3) -> None:
        self.kept = kept
        self._lock = threading.Lock()
        self._numbers: dict[int, int] = {}
        self._programs: list[_Times] = []
        self._runs: list[tuple[int, Any]] = []

    @property
    def runs(self) -> int:
        """Runs of programs that were measured."""
        return sum(times.runs for times in self._programs)

    def add(self, steps: Sequence[Step], stamps: Sequence[int]) -> None:
        """Book a run: the clock in nanoseconds before the first step and after each."""
        clock = np.array(stamps, np.int64)
        with self._lock:
            number = self._numbers.setdefault(id(steps), len(self._programs))
            if number == len(self._programs):
                self._programs.append(_Times(steps))
            self._programs[number].add(np.diff(clock))
            self._runs = [*self._runs, (number, clock)][-self.kept :]

    def costs(self) -> list[Cost]:
        """Every step of every program, the most expensive first."""
        found = [cost for cost, _ in self.steps()]
        return sorted(found, key=lambda cost: -cost.ms * cost.runs)

    def steps(self) -> list[tuple[Cost, Step]]:
        """Every step of every program with its cost, in the order in which they run."""
        return [
            (_cost(number, index, step, times), step)
            for number, times in enumerate(self._programs)
            for index, step in enumerate(times.steps)
        ]

    def by_operator(self) -> list[tuple[str, float, int]]:
        """Operators with their milliseconds a run and the number of steps, the slowest first."""
        totals: dict[str, list[float]] = {}
        for cost in self.costs():
            held = totals.setdefault(cost.op, [0.0, 0])
            held[0] += cost.ms
            held[1] += 1
        ranked = sorted(totals.items(), key=lambda item: -item[1][0])
        return [(op, ms, int(count)) for op, (ms, count) in ranked]

    def chrome_trace(self) -> dict[str, Any]:
        """The latest runs as a trace document of Chrome's viewer (chrome://tracing, Perfetto)."""
        events: list[dict[str, Any]] = []
        pid = os.getpid()
        with self._lock:
            runs = list(self._runs)
        for number, clock in runs:
            events.append(
                {
                    "name": f"program {number}",
                    "ph": "X",
                    "pid": pid,
                    "tid": 0,
                    "ts": clock[0] / 1000,
                    "dur": (clock[-1] - clock[0]) / 1000,
                }
            )
            times = self._programs[number]
            for index, step in enumerate(times.steps):
                cost = _cost(number, index, step, times)
                events.append(
                    {
                        "name": cost.op,
                        "cat": cost.kernel,
                        "ph": "X",
                        "pid": pid,
                        "tid": 0,
                        "ts": clock[index] / 1000,
                        "dur": (clock[index + 1] - clock[index]) / 1000,
                        "args": {
                            "module": cost.module,
                            "source": cost.source,
                            "shapes": cost.shapes,
                            "bytes": cost.bytes,
                        },
                    }
                )
        return {"traceEvents": events, "displayTimeUnit": "ms"}


class _Times:
    """The times of one program's steps."""

    def __init__(self, steps: Sequence[Step]):
        self.steps = steps
        self.runs = 0
        self.total = np.zeros(len(steps), np.int64)
        self.least = np.full(len(steps), np.iinfo(np.int64).max)

    def add(self, taken: Any) -> None:
        self.runs += 1
        self.total += taken
        np.minimum(self.least, taken, out=self.least)


def _cost(program: int, index: int, step: Step, times: _Times) -> Cost:
    tag = step.node.tag
    outs = ", ".join(str(p.type) for p in step.outs)
    ins = ", ".join("none" if p is None else str(p.type) for p in step.ins)
    moved = step.what in ("layout", "copy")
    return Cost(
        program=program,
        step=index,
        op=f"{step.what} for {step.node.op.name}" if moved else step.node.op.name,
        kernel=step.what,
        module=scope_path(tag.scope) if tag is not None else "",
        source=source_of(tag),
        shapes=f"({ins}) -> ({outs})",
        bytes=sum(p.type.nbytes for p in (*step.outs, *step.ins) if p is not None),
        runs=times.runs,
        ms=times.total[index] / max(times.runs, 1) / 1e6,
        least_ms=times.least[index] / 1e6,
    )
