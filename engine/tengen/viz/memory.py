"""`memory(step, *samples)`: what a step holds in memory, recorded while it runs and drawn."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import ArgumentError, StateError
from ..jit.compiling import checked
from ..tensor import Tensor
from .budget_runs import RUNS, BudgetRuns, Requests
from .plans import Plans, plans
from .recording import record

_BUNDLE = Path(__file__).parent / "static" / "memory.js"


class MemoryView:
    """A recorded memory document; a notebook shows it as the memory view.

    `document` is the record as plain data, `result` what the step returned, and `peak` the most
    bytes held at once. `compare` puts several records on one scale. `curve` is the budget curve
    where budgets were asked for, else None; `notes` say what could not be shown, and why.
    """

    def __init__(
        self,
        documents: list[dict[str, Any]],
        result: Any = None,
        planned: Plans | None = None,
        call: tuple[Callable[..., Any], tuple[Any, ...]] | None = None,
    ):
        self.documents = documents
        self.result = result
        self.curve = planned.curve if planned else None
        self.notes = planned.notes if planned else []
        self._planned = planned
        self._call = call if self.curve else None

    @property
    def document(self) -> dict[str, Any]:
        """The first record."""
        return self.documents[0]

    @property
    def peak(self) -> int:
        """The most bytes held at once in the first record."""
        return int(self.document["peak"]["bytes"])

    def compare(self, *others: "MemoryView") -> "MemoryView":
        """A view of this and other records side by side, on one scale."""
        found = [*self.documents]
        for other in others:
            found.extend(other.documents)
        return MemoryView(found, self.result, self._planned, self._call)

    def measure(
        self,
        budget: int | float,
        runs: int = RUNS,
        stop: Callable[[], bool] | None = None,
    ) -> dict[str, Any] | None:
        """The point of the curve that real runs under a budget give: its time and its peak.

        `budget` is in bytes of results, or a fraction of those held without recompute. The step
        runs as `jit.trace` with that `memory_budget` would run it; whatever it changes is put
        back after every run. `stop()` true ends it before the next run: then None.

        Raises StateError where no budgets were given to `memory`.
        """
        checked(budget)
        made = self._runs(self._allowed(budget))
        try:
            for _ in range(max(runs, 1)):
                if stop is not None and stop():
                    return None
                made.run()
        finally:
            made.release()
        return self._add(made.point())

    def _allowed(self, budget: int | float) -> int:
        if self._planned is None or self._call is None:
            raise StateError(
                "[viz.memory] measuring needs a curve: memory(step, *samples, budgets=(0.5,))"
            )
        return self._planned.allowed(budget)

    def _runs(self, budget: int) -> BudgetRuns:
        assert self._planned is not None and self._call is not None
        return BudgetRuns(*self._call, budget, self._planned.held)

    def _add(self, point: dict[str, Any]) -> dict[str, Any]:
        assert self.curve is not None
        self.curve["points"].append(point)
        return point

    def _input(self) -> dict[str, Any]:
        """What a viewer is given."""
        found: dict[str, Any] = {"documents": self.documents}
        if self.curve:
            found["curve"] = self.curve
        if self.notes:
            found["notes"] = self.notes
        return found

    def save(self, path: str | Path) -> None:
        """Write the records as JSON; the studio opens a `.tgmem` file by double click."""
        Path(path).write_text(json.dumps(self._input()), encoding="utf-8")

    def __repr__(self) -> str:
        lines = []
        for document in self.documents:
            peak = document["peak"]
            lines.append(f"{document['name']} ({document['kind']}): peak {peak['bytes']:,} bytes")
            for held in peak["holders"][:5]:
                module = held["module"] or "outside modules"
                lines.append(f"  {held['bytes']:>14,} bytes  {held['kind']} of {module}")
        return "\n".join([*lines, *self.notes])

    def _repr_mimebundle_(self, **_: Any) -> Any:
        requests = Requests(self._runs, self._add) if self._call else None
        widget = _widget(json.dumps(self._input()), requests)
        plain = {"text/plain": repr(self)}
        if widget is None:
            return plain
        data, metadata = widget._repr_mimebundle_()
        return {**data, **plain}, metadata


def memory(
    step: Callable[..., Any],
    *samples: Any,
    name: str | None = None,
    batch: int | None = None,
    static: bool = False,
    budgets: Sequence[int | float] = (),
) -> MemoryView:
    """The memory of one call `step(*samples)`, which really runs: a training step trains.

    In a notebook the result draws itself: blocks over time and address, who holds what at the
    peak, and whether another batch size would fit. `name` is its title; `batch` the number of
    samples, by default the first dimension of the first sample that has one. Nothing is recorded,
    and nothing costs time, outside this call.

    `static` adds the plan of the step as a static program. `budgets`, bytes of results (int) or
    fractions of those held without recompute (float), add that plan, one under each budget, and
    the curve of time against memory, on which `MemoryView.measure` puts real runs. A step that
    needs a tensor's value has no plan; `notes` then name the line.

    Raises ArgumentError if `step` cannot be called or a budget is neither, RuntimeError inside
    another recording.
    """
    if not callable(step):
        raise ArgumentError(
            f"[viz.memory] expected a function or module to call; got {type(step).__name__}"
        )
    label = name or str(getattr(step, "__name__", type(step).__name__))
    size = batch if batch is not None else batch_of(samples)
    for budget in budgets:
        checked(budget)
    document, result = record(lambda: step(*samples), label, size, samples)
    if not static and not budgets:
        return MemoryView([document], result)
    made = plans(step, samples, label, size, budgets)
    return MemoryView([document, *made.documents], result, made, (step, samples))


def batch_of(samples: Iterable[Any]) -> int | None:
    """The first dimension of the first sample that has one."""
    for sample in samples:
        shape: Any = sample.shape if isinstance(sample, Tensor) else getattr(sample, "shape", ())
        if len(shape) and int(shape[0]) > 0:
            return int(shape[0])
    return None


def _widget(data: str, requests: Requests | None = None) -> Any:
    """The notebook widget, None where anywidget or the bundle is not installed."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None
    if not _BUNDLE.is_file():
        return None

    class MemoryWidget(anywidget.AnyWidget):
        _esm = _BUNDLE.read_text(encoding="utf-8")
        input = traitlets.Unicode().tag(sync=True)

    made = MemoryWidget(input=data)
    if requests is not None:

        def heard(_: Any, asked: Any, __: Any) -> None:
            answer = requests.answer(asked)
            if answer is not None:
                made.send(answer)

        made.on_msg(heard)
    return made
