"""Dynamic rematerialisation: values are evicted under memory pressure and computed again.

After Kirisame et al., "Dynamic Tensor Rematerialization" (ICLR 2021, arXiv:2006.09616): what is
cheap to compute again for its size and has not been used for long goes first.
"""

import math
import random
import threading
import time
import weakref
from typing import Any

from ..base.errors import OutOfMemoryError
from ..graph.state import state
from ..graph.value import wrap
from . import memory
from .buffer import Buffer, make_tag
from .eager import recorded
from .plan import Plan

MOST_ROUNDS = 5000
"""Values that may be computed again for the sake of one call."""

DEEPEST = 4000
"""Calls that may stand one behind the other before a value is kept for good."""


class Remade(Buffer):
    """A value that can be computed again: `made` holds its memory, None while it is evicted."""

    __slots__ = ("cost", "depth", "index", "made", "pins", "plan", "sources", "used", "views")

    depth: int

    def __init__(self, made: Buffer, plan: Plan, sources: tuple[Any, ...], index: int, cost: float):
        self.type = made.type
        self.owner = made
        self.nbytes = 0
        self.uses = 0
        self.made: Buffer | None = made
        self._array = made.array
        self.plan = plan
        self.sources = sources
        self.index = index
        self.cost = cost
        self.pins = 0
        self.used = time.perf_counter()
        self.views: list[Any] = []
        self.depth = 1 + max((b.depth for b in sources if type(b) is Remade), default=0)

    @property
    def settled(self) -> Buffer:
        """The buffer that holds the memory, computed again if need be."""
        if self.made is None:
            self.materialise()
        assert self.made is not None
        return self.made

    def materialise(self) -> Any:
        """Compute an evicted value again, and what it is computed from as far as needed."""
        stack: list[Remade] = [self]
        pinned: set[Remade] = set()
        try:
            while stack:
                top = stack[-1]
                missing = [b for b in top.sources if type(b) is Remade and b.made is None]
                if top.made is None and missing:
                    stack += missing
                    continue
                stack.pop()
                if top.made is None:
                    top._again()
                    # what was just computed again stays until its reader has been
                    for buffer in pinned.intersection(top.sources):
                        buffer.pins -= 1
                        pinned.discard(buffer)
                    top.pins += 1
                    pinned.add(top)
        finally:
            for buffer in pinned:
                buffer.pins -= 1
        return self._array

    def _again(self) -> None:
        _count_round()
        before, state.mode = state.mode, None
        pin(self.sources, 1)
        try:
            outs = self.plan.run(self.sources, self.plan.tag)
        finally:
            pin(self.sources, -1)
            state.mode = before
        made = outs if self.plan.op.single else outs[self.index]
        self.made = self.owner = made
        self._array = made.array
        self.used = time.perf_counter()

    def evict(self) -> int:
        """Let go of the memory; the bytes that were held."""
        held = 0 if self.made is None else self.made.nbytes
        for ref in self.views:
            view = ref()
            if view is not None:
                view.made = view.owner = view._array = None
        self.made = self.owner = None
        self._array = None
        return held

    @property
    def busy(self) -> bool:
        """True while a kernel works on the value or on a view of it."""
        return self.pins > 0 or any((v := ref()) is not None and v.pins > 0 for ref in self.views)


_rounds = [0]


def _count_round() -> None:
    """Give up where computing again only ever evicts what is needed next."""
    _rounds[0] += 1
    if _rounds[0] > MOST_ROUNDS:
        _rounds[0] = 0
        raise OutOfMemoryError(
            f"[dtr] {MOST_ROUNDS:,} values were computed again for one call: what it needs at once"
            " does not fit; raise tengen.dtr.eviction_threshold or take a smaller batch"
        )


def pin(buffers: Any, change: int) -> None:
    """Count the kernels that work on buffers; pinned ones are not evicted."""
    for buffer in buffers:
        if type(buffer) is Remade:
            buffer.pins += change
            buffer.used = time.perf_counter()


class Rematerialiser:
    """The thread's mode while values may be evicted.

    `threshold`: bytes that tensors may hold before something goes; `smallest`: bytes below which
    a value stays; `sampling`: look at a random square root of the candidates only.
    """

    def __init__(self, threshold: int, smallest: int, sampling: bool = False):
        self.threshold = threshold
        self.smallest = smallest
        self.sampling = sampling
        self.lock = threading.RLock()
        self.held: weakref.WeakSet[Remade] = weakref.WeakSet()
        self.plans: dict[Any, Plan] = {}
        self.evictions = 0

    def emit(self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        """An operator call on values, run at once."""
        buffers = tuple([None if x is None else x._buffer for x in inputs])
        tag = make_tag(op.name, 1 << 30)
        plan = self._plan(op, attrs, buffers)
        made = self._run(plan, buffers, tag)
        if state.recorders:
            epoch = state.epoch
            for x in inputs:
                if x is not None and x._var is not None and x._var.epoch == epoch:
                    return recorded(plan, inputs, buffers, made, epoch, tag)
        if op.single:
            return wrap(made, None)
        return tuple([wrap(m, None) for m in made])

    def call(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...], tag: Any) -> Any:
        """An operator call on buffers."""
        return self._run(self._plan(op, attrs, buffers), buffers, tag)

    def reading(self, tensor: Any) -> None:
        """Python reads a tensor: nothing to note."""

    def rebinding(self, tensor: Any) -> None:
        """A handle takes another value: nothing to note."""

    def _plan(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...]) -> Plan:
        key = (op, attrs, *[None if b is None else b.type for b in buffers])
        plan = self.plans.get(key)
        if plan is None:
            plan = self.plans[key] = Plan(op, attrs, key[2:], deferring=False)
        return plan

    def _run(self, plan: Plan, buffers: tuple[Any, ...], tag: Any) -> Any:
        pin(buffers, 1)
        _rounds[0] = 0
        state.mode = None
        try:
            start = time.perf_counter()
            made = plan.run(buffers, tag)
            cost = time.perf_counter() - start
        finally:
            state.mode = self
            pin(buffers, -1)
        if plan.op.single:
            return self._follow(plan, buffers, made, 0, cost)
        return tuple([self._follow(plan, buffers, m, i, cost) for i, m in enumerate(made)])

    def _follow(
        self, plan: Plan, buffers: tuple[Any, ...], made: Buffer, index: int, cost: float
    ) -> Buffer:
        """The result as a value that may be evicted, if it is large and can be computed again."""
        viewed = made.owner
        if viewed is not None:
            source = next((b for b in buffers if type(b) is Remade and b.owner is viewed), None)
            if source is None:
                return made
        elif made.nbytes < self.smallest or plan.op.overwrites(plan.attrs):
            return made
        found = Remade(made, plan, buffers, index, cost)
        if found.depth > DEEPEST:
            return made
        if viewed is not None:
            assert source is not None
            source.views.append(weakref.ref(found))
        else:
            self.held.add(found)
        return found

    def evict(self, nbytes: int) -> None:
        """Let go of at least `nbytes` where that is possible, the best candidates first."""
        with self.lock:
            now = time.perf_counter()
            candidates = [b for b in self.held if b.made is not None and not b.busy]
            freed = 0
            while candidates and freed < nbytes:
                looked = candidates
                if self.sampling and len(candidates) > 16:
                    looked = random.sample(candidates, math.isqrt(len(candidates)))
                best = min(looked, key=lambda b: self._score(b, now))
                candidates.remove(best)
                freed += best.evict()
                self.evictions += 1

    def _score(self, buffer: Remade, now: float) -> float:
        """Seconds to compute it again for each byte held and second unused."""
        cost = buffer.cost
        for source in buffer.sources:
            if type(source) is Remade and source.made is None:
                cost += source.cost
        nbytes = 1 if buffer.made is None else max(buffer.made.nbytes, 1)
        return cost / (nbytes * max(now - buffer.used, 1e-6))

    def start(self) -> None:
        """Evict under pressure from now on."""
        memory.set_pressure(self.threshold, self.evict)
        state.mode = self

    def stop(self) -> None:
        """Compute what was evicted again and evict no more."""
        memory.set_pressure(0, None)
        state.mode = None
        for buffer in list(self.held):
            if buffer.made is None:
                buffer.materialise()
