"""Fuses a small expression over arrays and numbers into one kernel.

An `Expression` is a list of steps in single-assignment form. Values are numbered: first the arrays,
then the scalars, then one per step. Arrays are C-contiguous, of one dtype (float32 or float64), and
either of the full shape or broadcast: one number per column of the last axis, or per channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from . import service
from .elementwise_operations import OPERATIONS, Operation
from .flat import flat, flat_output, parts
from .passes import Pass, entry, header, indented, shared

Array = NDArray[np.floating]


class Extent(Enum):
    """How an input array lies over the rows and columns of the result."""

    FULL = "full"  # an element each
    COLUMN = "column"  # an element per column: a bias over the last axis
    CHANNEL = "channel"  # an element per row, repeating: a channel of (N, C, positions)


@dataclass(frozen=True)
class Expression:
    """What to compute: `steps` of (operation, value numbers) and the values to write out.

    `extents` has one entry an array; `scalars` is the number of scalar inputs. For example
    `relu(a * s + b)`: `Expression((FULL, FULL), 1, (("multiply", (0, 2)), ("add", (3, 1)),
    ("relu", (4,))), (5,))`. Raises ValueError for an unknown operation or value.
    """

    extents: tuple[Extent, ...]
    scalars: int
    steps: tuple[tuple[str, tuple[int, ...]], ...]
    outputs: tuple[int, ...]

    def __post_init__(self) -> None:
        known = len(self.extents) + self.scalars
        if Extent.FULL not in self.extents:
            raise ValueError("[elementwise] expected an array of the full shape; none came")
        for name, operands in self.steps:
            operation = OPERATIONS.get(name)
            if operation is None:
                raise ValueError(f"[elementwise] expected a known operation; {name!r} came")
            if len(operands) != operation.operands or not all(0 <= v < known for v in operands):
                raise ValueError(
                    f"[elementwise] {name} expected {operation.operands} values below {known}; "
                    f"{operands} came"
                )
            known += 1
        if not self.outputs or not all(0 <= value < known for value in self.outputs):
            raise ValueError(f"[elementwise] expected outputs below {known}; {self.outputs} came")

    @cached_property
    def broadcasts(self) -> bool:
        """Whether any array is smaller than the result."""
        return any(extent is not Extent.FULL for extent in self.extents)

    def lines(self) -> list[str]:
        """The steps as lines of a pass, over vectors named v0, v1 ... by their values' numbers."""
        found = []
        for number, (name, operands) in enumerate(self.steps, len(self.extents) + self.scalars):
            operation: Operation = OPERATIONS[name]
            found.append(f"v{number} = {operation.text.format(*[f'v{v}' for v in operands])}")
        return found

    @cached_property
    def _kernels(self) -> dict[str, service.Kernel]:
        return {}

    def kernel(self, dtype: np.dtype) -> service.Kernel:
        """The kernel for arrays of `dtype`, ready or on its way."""
        kernel = self._kernels.get(dtype.char)
        if kernel is None or not kernel.ready:
            source = _source(self, dtype.name)
            kernel = service.request(f"elementwise_{dtype.name}", source)
            self._kernels[dtype.char] = kernel
        return kernel


def evaluate(
    expression: Expression,
    arrays: Sequence[Array],
    scalars: Sequence[float],
    outputs: Sequence[Array],
) -> None:
    """Writes the expression's results into `outputs`, arrays of the full shape.

    An output may be one of the full inputs. The last axis of the outputs is the column axis; with
    CHANNEL arrays of size C, the outputs are (..., C, columns).
    """
    kernel = expression.kernel(outputs[0].dtype)
    if not kernel.ready:
        _evaluate_numpy(expression, arrays, scalars, outputs)
        return
    size = outputs[0].size
    flats = [flat(array) for array in arrays]
    flats += [flat_output(array) for array in outputs]
    if expression.broadcasts:
        columns = outputs[0].shape[-1]
        rows = size // columns if columns else 0
        kernel(*flats, *scalars, columns, rows, min(parts(size), max(rows, 1)))
    else:
        kernel(*flats, *scalars, size, parts(size))


def _evaluate_numpy(
    expression: Expression,
    arrays: Sequence[Array],
    scalars: Sequence[float],
    outputs: Sequence[Array],
) -> None:
    """The same, an operation at a time."""
    dtype = outputs[0].dtype
    values: list[Array] = []
    for extent, array in zip(expression.extents, arrays, strict=True):
        values.append(array[:, None] if extent is Extent.CHANNEL else array)
    values += [np.asarray(number, dtype) for number in scalars]
    with np.errstate(all="ignore"):
        for name, operands in expression.steps:
            values.append(OPERATIONS[name].numpy(*[values[v] for v in operands]))
    results = [values[value] for value in expression.outputs]
    if any(np.may_share_memory(result, out) for result in results for out in outputs):
        results = [np.array(result) for result in results]
    for out, result in zip(outputs, results, strict=True):
        out[...] = result


@cache
def _source(expression: Expression, dtype: str) -> str:
    """One pass: load what is needed, do the steps, store the outputs."""
    arrays = [(f"x{i}", extent) for i, extent in enumerate(expression.extents)]
    body = [f"v{i} = LOAD({name})" for i, (name, e) in enumerate(arrays) if e is Extent.FULL]
    for i, (name, extent) in enumerate(arrays):
        if extent is Extent.COLUMN:
            body.append(f"v{i} = COLUMN({name})")
    body += expression.lines()
    body += [f"STORE(y{i}, v{value})" for i, value in enumerate(expression.outputs)]
    run = Pass(body)
    arguments = [(name, "IN") for name, _ in arrays]
    arguments += [(f"y{i}", "OUT") for i in range(len(expression.outputs))]
    arguments += [(f"s{i}", "float64") for i in range(expression.scalars)]
    fixed = [f"v{len(arrays) + i} = splat(T(s{i}), W)" for i in range(expression.scalars)]
    rows = [
        f"v{i} = splat({name}[row % {name}.size], W)"
        for i, (name, extent) in enumerate(arrays)
        if extent is Extent.CHANNEL
    ]
    if all(extent is Extent.FULL for extent in expression.extents):
        arguments.append(("size", "int64"))
        work = shared(arguments, [*fixed, "at = first", *run.along_run("(last - first)")])
    else:
        arguments += [("columns", "int64"), ("rows", "int64")]
        loop = [*rows, "at = row * columns", *run.along_run("columns")]
        work = [
            "@inner",
            f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
            *indented(fixed),
            "    for row in range(part * rows // parts, (part + 1) * rows // parts):",
            *indented(loop, 2),
        ]
    return "\n".join([header(dtype), *work]) + entry(arguments)
