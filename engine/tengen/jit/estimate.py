"""Estimates: what a step will take in memory and time, told without running it."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

from ..base.collection import collection_paused
from ..compiler import cost
from ..compiler.memory import plan_memory
from ..compiler.offload import seconds_of
from ..compiler.recompute import Planner
from ..graph.graph import Graph
from ..graph.types import TensorType
from ..runtime.executor import Program
from ..runtime.forms import followed_forms
from ..runtime.lazy import LazyBuffer, settled
from .capture import Capture, captured
from .compiling import Budget, checked, optimised
from .samples import batch_of, with_batch

MOST_ROUNDS = 3
"""Calls until parameters and states have come to lie in the layouts of their kernels."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Bytes and seconds of a static call, as it is after the first ones.

    `held_bytes`: inputs, parameters and states, there before and after; `peak_bytes`: the most
    above that at any moment; `seconds` by a model of the machine; `operators` after the passes.
    """

    held_bytes: int
    peak_bytes: int
    seconds: float
    operators: int

    @property
    def total_bytes(self) -> int:
        """The most that tensors hold at any moment."""
        return self.held_bytes + self.peak_bytes


def estimate(
    step: Callable[..., Any],
    *samples: Any,
    memory_budget: Budget = None,
    machine: cost.Machine | None = None,
) -> Estimate:
    """Peak memory and time of `step(*samples)` made static, without running it.

    Raises TraceError where the program needs a tensor's value.
    """
    checked(memory_budget)
    return _of(captured(step, *samples), memory_budget, machine)


def max_batch(
    step: Callable[..., Any],
    budget: int,
    *samples: Any,
    memory_budget: Budget | Literal["fit"] = None,
    most: int = 65536,
) -> int:
    """The largest batch with which `step` stays within `budget` bytes in all; 0 if none does.

    The first axis that all tensors among the samples share is the batch. Nothing is run; without
    `memory_budget` nothing is recomputed, with it values are dropped to keep it, with "fit" as far
    as `budget` asks for it.
    """
    if memory_budget != "fit":
        checked(memory_budget)
    batch_of(samples)

    def fits(size: int) -> bool:
        found = captured(step, *with_batch(samples, size))
        allowed = memory_budget
        if allowed == "fit":
            allowed = room(found, budget)
            if allowed <= 0:
                return False
        return _of(found, allowed).total_bytes <= budget

    low, high = 0, 1
    while high <= most and fits(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def room(found: Capture, budget: int) -> int:
    """The bytes that results may take for all to stay within `budget` bytes, a little less for
    what lies between blocks."""
    held = sum(var.type.nbytes for var in found.graph.inputs if var.type.known)
    return int(0.97 * (budget - held))


def memory_curve(
    step: Callable[..., Any], *samples: Any, points: int = 12
) -> list[tuple[int, float]]:
    """(bytes of results held at most, seconds of recompute) from the least memory to all of it."""
    found = captured(step, *samples)
    graph, _ = optimised(found.graph)
    return [(choice.peak, choice.seconds) for choice in Planner(graph).curve(points)]


def planned(found: Capture, budget: Budget = None) -> tuple[Program, Graph]:
    """The program of a captured call, laid out in memory, and the graph that it runs."""
    with collection_paused():
        return _planned(found, budget)


def _planned(found: Capture, budget: Budget) -> tuple[Program, Graph]:
    graph, _ = optimised(found.graph, budget=budget)
    forms: tuple[TensorType, ...] = tuple(
        [_form(source, var.type) for source, var in zip(found.sources, graph.inputs, strict=True)]
    )
    kept = {id(handle) for handle in found.kept if handle is not None}
    donated = frozenset(i for i, source in enumerate(found.sources) if id(source) in kept)
    for _ in range(MOST_ROUNDS):
        best = followed_forms(graph, forms, donated)
        program = Program(graph, best, donated, planner=plan_memory)
        forms = _next_forms(found, program)
        if forms == program.forms:
            break
    return program, graph


def _next_forms(found: Capture, program: Program) -> tuple[TensorType, ...]:
    """The physical types of the inputs of the call that comes after one of this program."""
    forms = list(program.forms)
    numbers = {id(source): i for i, source in enumerate(found.sources)}
    for handle, place in zip(found.kept, program.lowered.outputs, strict=True):
        index = -1 if handle is None else numbers.get(id(handle), -1)
        if index >= 0 and place is not None and place.type.logical == forms[index].logical:
            forms[index] = place.type
    return tuple(forms)


def _of(found: Capture, budget: Budget, machine: cost.Machine | None = None) -> Estimate:
    program, graph = planned(found, budget)
    held = sum(form.nbytes for form in program.forms)
    seconds = seconds_of(graph, machine)
    return Estimate(held, program.peak_bytes, seconds, len(graph.nodes))


def _form(source: Any, type_: TensorType) -> TensorType:
    """The physical type in which an input will come."""
    buffer = settled(source._buffer) if hasattr(source, "_buffer") else None
    return type_ if buffer is None or type(buffer) is LazyBuffer else buffer.type
