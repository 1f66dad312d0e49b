"""The gradients of a whole model at once: their length, and taking a loss scale out of them."""

from collections.abc import Sequence
from typing import Any

from . import tables
from .elementwise import BYTES, value_type
from .program import Program, program

PIECE = 8192
"""Elements of a block, as many.cu has them."""


def _tables(
    arrays: Sequence[Any], results: Sequence[Any], kind: str
) -> list[tuple[Program, bytes, int]]:
    """The program, table and grid of each launch over arrays of one kernel type `kind`."""
    most = min(tables.capacity(3), max(len(arrays), 1))
    kernel, address = program("many", TYPE=kind, MOST=most), tables.address()
    made = []
    for numbers in tables.chunks(len(arrays), most):
        sizes = [arrays[number].size for number in numbers]
        items = [
            (address(arrays[number]), address(results[number]), size)
            for number, size in zip(numbers, sizes, strict=True)
        ]
        made.append((kernel, *tables.pack(items, sizes, PIECE, most, True)))
    return made


def parts_bytes(sizes: Sequence[int], kind: str) -> int:
    """Bytes of the workspace of `length` for arrays of these sizes."""
    blocks = sum(-(-size // PIECE) for size in sizes)
    wide = 8 if value_type(kind) == "double" else 4
    return -(-blocks * wide // BYTES) * BYTES


def length(arrays: Sequence[Any], kind: str, parts: Any, result: Any) -> None:
    """Write the square root of the sum of all squares to `result`, one number.

    `kind` is the arrays' type in the kernels' names; parts and result are of the computing type.
    """
    offset = 0
    launches = _tables(arrays, arrays, kind)
    for kernel, table, grid in launches:
        kernel("squares", grid, 256, table, parts, offset)
        offset += grid
    if launches:
        launches[0][0]("length", 1, 256, parts, result, offset)


def unscale(
    arrays: Sequence[Any], results: Sequence[Any], kind: str, scale: Any, found: Any
) -> None:
    """Write all arrays divided by the float64 `scale` to `results`, which may be the arrays.

    `found` becomes 1 where a result is not finite, else 0. Nothing waits for the device: scale and
    found lie there.
    """
    launches = _tables(arrays, results, kind)
    launches[0][0]("clear", 1, 1, found)
    for kernel, table, grid in launches:
        kernel("unscale", grid, 256, table, scale, found)
