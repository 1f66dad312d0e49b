"""Plans of a step: its memory as a static program, under budgets, and what a budget costs.

Nothing is computed and nothing is changed: the step's Python runs once, on values that are never
there. Bytes are exact, times a model's word.
"""

import contextlib
import dataclasses
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..base.errors import TraceError
from ..compiler.liveness import peak_bytes
from ..compiler.offload import seconds_of
from ..compiler.recompute import Planner
from ..graph.graph import Graph
from ..jit.capture import captured
from ..jit.compiling import checked
from ..jit.estimate import planned
from ..jit.reachable import reachable
from ..jit.snapshot import Snapshot
from ..jit.structure import flatten
from ..tensor import Tensor
from .plan_document import plan_document

POINTS = 12


@dataclasses.dataclass
class Plans:
    """Memory documents, the static plan first; a budget curve; what could not be had and why.

    `held` are the bytes of inputs, parameters and states, `full` those of the results that are
    held at once when nothing is computed again.
    """

    documents: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    curve: dict[str, Any] | None = None
    notes: list[str] = dataclasses.field(default_factory=list)
    held: int = 0
    full: int = 0

    def allowed(self, budget: int | float) -> int:
        """The bytes that a budget, bytes or a fraction, leaves for results."""
        return round(budget * self.full) if isinstance(budget, float) else budget


def plans(
    step: Callable[..., Any],
    samples: tuple[Any, ...],
    name: str,
    batch: int | None = None,
    budgets: Sequence[int | float] = (),
) -> Plans:
    """The static plan of `step(*samples)`, one more for each budget, and with budgets the curve.

    A step that needs a tensor's value has no plan: there is a note of the line instead. Raises
    ArgumentError for a budget that is neither bytes nor a fraction between 0 and 1.
    """
    for budget in budgets:
        checked(budget)
    try:
        with put_back(step, samples):
            found = captured(step, *samples)
    except TraceError as error:
        text = str(error).partition("\n")[0].removeprefix("[capture] ")
        return Plans(notes=[f"Only the dynamic run is shown: {text}"])
    program, graph = planned(found)
    made = Plans(held=sum(form.nbytes for form in program.forms), full=peak_bytes(graph))
    document = plan_document(program, name, found.sources, batch=batch, ms=_ms(graph))
    made.documents.append(document)
    for budget in budgets:
        allowed = made.allowed(budget)
        program, under = planned(found, budget)
        document = plan_document(
            program,
            name,
            found.sources,
            kind="recompute",
            batch=batch,
            budget=allowed,
            ms=_ms(under),
        )
        made.documents.append(document)
        if peak_bytes(under) > allowed:
            made.notes.append(
                f"A budget of {allowed:,} bytes for results cannot be kept:"
                f" recomputing leaves {peak_bytes(under):,}."
            )
    if budgets:
        made.curve = _curve(graph, made, budgets[0])
    return made


@contextlib.contextmanager
def put_back(step: Callable[..., Any], samples: tuple[Any, ...]) -> Iterator[None]:
    """Whatever the step changes inside the block is as before after it, and it prints nothing."""
    leaves: list[Tensor] = []
    flatten(samples, leaves)
    before = Snapshot(reachable(step, samples), leaves)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        before.restore()


def _ms(graph: Graph) -> float:
    return round(1000 * seconds_of(graph), 3)


def _curve(graph: Graph, made: Plans, budget: int | float) -> dict[str, Any] | None:
    """What memory costs in time, from the least of it to all; None where there is no choice."""
    choices = Planner(graph).curve(POINTS)
    if len(choices) < 2:
        made.notes.append("There is nothing to compute again: no results wait for a backward pass.")
        return None
    plain = _ms(graph)
    points = [
        {
            "budget": choice.peak,
            "peak": made.held + choice.peak,
            "ms": round(plain + 1000 * choice.seconds, 3),
            "measured": False,
        }
        for choice in choices
    ]
    chosen = min(max(made.allowed(budget), choices[0].peak), choices[-1].peak)
    return {"version": 1, "points": points, "chosen": chosen}
