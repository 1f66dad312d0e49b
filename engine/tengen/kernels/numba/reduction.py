"""Sums and maxima of a fused expression along runs of memory, which it never writes out.

The memory is cut into runs of a few thousand elements; a kernel gives one number for each, in
float64, and the caller brings together those of one result. So float32 sums stay short.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import service
from .elementwise import Expression, Extent
from .flat import parts
from .passes import Pass, entry, header, indented

RUN = 8192
"""Elements of a run, unless an operand lies along the columns; then a run is a row."""


class Reducer:
    """An expression with one output over (rows, columns), reduced over columns: "sum" or "max"."""

    def __init__(self, expression: Expression, how: str, rows: int, columns: int, dtype: np.dtype):
        self.expression = expression
        self.how = how
        self.rows, self.columns = rows, columns
        self.length = columns if expression.broadcasts else min(columns, RUN)
        self.splits = -(-columns // self.length)
        self._parts = min(parts(rows * columns), rows * self.splits)
        self._name = f"reduction_{how}_{np.dtype(dtype).name}"
        self._source = _source(expression, how, np.dtype(dtype).name)

    @property
    def kernel(self) -> service.Kernel:
        """The kernel, ready or on its way."""
        return service.request(self._name, self._source)

    def run(self, arrays: list[NDArray[np.floating]], scalars: list[float]) -> NDArray[np.float64]:
        """A float64 number for each row; `arrays` are flat. Only when the kernel is ready."""
        found = np.empty(self.rows * self.splits)
        sizes = (self.columns, self.length, self.splits, found.size)
        self.kernel(*arrays, *scalars, found, *sizes, self._parts)
        if self.splits == 1:
            return found
        apart = found.reshape(self.rows, self.splits)
        return apart.sum(1) if self.how == "sum" else apart.max(1)


@cache
def _source(expression: Expression, how: str, dtype: str) -> str:
    arrays = [(f"x{i}", extent) for i, extent in enumerate(expression.extents)]
    full = Extent.FULL
    body = [
        f"v{i} = {'LOAD' if extent is full else 'COLUMN'}({name})"
        for i, (name, extent) in enumerate(arrays)
    ]
    body += expression.lines()
    (value,) = expression.outputs
    summed = how == "sum"
    body.append(f"ADD(found, v{value})" if summed else f"MAX(found, v{value})")
    run = Pass(body, ("found",) if summed else (), () if summed else ("found",))
    arguments = [(name, "IN") for name, _ in arrays]
    arguments += [(f"s{i}", "float64") for i in range(expression.scalars)]
    arguments += [("results", "WIDE")]
    arguments += [(name, "int64") for name in ("columns", "length", "splits", "runs")]
    fixed = [f"v{len(arrays) + i} = splat(T(s{i}), W)" for i in range(expression.scalars)]
    loop = [
        "row = run // splits",
        "begin = (run - row * splits) * length",
        "at = row * columns + begin",
        *run.along_run("min(length, columns - begin)"),
        "results[run] = float64(found)",
    ]
    lines = [
        header(dtype),
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        *indented(fixed),
        "    for run in range(part * runs // parts, (part + 1) * runs // parts):",
        *indented(loop, 2),
    ]
    return "\n".join(lines) + "\n" + entry(arguments)
