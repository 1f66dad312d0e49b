"""How a runner compiles: passes by level, then a program over planned memory."""

from typing import Any

from ..graph.graph import Graph
from .configs import GraphOptimizationConfig, SublinearMemoryConfig
from .runner import Runner


def runner_for(
    level: int = 2,
    sublinear: SublinearMemoryConfig | None = None,
    budget: int | float | None = None,
    profiling: bool = False,
    fusion: GraphOptimizationConfig | None = None,
) -> Runner:
    """A Runner for the settings of a traced function. Level 0 runs every eager kernel by itself."""
    return Runner()
