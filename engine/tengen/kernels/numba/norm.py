"""The joint norm of many arrays, and scaling them down to a given one: gradient clipping."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import service
from .flat import flat, flat_output, parts
from .passes import Pass, entry, header, indented, shared

Array = NDArray[np.floating]


def square_sum(array: Array) -> float:
    """The sum of squares of a contiguous float32 or float64 array, added up in float64."""
    kernel = service.request("square_sum", _square_sum(array.dtype.char))
    if not kernel.ready:
        wide = array.astype(np.float64).reshape(-1)
        return float(wide @ wide)
    count = parts(array.size)
    sums = np.zeros(16 * count)
    kernel(flat(array), sums, array.size, count)
    return float(sums.sum())


def clip_by_norm(arrays: Sequence[Array], max_norm: float) -> float:
    """The 2-norm of all arrays together; where it exceeds `max_norm`, they are scaled in place.

    The scale is `max_norm / (norm + 1e-6)`, never above 1; a NaN norm makes the arrays NaN.
    """
    total = float(np.sqrt(sum(square_sum(array) for array in arrays)))
    factor = max_norm / (total + 1e-6)
    if not factor >= 1:
        for array in arrays:
            _scale(array, factor)
    return total


def _scale(array: Array, factor: float) -> None:
    kernel = service.request("scale", _scaled(array.dtype.char))
    if not kernel.ready:
        np.multiply(array, array.dtype.type(factor), out=array)
        return
    kernel(flat_output(array), factor, array.size, parts(array.size))


def _module(body: list[str], arguments: list[tuple[str, str]], code: str) -> str:
    dtype = np.dtype(code).name
    arguments = [*arguments, ("size", "int64")]
    return "\n".join([header(dtype), *shared(arguments, body)]) + entry(arguments)


@cache
def _square_sum(code: str) -> str:
    run = Pass(["v = LOAD(x)", "ADD(a, v * v)"], ("a",))
    body = ["for at in range(first, last, 4096):", "    some = min(4096, last - at)"]
    body += indented([*run.along_run("some"), "sums[part * 16] += float64(a)"])
    return _module(body, [("x", "IN"), ("sums", "WIDE")], code)


@cache
def _scaled(code: str) -> str:
    run = Pass(["STORE(x, LOAD(x) * f)"])
    body = ["f = T(factor)", "at = first", *run.along_run("(last - first)")]
    return _module(body, [("x", "OUT"), ("factor", "float64")], code)
