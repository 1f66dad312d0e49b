"""Rows of a table by index, and their gradient: sums of rows that share an index."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import service
from .flat import flat, flat_output, parts
from .passes import entry, header

Array = NDArray[np.floating]


def gather_rows(table: Array, indices: NDArray[np.integer], out: Array) -> None:
    """Writes `table[indices]`; the table is (V, C), every index in 0..V-1, out (..., C)."""
    kernel = service.request("gather_rows", _gather(table.dtype.char))
    if not kernel.ready:
        out[...] = table[indices]
        return
    chosen = flat(indices.astype(np.int64, copy=False))
    kernel(flat(table), chosen, flat_output(out), table.shape[1], parts(out.size))


def add_rows(table: Array, indices: NDArray[np.integer], rows: Array) -> None:
    """Adds each row onto `table[index]`, in the order of the rows on any number of threads."""
    kernel = service.request("add_rows", _scatter(table.dtype.char))
    columns = table.shape[1]
    if not kernel.ready:
        np.add.at(table, indices.reshape(-1), rows.reshape(-1, columns))
        return
    chosen = flat(indices.astype(np.int64, copy=False))
    kernel(flat_output(table), chosen, flat(rows), columns, parts(rows.size))


_INDICES = 'types.Array(int64, 1, "C", readonly=True)'


@cache
def _gather(code: str) -> str:
    arguments = [("table", "IN"), ("indices", _INDICES), ("out", "OUT"), ("columns", "int64")]
    return "\n".join(
        [
            header(np.dtype(code).name),
            "@inner",
            "def work(part, parts, table, indices, out, columns):",
            "    for i in range(part * indices.size // parts, (part + 1) * indices.size // parts):",
            "        row = indices[i] * columns",
            "        for j in range(columns):",
            "            out[i * columns + j] = table[row + j]",
            entry(arguments),
        ]
    )


@cache
def _scatter(code: str) -> str:
    """Each part owns a range of the table's rows and looks through all indices for its own."""
    arguments = [("table", "OUT"), ("indices", _INDICES), ("rows", "IN"), ("columns", "int64")]
    return "\n".join(
        [
            header(np.dtype(code).name),
            "@inner",
            "def work(part, parts, table, indices, rows, columns):",
            "    if columns == 0:",
            "        return",
            "    count = table.size // columns",
            "    low, high = part * count // parts, (part + 1) * count // parts",
            "    for i in range(indices.size):",
            "        row = indices[i]",
            "        if low <= row < high:",
            "            for j in range(columns):",
            "                table[row * columns + j] += rows[i * columns + j]",
            entry(arguments),
        ]
    )
