"""Lifetimes of blocks of memory, and the plan that gives each its place in one arena.

What a planner takes and gives: it knows no graph, the program that asks knows no planner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGN = 256
"""Offsets are multiples of this many bytes, which the libraries of a GPU count on."""

HOST_ALIGN = 64
"""What does on a CPU: a line of its cache, and its widest vector."""

TIGHT, FEW = 8, 1024
"""Blocks of fewer than FEW bytes lie closer still on a CPU: what programs of few numbers make."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A block of `nbytes` that is held at every step t with birth <= t < death."""

    nbytes: int
    birth: int
    death: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """`offsets[i]` is where block i lies in an arena of `size` bytes; `live` is the most that is
    held at any one step, which no arena can be smaller than."""

    offsets: tuple[int, ...]
    size: int
    live: int


Planner = Callable[[Sequence[Lifetime], int], MemoryPlan]
"""Takes the lifetimes and what offsets are multiples of."""


def grain(nbytes: int, align: int) -> int:
    """What the offset and the size of a block of `nbytes` are multiples of."""
    return TIGHT if align == HOST_ALIGN and nbytes < FEW else align


def aligned(nbytes: int, align: int = ALIGN) -> int:
    """The bytes that a block of `nbytes` takes up in an arena."""
    each = grain(nbytes, align)
    return -(-nbytes // each) * each


def largest_live(lifetimes: Sequence[Lifetime]) -> int:
    """The most bytes that are held at any one step."""
    changes: dict[int, int] = {}
    for life in lifetimes:
        changes[life.birth] = changes.get(life.birth, 0) + life.nbytes
        changes[life.death] = changes.get(life.death, 0) - life.nbytes
    held = most = 0
    for step in sorted(changes):
        held += changes[step]
        most = max(most, held)
    return most


def side_by_side(lifetimes: Sequence[Lifetime], align: int = ALIGN) -> MemoryPlan:
    """The plan that shares nothing: every block has bytes of its own."""
    offsets, size = [], 0
    for life in lifetimes:
        each = grain(life.nbytes, align)
        offsets.append(-(-size // each) * each)
        size = offsets[-1] + aligned(life.nbytes, align)
    return MemoryPlan(tuple(offsets), size, largest_live(lifetimes))
