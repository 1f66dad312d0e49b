"""convert: a function or module made static, with the proof that it is the same."""

import collections
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..base.errors import ArgumentError
from ..module import Module
from ..tensor import Tensor
from .compiling import runner_for
from .examine import Examination, Progress
from .frozen import Frozen
from .outcome import outcome_of
from .reachable import reachable
from .reasons import Reason
from .report import Blocker, ConversionReport, blocker
from .snapshot import Snapshot
from .static import Replay, StaticFunction, static_module, unwrapped
from .structure import flatten


def convert(
    target: Any,
    *samples: Any,
    verify: bool = True,
    others: Iterable[tuple[Any, ...]] = (),
    seconds: float = 10.0,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    opt_level: int = 2,
    memory_budget: int | float | None = None,
) -> Any:
    """A static version of a function or module, tried on `samples`; its `.report` tells the rest.

    Ordinary Python survives: where it needs a value the graph is cut, and every call is checked
    against the record, so the results are those of the dynamic program whatever it does. Python
    is skipped only where `verify` found nothing against it: results, gradients and weights after
    the call are compared with the dynamic program's (tolerances from a float64 run), and other
    inputs, `others` of your own, another seed, mode and batch size are run to look for answers
    that would be stale. Weights, statistics, optimizer state, random states and Python variables
    are afterwards bit for bit what they were; files and other outside effects of your code happen
    as often as `report.runs` says, and prints during the comparison are held back.

    A converted module is a module of the same class that shares everything with the old one.
    `seconds` bounds the measuring; `progress(stage, fraction)` is told how far it is; `stop()`
    returning True ends the comparison. `memory_budget`: bytes, or a fraction of the peak without
    recompute. An exception of your code is passed on as it is.
    """
    target = unwrapped(target)
    if not callable(target):
        raise ArgumentError(
            f"[convert] a function or a module is needed; got {type(target).__name__}"
        )
    runner = runner_for(level=opt_level, budget=memory_budget)
    replay = Replay(target, runner)
    report = ConversionReport(_name(target))
    tell = progress or (lambda stage, done: None)
    tell("capturing", 0.0)
    first = _capture(replay, samples, report)
    replay.frozen = not first.reasons and verify
    made = static_module(target, replay) if isinstance(target, Module) else StaticFunction(replay)
    made.report = report
    if verify:
        Examination(replay, samples, report, progress, stop, others, seconds).run()
        if report.cancelled or not report.ok:
            replay.frozen = False
    replay.report = report
    report.replay = "frozen" if replay.frozen else "checked"
    return made


def _capture(replay: Replay, samples: tuple[Any, ...], report: ConversionReport) -> Frozen:
    """Record and compile the first call; what it says of segments and of what stays dynamic."""
    leaves: list[Tensor] = []
    flatten(samples, leaves)
    before = Snapshot(reachable(replay.function, samples), leaves)
    frozen = Frozen(replay.function, samples, {})
    start = time.perf_counter()
    report.runs += 1
    found = outcome_of(lambda: frozen.record(replay.runner, samples, {}), before)
    if found.error is not None:
        raise found.error
    report.compile_seconds = time.perf_counter() - start
    report.segments = len(frozen.pieces)
    report.operators = sum(len(piece.graph.nodes) for piece in frozen.pieces)
    report.passes = [str(note) for piece in frozen.pieces for note in piece.log]
    report.blockers = _cards(frozen.reasons, frozen.waits)
    return frozen


def _cards(reasons: list[Reason], waits: dict[tuple[str, int], float]) -> list[Blocker]:
    """One card per root cause, the costliest first."""
    counted = collections.Counter(reasons)
    rooted = [r for r in counted if r.cause != "pieces"] or list(counted)
    cards = [blocker(r, counted[r], 1e3 * waits.get((r.file, r.line), 0.0)) for r in rooted]
    return sorted(cards, key=lambda card: -card.cost_ms)


def _name(target: Any) -> str:
    return getattr(target, "__qualname__", type(target).__name__)
