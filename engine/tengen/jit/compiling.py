"""How a runner compiles: passes by level, recompute under a budget, then planned memory."""

from collections.abc import Mapping
from typing import Any

from ..base.errors import ArgumentError
from ..compiler.memory import plan_memory
from ..compiler.pipeline import PassNote, Pipeline, attempted
from ..compiler.recompute import Planner
from ..graph.graph import Graph
from ..runtime.eager import run_buffers
from ..runtime.executor import Program
from ..runtime.ground import Ground
from ..runtime.profile import Profile
from .configs import SublinearMemoryConfig
from .runner import Runner

Budget = int | float | None


def evaluate(op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...]) -> tuple[Any, ...]:
    """The buffers of a call's results."""
    made = run_buffers(op, attrs, buffers, None)
    return (made,) if op.single else made


def runner_for(
    level: int = 2,
    sublinear: SublinearMemoryConfig | None = None,
    budget: Budget = None,
    profiling: bool = False,
    chosen: Mapping[str, bool] | None = None,
) -> Runner:
    """A Runner for the settings of a traced function. Level 0 runs every eager kernel by itself;
    `chosen` turns passes on or off by name.

    Raises ArgumentError for a budget that is neither bytes nor a fraction between 0 and 1.
    """
    checked(budget)
    if level == 0:
        return Runner()
    ground = Ground()

    def optimise(graph: Graph) -> tuple[Graph, list[Any]]:
        return optimised(graph, level, sublinear, budget, chosen)

    def make(graph: Graph, forms: Any, donated: frozenset[int], stable: frozenset[int]) -> Program:
        return Program(graph, forms, donated, stable, planner=plan_memory, ground=ground)

    return Runner(optimise, make, Profile() if profiling else None)


def checked(budget: Budget) -> None:
    """Raise ArgumentError unless the budget is None, bytes, or a fraction."""
    if budget is None:
        return
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or budget <= 0:
        raise ArgumentError(
            "[memory_budget] a whole number of bytes, or a fraction above 0 and below 1 is needed;"
            f" got {budget!r}"
        )
    if isinstance(budget, float) and budget >= 1:
        raise ArgumentError(
            f"[memory_budget] a float is a fraction below 1; got {budget!r} (bytes are an int)"
        )


def optimised(
    graph: Graph,
    level: int = 2,
    sublinear: SublinearMemoryConfig | None = None,
    budget: Budget = None,
    chosen: Mapping[str, bool] | None = None,
) -> tuple[Graph, list[PassNote]]:
    """The graph after the passes of a level, and after dropping values where a budget asks."""
    made, notes = Pipeline(evaluate, level=level, chosen=chosen).run(graph)
    if budget is None and sublinear is None:
        return made, notes
    final, note = attempted("recompute", made, lambda g: recomputed(g, sublinear, budget))
    notes.append(note)
    return final, notes


def recomputed(graph: Graph, sublinear: SublinearMemoryConfig | None, budget: Budget) -> Graph:
    """The graph within a budget, or with the least memory where only `sublinear` is given."""
    planner = Planner(graph)
    if budget is None:
        assert sublinear is not None
        budget = max(planner.smallest.peak, sublinear.lb_memory_mb * 2**20)
    allowed = round(budget * planner.full.peak) if isinstance(budget, float) else budget
    return planner.under(allowed).graph
