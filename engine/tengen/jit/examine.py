"""Examining a static function: is it the same program, what does it save, could it go stale?

Every run starts from the same snapshot and everything is put back, so weights, statistics,
random states and Python's own variables are afterwards what they were. Prints are held back.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..autodiff import GradManager
from ..base import dtype as dt
from ..functional import sum as total
from ..kernels.numba import service
from ..module import Module
from ..random import generator
from ..tensor import Tensor
from .costs import Clock
from .frozen import Given
from .outcome import Outcome, agree, outcome_of
from .parity import KINDS, LOOSEST, Judge, Tolerances, move_last_bits, sensitivity, widen_floats
from .reachable import Reachable, reachable
from .reasons import CAUSES
from .report import ConversionReport, Finding, ParityRow
from .samples import other_batches, perturbed
from .snapshot import Snapshot
from .specialisations import ANY, EACH
from .static import Replay
from .structure import flat_tensors, flatten

REPEATED = 1e-5
"""How far a frozen run may be from a checked one: their kernels differ in place at most."""

MOVED = 4
"""Runs with data moved by their last bits, where a difference asks for them."""

MEASURING = "measuring time and memory"

Progress = Callable[[str, float], None]


class Cancelled(Exception):
    """The examination was asked to stop."""


class Examination:
    """The runs that fill a report. `stop()` true ends it at the next stage."""

    def __init__(
        self,
        replay: Replay,
        samples: tuple[Any, ...],
        report: ConversionReport,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        others: Any = (),
        seconds: float = 10.0,
    ):
        self.replay = replay
        self.function = replay.function
        self.samples = samples
        self.report = report
        self.progress = progress or (lambda stage, done: None)
        self.stop = stop or (lambda: False)
        self.others = list(others)
        self.seconds = seconds
        self.seen: Reachable = reachable(self.function, samples)
        self.trains = isinstance(self.function, Module)
        self.left_out: Tolerances = {}

    def run(self) -> None:
        """All stages; a stage that cannot be done leaves a note."""
        try:
            self._stage("comparing results", 0.0)
            self._parity()
            self._stage("running other inputs", 0.35)
            self._staleness()
            self._stage(MEASURING, 0.7)
            self._costs()
            self._stage("done", 1.0)
        except Cancelled:
            self.report.cancelled = True

    def _stage(self, name: str, done: float) -> None:
        if self.stop():
            raise Cancelled
        self.progress(name, done)

    def _outcome(
        self,
        run: Callable[..., Any],
        samples: tuple[Any, ...],
        change: Callable[[Snapshot], None] = lambda before: None,
    ) -> Outcome:
        """What `run(*samples)` leaves, from the present state, which is put back; `change` may
        give the tensors of the snapshot other values first."""
        leaves: list[Tensor] = []
        flatten(samples, leaves)
        before = Snapshot(self.seen, leaves)
        change(before)
        self.report.runs += 1
        return outcome_of(lambda: run(*samples), before)

    def _ways(self) -> list[Callable[..., Any]]:
        """The static ways to run: checked, and frozen where nothing speaks against it so far."""
        return [self.replay.checked, *([self.replay] if self.replay.frozen else [])]

    def _parity(self) -> None:
        dynamic = self._outcome(self.function, self.samples)
        self._side_effects(dynamic)
        if dynamic.error is not None:
            raise dynamic.error
        again = self._outcome(self.function, self.samples)
        difference = agree(again, dynamic, 0.05)
        if difference:
            self._find("the same call twice", False, f"two dynamic runs differ: {difference}")
        judge = self._judge(self.function, dynamic)
        for way in self._ways():
            self._rows(judge, self._outcome(way, self.samples))
        self.left_out = judge.left_out
        if self.trains and self._learns():
            function = self._with_gradients(self.function)
            judge = self._judge(function, self._outcome(function, self.samples), ("grads",))
            made = self._outcome(self._with_gradients(self.replay.checked), self.samples)
            self._rows(judge, made)
        if dynamic.outputs and not any(r.what == KINDS["outputs"] for r in self.report.parity):
            self._find("comparing results", False, "rounding alone decides what the call returns")

    def _judge(
        self, run: Callable[..., Any], dynamic: Outcome, kinds: Iterable[str] = KINDS
    ) -> Judge:
        """What compares outcomes with one of `run` on the samples."""
        return Judge(
            dynamic,
            self._in_float64(run),
            lambda: self._moved(run, self.samples),
            self.report.notes,
            kinds,
        )

    def _rows(self, judge: Judge, static: Outcome) -> None:
        if static.error is not None:
            self.report.parity.append(ParityRow("calls", float("inf"), 0.0, None))
            self.report.notes.append(f"the static call failed: {static.error}")
            return
        for row in judge.rows(static):
            known = [r for r in self.report.parity if r.what == row.what]
            if not known:
                self.report.parity.append(row)
            elif row.difference * known[0].tolerance > known[0].difference * row.tolerance:
                self.report.parity[self.report.parity.index(known[0])] = row

    def _in_float64(self, run: Callable[..., Any]) -> Outcome | None:
        """The outcome with every float widened, or None where the program does not allow it."""
        found = self._outcome(run, self.samples, widen_floats)
        if found.error is not None:
            self.report.notes.append(f"no float64 reference: {found.error}".partition("\n")[0])
            return None
        return found

    def _moved(self, run: Callable[..., Any], samples: tuple[Any, ...]) -> Iterator[Outcome]:
        """Outcomes of `run` with all its data moved by their last bits."""
        for seed in range(MOVED):
            yield self._outcome(run, samples, functools.partial(move_last_bits, seed=seed))

    def _learns(self) -> bool:
        return bool(self._parameters()) and any(
            dt.is_float(t.dtype) for t in self._dynamic_outputs()
        )

    def _parameters(self) -> list[Any]:
        return list(self.function.parameters()) if isinstance(self.function, Module) else []

    def _dynamic_outputs(self) -> list[Tensor]:
        leaves: list[Tensor] = []
        flatten(self.samples, leaves)
        before = Snapshot(self.seen, leaves)
        kept: list[Tensor] = []
        outcome_of(lambda: kept.extend(flat_tensors(self.function(*self.samples))), before)
        self.report.runs += 1
        return kept

    def _with_gradients(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """The call followed by the gradients of a weighted sum of its outputs."""

        def call(*samples: Any) -> Any:
            manager = GradManager().attach(self._parameters())
            with manager:
                result = run(*samples)
                loss: Any = 0.0
                for number, tensor in enumerate(flat_tensors(result)):
                    if dt.is_float(tensor.dtype) and tensor.requires_grad:
                        rng = np.random.default_rng(number)
                        weight = rng.standard_normal(tensor.shape)
                        loss = loss + total(tensor * Tensor(weight, dtype=tensor.dtype))
                if isinstance(loss, Tensor):
                    manager.backward(loss)
            return result

        return call

    def _side_effects(self, dynamic: Outcome) -> None:
        for change in dynamic.changes:
            self._find("Python side effect", False, change)
        if dynamic.printed:
            first = dynamic.printed.strip().splitlines()[:1]
            self._find("Python side effect", False, f"it prints {first[0] if first else ''!r}")

    def _staleness(self) -> None:
        trials = [(f"other inputs ({n + 1})", perturbed(self.samples, n)) for n in range(3)]
        trials += [(f"your inputs ({n + 1})", tuple(o)) for n, o in enumerate(self.others)]
        for name, samples in trials:
            self._trial(name, samples)
        self._stage("running another seed and mode", 0.5)
        self._another_seed()
        self._another_mode()
        self._another_batch()
        self._called_again()

    def _trial(self, name: str, samples: tuple[Any, ...]) -> None:
        """Run other samples every way; watch whether the path is the recorded one.

        A checked run is the program itself, so the frozen one must repeat it to the bit but for
        kernels chosen in place; the dynamic one may round otherwise.
        """
        dynamic = self._outcome(self.function, samples)
        guarded = self.replay.calls.find(Given(samples, {})) is None
        records = self.replay.runner.tree.records
        checked = self._outcome(self.replay.checked, samples)
        grown = self.replay.runner.tree.records - records
        found = agree(checked, dynamic, LOOSEST, self.left_out)
        if found:
            found = agree(checked, dynamic, LOOSEST, self._sensitivity(self.function, samples))
        if not found and self.replay.frozen and not guarded:
            if grown:
                found = f"{CAUSES['branch']}: {grown} calls are recorded anew"
            else:
                found = self._repeats(self.replay.checked, self.replay, samples, checked)
        note = "is recorded anew" if grown and not found else found
        self._find(name, not found, note)

    def _sensitivity(self, run: Callable[..., Any], samples: tuple[Any, ...]) -> Tolerances:
        """By how much the outcome of a run may differ that rounds otherwise: four times what it
        does when its data move by their last bits."""
        base = self._outcome(run, samples)
        found: Tolerances = {}
        for kind, own in sensitivity(base, self._moved(run, samples)).items():
            known = self.left_out.get(kind, {})
            found[kind] = {key: max(4 * own.get(key, 0), known.get(key, 0)) for key in known | own}
        return found

    def _repeats(
        self, checked: Any, frozen: Any, samples: tuple[Any, ...], expected: Outcome
    ) -> str:
        """ "" if the frozen way repeats the checked one. A kernel that was compiled in between
        rounds otherwise, so both are run again before a difference counts, and it counts only
        beyond what the last bits of the data do."""
        found = agree(self._outcome(frozen, samples), expected, REPEATED)
        for _ in range(2):
            if not found:
                break
            service.wait()
            expected = self._outcome(checked, samples)
            found = agree(self._outcome(frozen, samples), expected, REPEATED)
        if found:
            allowed = self._sensitivity(checked, samples)
            found = agree(self._outcome(frozen, samples), expected, REPEATED, allowed)
        return found

    def _another_seed(self) -> None:
        leaves: list[Tensor] = []
        flatten(self.samples, leaves)
        whole = Snapshot(self.seen, leaves)
        before = [g.state for g in generator.every_generator()]
        for number, handle in enumerate(before):
            handle.set_value(np.array([number + 12345, 0], np.uint64))
        try:
            self._trial("another seed", self.samples)
        finally:
            whole.restore()

    def _another_mode(self) -> None:
        modules = self.seen.modules
        if not modules:
            return
        modes = [(m, m.training) for m in modules]
        for module, mode in modes:
            module.training = not mode
        try:
            self._trial("the other mode (train or eval)", self.samples)
        finally:
            for module, mode in modes:
                module.training = mode

    def _another_batch(self) -> None:
        """Record a second batch size; a third must follow from the two if they make one graph."""
        first, *others = other_batches(self.samples) or [None]
        if first is None or self._outcome(self.function, first).error is not None:
            return
        programs = len(self.replay.runner.tree.programs)
        self._trial("another batch size", first)
        calls = self.replay.calls
        if self.replay.frozen:
            self._outcome(self.replay, first)
            if not calls.batch:  # the samples have one row, which no other size follows from
                self._outcome(self.replay, others[0])
            elif calls.batch == ANY:
                self._third_batch(others[0])
        self.report.batches(calls.batch or EACH, calls.why)
        if self.report.batch == EACH:
            self.report.specialisations += len(self.replay.runner.tree.programs) > programs

    def _third_batch(self, samples: Any) -> None:
        """Compare a batch size that was never recorded with the checked call."""
        recorded = self.replay.calls.recorded
        expected = self._outcome(self.replay.checked, samples)
        found = self._repeats(self.replay.checked, self.replay, samples, expected)
        if self.replay.calls.recorded == recorded:
            self._find("a batch size that was not recorded", not found, found)

    def _called_again(self) -> None:
        """Several calls one after the other, each from where the last one left off."""

        def three(run: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *samples: [run(*samples) for _ in range(3)]

        if not self.replay.frozen:
            return
        checked, frozen = three(self.replay.checked), three(self.replay)
        expected = self._outcome(checked, self.samples)
        found = self._repeats(checked, frozen, self.samples, expected)
        self._find("three calls in a row", not found, found)

    def _find(self, what: str, ok: bool, note: str = "") -> None:
        self.report.findings.append(Finding(what, ok, note))
        if not ok:
            self.replay.frozen = False

    def _costs(self) -> None:
        leaves: list[Tensor] = []
        flatten(self.samples, leaves)
        ways: tuple[Callable[..., Any], ...] = (self.function, self.replay)
        clock = Clock(ways, self.samples, Snapshot(self.seen, leaves), self.replay.runner.release)
        try:
            self.report.costs = clock.rows(self.seconds / 3, lambda: self._stage(MEASURING, 0.8))
        finally:
            self.report.runs += clock.runs
        reasons = self.replay.runner.without_graphs()
        self.report.notes += [f"launched call by call, not as a CUDA graph: {r}" for r in reasons]
