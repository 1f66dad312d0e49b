"""The passes, in the order in which they run, and the log of what each did.

A pass takes a graph and gives a graph that computes the same: the given one where there is nothing
to do, else a new one that may share calls with it. It never changes a graph, a call or a value. The
inputs stay as they are, all of them; the outputs keep their number, order and types, and none
becomes an input or a constant.
"""

import collections
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..graph.graph import Graph
from ..graph.verify import verify
from .passes.algebra import simplify
from .passes.batch_norm import fuse_batch_norm
from .passes.batch_norm_backward import fuse_batch_norm_backward
from .passes.common import merge_common
from .passes.constants import fold_constants
from .passes.dead_code import drop_dead_code
from .passes.depthwise import fuse_depthwise
from .passes.elementwise import fuse_elementwise
from .passes.fold_norm import fold_batch_norm
from .passes.product import fuse_product
from .passes.reduction import fuse_reduction
from .passes.reshapes import sink_reshapes
from .passes.schedule import order_for_memory
from .passes.updates import fuse_updates

Evaluate = Callable[[Any, tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]
"""`evaluate(op, attrs, buffers)`: the buffers of a call's results."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One pass, and the least level of optimisation at which it runs."""

    run: Callable[..., Graph]
    level: int
    evaluates: bool = False

    @property
    def name(self) -> str:
        """The name of the pass's function."""
        return self.run.__name__


STEPS: tuple[Step, ...] = (
    Step(drop_dead_code, 0),
    Step(sink_reshapes, 1),
    Step(simplify, 1),
    Step(fold_batch_norm, 2),
    Step(fold_constants, 1, evaluates=True),
    Step(merge_common, 1),
    Step(drop_dead_code, 1),
    Step(fuse_batch_norm, 2),
    Step(fuse_batch_norm_backward, 2),
    Step(fuse_depthwise, 2),
    Step(fuse_product, 2),
    Step(fuse_reduction, 2),
    Step(fuse_elementwise, 2),
    Step(fuse_updates, 2),
    Step(order_for_memory, 1),
)


@dataclasses.dataclass(frozen=True)
class PassNote:
    """What a pass did: how many calls of which operators there are more or fewer."""

    name: str
    seconds: float
    before: int
    after: int
    changes: dict[str, int]

    def __str__(self) -> str:
        gone = [f"{-n} {op}" for op, n in self.changes.items() if n < 0]
        come = [f"{n} {op}" for op, n in self.changes.items() if n > 0]
        what = " -> ".join(filter(None, (", ".join(gone), ", ".join(come)))) or "nothing"
        return f"{self.name}: {what} ({self.before} to {self.after} calls)"


class Pipeline:
    """The steps up to a level of optimisation: 0 leaves calls as they are, 1 simplifies, 2 fuses.

    `evaluate` computes constants; without it none are folded. With `check` the graph is verified
    after each pass.
    """

    def __init__(
        self,
        evaluate: Evaluate | None = None,
        steps: Sequence[Step] = STEPS,
        level: int = 2,
        check: bool = False,
    ):
        self.evaluate = evaluate
        self.check = check
        self.steps = [
            step
            for step in steps
            if step.level <= level and (evaluate is not None or not step.evaluates)
        ]

    def run(self, graph: Graph) -> tuple[Graph, list[PassNote]]:
        """The optimised graph, and a note for each pass that ran."""
        notes = []
        if self.check:
            verify(graph)
        for step in self.steps:
            start = time.perf_counter()
            made = step.run(graph, self.evaluate) if step.evaluates else step.run(graph)
            seconds = time.perf_counter() - start
            if self.check:
                verify(made)
            notes.append(_note(step.name, seconds, graph, made))
            graph = made
        return graph, notes


def _note(name: str, seconds: float, before: Graph, after: Graph) -> PassNote:
    changes: dict[str, int] = {}
    if before is not after:
        counted = collections.Counter(node.op.name for node in after.nodes)
        counted.subtract(node.op.name for node in before.nodes)
        changes = {op: n for op, n in sorted(counted.items()) if n}
    return PassNote(name, seconds, len(before.nodes), len(after.nodes), changes)
