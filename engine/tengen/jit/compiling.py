"""How a runner compiles: passes by level, then a program over planned memory."""

from typing import Any

from ..compiler.memory import plan_memory
from ..compiler.pipeline import Pipeline
from ..graph.graph import Graph
from ..runtime.eager import run_buffers
from ..runtime.executor import Program
from ..runtime.ground import Ground
from ..runtime.profile import Profile
from .configs import GraphOptimizationConfig, SublinearMemoryConfig
from .runner import Runner


def evaluate(op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...]) -> tuple[Any, ...]:
    """The buffers of a call's results."""
    made = run_buffers(op, attrs, buffers, None)
    return (made,) if op.single else made


def runner_for(
    level: int = 2,
    sublinear: SublinearMemoryConfig | None = None,
    budget: int | float | None = None,
    profiling: bool = False,
    fusion: GraphOptimizationConfig | None = None,
) -> Runner:
    """A Runner for the settings of a traced function. Level 0 runs every eager kernel by itself."""
    if level == 0:
        return Runner()
    pipeline = Pipeline(evaluate, level=level)
    ground = Ground()

    def make(graph: Graph, forms: Any, donated: frozenset[int]) -> Program:
        return Program(graph, forms, donated, planner=plan_memory, ground=ground)

    return Runner(pipeline.run, make, Profile() if profiling else None)
