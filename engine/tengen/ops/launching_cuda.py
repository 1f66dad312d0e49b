"""What the CUDA builders share: type names, rows of an array along axes, and grids."""

import math
from typing import Any

from ..base import dtype as dt
from ..graph.types import Shape, TensorType

TYPES = {
    dt.float32: "float", dt.float16: "half", dt.bfloat16: "bfloat16", dt.float64: "double",
    dt.bool_: "bool", dt.int8: "signed char", dt.int16: "short", dt.int32: "int",
    dt.int64: "int64", dt.uint8: "byte", dt.uint16: "unsigned short", dt.uint32: "uint32",
    dt.uint64: "uint64",
}  # fmt: skip
"""The kernels' names of the data types."""

THREADS = 256
"""Threads of a block where nothing asks for another number: enough warps to hide the memory's
latency at any register count below 256, and few enough to fill every SM."""

MOST_BLOCKS = 1 << 16
"""Blocks of a kernel whose threads go on through the array, about 4 waves of the largest chips."""


def blocks(count: int, each: int = THREADS) -> int:
    """How many blocks of `each` elements hold `count`."""
    return -(-count // each)


def rows_along(shape: Shape, axes: Shape) -> tuple[int, int, int] | None:
    """(outer, length, inner) where `axes` are neighbours; None where they are not."""
    places = sorted(axis % len(shape) for axis in axes) if shape else []
    if not places or places != list(range(places[0], places[0] + len(places))):
        return None
    first, last = places[0], places[-1] + 1
    return math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])


def period_over(small: Shape, full: Shape) -> tuple[int, int] | None:
    """(inner, count): element i of `full` meets element (i / inner) % count of `small`.

    None where `small` stretches along axes in another way.
    """
    lead = len(full) - len(small)
    used = [i + lead for i, n in enumerate(small) if n != 1]
    if not used:
        return 1, 1
    first, last = used[0], used[-1] + 1
    if small[first - lead : last - lead] != full[first:last]:
        return None
    return math.prod(full[last:]), math.prod(full[first:last])


def is_plain(*types: TensorType | None) -> bool:
    """Whether none of the physical types has a layout."""
    return all(t is None or t.layout is None for t in types)


def all_known(out_types: Any) -> bool:
    """Whether all sizes are known and there is something to compute."""
    return all(t.known and t.size for t in out_types)
