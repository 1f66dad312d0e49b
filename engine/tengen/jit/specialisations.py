"""The frozen calls of one function: one for each kind of call, and one for every batch size.

What is recorded stands for the shapes it was recorded with. Two recordings that differ in the batch
alone, and whose Python never looked at it, make one graph with the batch as a symbol; further
batch sizes are made from that, without running the Python again.
"""

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .batches import GraphPattern, TypePattern, Varies
from .frozen import Frozen, Given
from .reasons import CAUSES
from .runner import Runner, Stretch
from .structure import same

MOST_FROZEN = 32
"""Recorded calls that are kept of one function; the oldest goes when there are more."""

MOST_SIZES = 128
"""Batch sizes kept of one graph; that which was not used for longest goes."""

MOST_FREE = 4
"""Graphs for every batch size that are kept: of other modes, of modules before they changed."""

ANY, EACH = "any", "each"


class Specialisations:
    """The frozen calls of `function`.

    `batch` tells how other batch sizes are met: "any" by one graph, "each" by a recording of its
    own because of `why`, "" if no second one has come yet. `recorded` counts recordings.
    """

    def __init__(self, function: Callable[..., Any], runner: Runner):
        self.function = function
        self.runner = runner
        self.kept: list[Frozen] = []
        self.free: list[AnyBatch] = []
        self.recorded = 0
        self.batch = ""
        self.why: Varies | None = None

    def find(self, given: Given) -> Frozen | None:
        """What stands for a call with these arguments, None if it has to be recorded."""
        for frozen in self.kept:
            if frozen.fits(given):
                return frozen
        for free in self.free:
            found = free.find(given, self.runner)
            if found is not None:
                return found
        return None

    def record(self, given: Given, args: Any, kwargs: Any) -> tuple[Frozen, Any]:
        """Run the call and keep it, if it can be frozen; it, and what the function returned."""
        like = [f for f in self.kept if f.types != given.types and f.agrees(given)]
        frozen = Frozen(self.function, args, kwargs)
        result = frozen.record(self.runner, args, kwargs)
        self.recorded += 1
        if not frozen.reasons:
            self._join(like, frozen)
            if len(self.kept) >= MOST_FROZEN:
                del self.kept[0]
            self.kept.append(frozen)
        return frozen, result

    def _join(self, like: list[Frozen], frozen: Frozen) -> None:
        """Make one graph of the new call and an earlier one, if they differ in the batch alone."""
        for earlier in like:
            if min(earlier.batch, frozen.batch) > 1 and earlier.batch != frozen.batch:
                try:
                    self.free.append(AnyBatch(earlier, frozen))
                    if len(self.free) > MOST_FREE:
                        self.free.pop(0).release(self.runner)
                    self.batch, self.why = ANY, None
                    return
                except Varies as found:
                    self.batch, self.why = EACH, found


class AnyBatch:
    """A frozen call at every batch size from 2 on. Raises Varies where two recordings do not
    say that there is one."""

    def __init__(self, first: Frozen, again: Frozen):
        batch, second = first.batch, again.batch
        places = {(look.file, look.line) for look in again.looks}
        for look in first.looks:
            if (look.file, look.line) in places:
                raise Varies(f"{CAUSES[look.cause]} ({look.text})", look.file, look.line)
        if first.interface() != again.interface() or not same(first.result, again.result):
            raise Varies("other values are given, kept or returned")
        self.first = first
        pairs = zip(first.types, again.types, strict=True)
        self.types = [TypePattern(a, b, batch, second) for a, b in pairs]
        self.graph = GraphPattern(first.stretch.original, again.stretch.original, batch, second)
        self.sizes: OrderedDict[int, Frozen | None] = OrderedDict()

    def find(self, given: Given, runner: Runner) -> Frozen | None:
        """The call at the batch size of these arguments, None where it does not stand for them."""
        batch = next((t.shape[0] for t in given.types if t.ndim), 0)
        if batch < 2 or len(given.types) != len(self.types):
            return None
        made = self.sizes.get(batch)
        if made is None:
            if batch in self.sizes or not self._fits(given, batch):
                return None
            made = self.sizes[batch] = self._at(batch, runner)
            if len(self.sizes) > MOST_SIZES:
                self._forget(runner)
        elif not made.fits(given):
            return None
        self.sizes.move_to_end(batch)
        return made

    def _fits(self, given: Given, batch: int) -> bool:
        return given.types == [t.at(batch) for t in self.types] and self.first.agrees(given)

    def _at(self, batch: int, runner: Runner) -> Frozen | None:
        """The call at a batch size it was not recorded with; None where that is another graph."""
        try:
            graph = self.graph.at(batch)
        except Varies:
            return None
        old = self.first.stretch
        stretch = Stretch(graph, old.numbers, old.stable, *runner.optimised(graph))
        runner.tree.derived[id(self), batch] = stretch
        made = copy.copy(self.first)
        made.types = [t.at(batch) for t in self.types]
        made.batch, made.stretch, made.pieces = batch, stretch, [stretch]
        return made

    def release(self, runner: Runner) -> None:
        """Let go of what was compiled for all sizes."""
        while self.sizes:
            self._forget(runner)

    def _forget(self, runner: Runner) -> None:
        batch, _ = self.sizes.popitem(last=False)
        runner.tree.derived.pop((id(self), batch), None)
