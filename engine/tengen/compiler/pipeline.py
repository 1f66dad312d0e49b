"""The passes, in the order in which they run, and the log of what each did.

A pass takes a graph and gives a graph that computes the same: the given one where there is nothing
to do, else a new one that may share calls with it. It never changes a graph, a call or a value. The
inputs stay as they are, all of them; the outputs keep their number, order and types, and none
becomes an input or a constant.
"""

import collections
import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..graph.graph import Graph
from ..graph.verify import verify
from .passes.algebra import simplify
from .passes.batch_norm import fuse_batch_norm
from .passes.batch_norm_backward import fuse_batch_norm_backward
from .passes.channels import compose_channels
from .passes.channels_last import lay_channels_last
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
from .passes.statistics import fuse_statistics
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
    Step(fuse_statistics, 2),
    Step(fuse_batch_norm, 2),
    Step(fuse_batch_norm_backward, 2),
    Step(fuse_depthwise, 2),
    Step(compose_channels, 2),
    Step(fuse_product, 2),
    Step(fuse_reduction, 2),
    Step(fuse_elementwise, 2),
    Step(fuse_updates, 2),
    Step(lay_channels_last, 2),
    Step(order_for_memory, 1),
)


log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class PassNote:
    """What a pass did: how many calls of which operators there are more or fewer.

    `error` is what it raised; the graph before it then went on.
    """

    name: str
    seconds: float
    before: int
    after: int
    changes: dict[str, int]
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"{self.name}: left out, since it failed ({self.error})"
        gone = [f"{-n} {op}" for op, n in self.changes.items() if n < 0]
        come = [f"{n} {op}" for op, n in self.changes.items() if n > 0]
        what = " -> ".join(filter(None, (", ".join(gone), ", ".join(come)))) or "nothing"
        return f"{self.name}: {what} ({self.before} to {self.after} calls)"


class Pipeline:
    """The steps up to a level of optimisation: 0 leaves calls as they are, 1 simplifies, 2 fuses.

    `evaluate` computes constants; without it none are folded. With `check` the graph is verified
    after each pass. `chosen` turns passes on or off by name, whatever their level. A pass that
    raises is left out and noted, save while `strict`.
    """

    strict: ClassVar[bool] = False

    def __init__(
        self,
        evaluate: Evaluate | None = None,
        steps: Sequence[Step] = STEPS,
        level: int = 2,
        check: bool = False,
        chosen: Mapping[str, bool] | None = None,
    ):
        self.evaluate = evaluate
        self.check = check
        asked = chosen or {}
        self.steps = [
            step
            for step in steps
            if asked.get(step.name, step.level <= level)
            and (evaluate is not None or not step.evaluates)
        ]

    def run(self, graph: Graph) -> tuple[Graph, list[PassNote]]:
        """The optimised graph, and a note for each pass that ran."""
        notes = []
        if self.check:
            verify(graph)
        for step in self.steps:
            graph, note = attempted(step.name, graph, self._bound(step))
            if self.check:
                verify(graph)
            notes.append(note)
        return graph, notes

    def _bound(self, step: Step) -> Callable[[Graph], Graph]:
        return functools.partial(step.run, evaluate=self.evaluate) if step.evaluates else step.run


def attempted(name: str, graph: Graph, run: Callable[[Graph], Graph]) -> tuple[Graph, PassNote]:
    """What `run` makes of a graph, and a note; the graph as it was where it raises."""
    start = time.perf_counter()
    try:
        made = run(graph)
    except Exception as error:
        if Pipeline.strict:
            raise
        told = f"{type(error).__name__}: {error}"
        log.warning("the pass %s failed and is left out: %s", name, told, exc_info=True)
        count = len(graph.nodes)
        return graph, PassNote(name, time.perf_counter() - start, count, count, {}, told)
    return made, _note(name, time.perf_counter() - start, graph, made)


def _note(name: str, seconds: float, before: Graph, after: Graph) -> PassNote:
    changes: dict[str, int] = {}
    if before is not after:
        counted = collections.Counter(node.op.name for node in after.nodes)
        counted.subtract(node.op.name for node in before.nodes)
        changes = {op: n for op, n in sorted(counted.items()) if n}
    return PassNote(name, seconds, len(before.nodes), len(after.nodes), changes)
