"""The memory planner: lifetimes in, offsets in one arena out.

Finding the smallest arena is NP-hard. Blocks are placed one after another where they fit best
among those that live at the same time; several orders compete, the best one is improved by
placing first what reached the top, and few blocks are tried in every order.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ..graph.lifetimes import ALIGN, Lifetime, MemoryPlan, aligned, grain, largest_live

CLOSE = 1.01
"""An arena of at most this times the largest live set is not improved any further."""

EXACT = 9
"""Up to this many blocks every order is tried."""

ROUNDS = 24
"""Attempts to improve an order."""

MANY = 6000
"""From about so many blocks on there are fewer attempts."""

Sizes = np.ndarray[tuple[int], np.dtype[np.int64]]


def plan_memory(lifetimes: Sequence[Lifetime], align: int = ALIGN) -> MemoryPlan:
    """Offsets of all blocks, multiples of `align`; those that live at the same time never
    overlap."""
    real = [i for i, life in enumerate(lifetimes) if life.nbytes and life.death > life.birth]
    offsets = [0] * len(lifetimes)
    size = 0
    if real:
        found, size = _Packing([lifetimes[i] for i in real], align).best()
        for index, offset in zip(real, found, strict=True):
            offsets[index] = offset
    return MemoryPlan(tuple(offsets), size, largest_live(lifetimes))


class _Packing:
    """The blocks that have bytes, as columns of numbers."""

    def __init__(self, lifetimes: Sequence[Lifetime], align: int):
        self.count = len(lifetimes)
        sizes = [aligned(life.nbytes, align) for life in lifetimes]
        self.size = np.array(sizes, np.int64)
        self.grain = np.array([grain(life.nbytes, align) for life in lifetimes], np.int64)
        self.birth = np.array([life.birth for life in lifetimes], np.int64)
        self.death = np.array([life.death for life in lifetimes], np.int64)
        rounded = [Lifetime(n, x.birth, x.death) for n, x in zip(sizes, lifetimes, strict=True)]
        self.bound = largest_live(rounded)

    def best(self) -> tuple[list[int], int]:
        """The offsets of the smallest arena found, and its size."""
        enough = self.bound * CLOSE
        tried: list[tuple[int, Sizes, Sizes]] = []
        for order in self._orders():
            found, reached = self._place(order)
            tried.append((reached, found, order))
            if reached <= enough:
                break
        tried.sort(key=lambda item: item[0])
        top, offsets, _ = tried[0]
        few = tried[: min(3, max(1, MANY // self.count))] if self.count > EXACT else []
        for reached, placed, order in few:
            if top <= enough:
                break
            found, reached = self._improve(placed, reached, order, enough)
            if reached < top:
                offsets, top = found, reached
        if top > self.bound and self.count <= EXACT:
            offsets, top = _Exact(self, offsets, top).search()
        return offsets.tolist(), int(top)

    def _orders(self) -> Iterator[Sizes]:
        """Orders to place blocks in, the most promising first."""
        size, birth, death = self.size, self.birth, self.death
        length = death - birth
        yield np.argsort(-(size * length), kind="stable")
        yield np.lexsort((birth, -size))
        yield np.lexsort((-size, birth))
        yield np.lexsort((-size, -length))
        yield np.lexsort((-size, -death))

    def _improve(self, offsets: Sizes, top: int, order: Sizes, enough: float) -> tuple[Sizes, int]:
        """Place what reaches the top earlier, again and again."""
        current, placed = order, offsets
        for _ in range(max(1, min(ROUNDS, 8 * MANY // self.count))):
            highest = int(np.argmax(placed + self.size))
            at = int(np.flatnonzero(current == highest)[0])
            if at == 0:
                break
            moved = [highest, *[int(i) for i in current if i != highest]]
            current = np.array(moved, np.int64)
            placed, reached = self._place(current)
            if reached < top:
                offsets, top = placed, reached
            if top <= enough:
                break
        return offsets, top

    def _place(self, order: Sizes) -> tuple[Sizes, int]:
        """Offsets when blocks are placed in this order, each in the tightest gap that holds it."""
        size, birth, death = self.size[order], self.birth[order], self.death[order]
        grains = self.grain[order]
        start = np.zeros(self.count, np.int64)
        stop = np.zeros(self.count, np.int64)
        for k in range(self.count):
            together = (birth[:k] < death[k]) & (death[:k] > birth[k])
            beside = start[:k][together], stop[:k][together]
            start[k] = lowest(*beside, int(size[k]), int(grains[k]))
            stop[k] = start[k] + size[k]
        offsets = np.empty(self.count, np.int64)
        offsets[order] = start
        return offsets, int(stop.max())


def lowest(start: Sizes, stop: Sizes, size: int, each: int) -> int:
    """Where a block goes among ranges in use, at a multiple of `each`: the smallest gap that holds
    it, else above all."""
    if not len(start):
        return 0
    order = np.argsort(start, kind="stable")
    start = start[order]
    reached = -(-np.maximum.accumulate(stop[order]) // each) * each
    gaps = start.copy()
    gaps[1:] -= reached[:-1]
    fitting = np.flatnonzero(gaps >= size)
    if not len(fitting):
        return int(reached[-1])
    first = fitting[np.argmin(gaps[fitting])]
    return int(reached[first - 1]) if first else 0


class _Exact:
    """The smallest arena of a few blocks.

    Placed in the order of their offsets in a smallest arena, each as low as it can, blocks never
    come higher than there: so trying all orders of rising offsets finds one.
    """

    def __init__(self, packing: _Packing, offsets: Sizes, top: int):
        columns = (packing.size, packing.birth, packing.death, packing.grain)
        self.blocks = list(zip(*[column.tolist() for column in columns], strict=True))
        self.bound = packing.bound
        self.found, self.top = offsets, top

    def search(self) -> tuple[Sizes, int]:
        """Offsets and size."""
        self._extend({}, 0, 0)
        return self.found, self.top

    def _extend(self, placed: dict[int, int], floor: int, reached: int) -> None:
        if len(placed) == len(self.blocks):
            self.found = np.array([placed[i] for i in range(len(placed))], np.int64)
            self.top = reached
            return
        tried: set[tuple[int, int, int, int]] = set()
        for index, block in enumerate(self.blocks):
            if index in placed or block in tried:
                continue
            tried.add(block)
            offset = self._fit(placed, block)
            stop = offset + block[0]
            if offset < floor or max(stop, reached) >= self.top:
                continue
            self._extend({**placed, index: offset}, offset, max(stop, reached))
            if self.top <= self.bound:
                return

    def _fit(self, placed: dict[int, int], block: tuple[int, int, int, int]) -> int:
        """The lowest offset at which a block fits."""
        size, birth, death, each = block
        offset = 0
        for index, start in sorted(placed.items(), key=lambda item: item[1]):
            length, born, dead, _ = self.blocks[index]
            if born < death and dead > birth:
                if start - offset >= size:
                    break
                offset = max(offset, -(-(start + length) // each) * each)
        return offset
