"""Lifetimes of blocks of memory, and the plan that gives each its place in one arena.

What a planner takes and gives: it knows no graph, the program that asks knows no planner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGN = 256
"""Every offset is a multiple of this many bytes."""


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


Planner = Callable[[Sequence[Lifetime]], MemoryPlan]


def aligned(nbytes: int) -> int:
    """The bytes that a block of `nbytes` takes up in an arena."""
    return -(-nbytes // ALIGN) * ALIGN


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


def side_by_side(lifetimes: Sequence[Lifetime]) -> MemoryPlan:
    """The plan that shares nothing: every block has bytes of its own."""
    offsets, size = [], 0
    for life in lifetimes:
        offsets.append(size)
        size += aligned(life.nbytes)
    return MemoryPlan(tuple(offsets), size, largest_live(lifetimes))
