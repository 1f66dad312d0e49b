"""Reading rows of a table by their numbers, and adding to them, on the GPU."""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.cuda import tables
from ..kernels.cuda.program import program
from .indexing import add_at, take
from .launching_cuda import MOST_BLOCKS, THREADS, TYPES, all_known, blocks, rows_along

INDICES = (dt.int32, dt.int64, dt.int16, dt.int8, dt.uint8)

WORDS = {1: "byte", 2: "unsigned short", 4: "uint32", 8: "uint64", 16: "Vector"}
"""What elements are copied as, by their size: what they mean does not matter."""

ORDERED = 1 << 22
"""Comparisons up to which a block for each row looks through all numbers: about 10 us of a large
chip, and the same bits in every run."""


def _one_axis(shape: Any, indices: Any, axes: Any, front: bool, grid: bool) -> Any:
    """(outer, count, inner) where one index runs along one axis and its axes stay there."""
    if grid or len(axes) != 1 or len(indices) != 1 or indices[0].dtype not in INDICES:
        return None
    rows = rows_along(shape, axes)
    if rows is None or (front and rows[0] != 1 and axes[0] % len(shape) != 0):
        return None
    return rows


@take.backend("cuda", "gpu")
def read(in_types: Any, out_types: Any, *, axes: Any, front: bool, grid: bool) -> Bound | None:
    """Rows copied in the widest words that divide them."""
    x, *indices = in_types
    rows = _one_axis(x.shape, indices, axes, front, grid)
    if rows is None or not all_known((x, *out_types)):
        return None
    outer, count, inner = rows
    size = inner * x.dtype.itemsize
    wide = size % 16 == 0
    words = {True: size // 16, False: inner}
    index = TYPES[indices[0].dtype]
    kernels = {
        fits: program(
            "gather", TYPE=WORDS[16 if fits else x.dtype.itemsize], INDEX=index, OP="READ"
        )
        for fits in {wide, False}
    }
    m = indices[0].size

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        fits = wide and is_aligned(ins[0], outs[0])
        length = words[fits]
        grid = min(blocks(outer * m * length), MOST_BLOCKS)
        kernels[fits]("run", grid, THREADS, ins[0], ins[1], outs[0], outer, count, length, m)

    return Bound(run, (None,) * len(in_types), out_types)


def is_aligned(*arrays: Any) -> bool:
    """Whether arrays may be read 16 bytes at a time."""
    address = tables.address()
    return not any(address(array) % 16 for array in arrays)


@add_at.backend("cuda", "gpu")
def add(
    in_types: Any, out_types: Any, *, shape: Any, axes: Any, front: bool, grid: bool
) -> Bound | None:
    """In one order for small tables, by atomic additions for large ones."""
    x, *indices = in_types
    rows = _one_axis(shape, indices, axes, front, grid)
    if rows is None or x.dtype not in dt.FLOATS or not all_known((x, *out_types)):
        return None
    outer, count, inner = rows
    m, size, index = indices[0].size, out_types[0].size, TYPES[indices[0].dtype]
    if outer * count * m * blocks(inner, 128) <= ORDERED:
        ordered = program("gather", TYPE=TYPES[x.dtype], INDEX=index, OP="ADD_IN_ORDER")

        def run_ordered(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            ordered("run", outer * count, 128, *ins, outs[0], outer, count, inner, m)

        return Bound(run_ordered, (None,) * len(in_types), out_types)
    kernel = program("gather", TYPE=TYPES[x.dtype], INDEX=index, OP="ADD")
    rounded = dt.accumulator(x.dtype) != x.dtype
    launch = min(blocks(x.size), MOST_BLOCKS)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        total = outs[1] if rounded else outs[0]
        kernel("clear", blocks(size), THREADS, total, size)
        kernel("run", launch, THREADS, *ins, total, outer, count, inner, m)
        if rounded:
            kernel("finish", blocks(size), THREADS, total, outs[0], size)

    workspace = 4 * size if rounded else 0
    return Bound(run, (None,) * len(in_types), out_types, workspace=workspace, reproducible=False)
