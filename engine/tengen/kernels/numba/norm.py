"""The joint norm of many arrays, and scaling them down to a given one, as gradient clipping does."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import service
from .flat import flat, flat_output, parts
from .passes import Pass, entry, header, indented

Array = NDArray[np.floating]


def square_sum(array: Array) -> float:
    """The sum of squares of a contiguous float32 or float64 array, added up in float64."""
    kernel = service.request(f"square_sum_{array.dtype.name}", _square_sum(array.dtype.name))
    if not kernel.ready:
        wide = array.astype(np.float64).reshape(-1)
        return float(wide @ wide)
    count = parts(array.size)
    sums = np.zeros(16 * count)
    kernel(flat(array), sums, count)
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
    kernel = service.request(f"scale_{array.dtype.name}", _scaled(array.dtype.name))
    if not kernel.ready:
        np.multiply(array, array.dtype.type(factor), out=array)
        return
    kernel(flat_output(array), factor, parts(array.size))


def _shares(body: list[str], arguments: list[tuple[str, str]], dtype: str) -> str:
    lines = [
        header(dtype),
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        "    vectors = (x.size + W - 1) // W",
        "    first = part * vectors // parts * W",
        "    last = min((part + 1) * vectors // parts * W, x.size)",
        *indented(body),
    ]
    return "\n".join(lines) + "\n" + entry(arguments)


@cache
def _square_sum(dtype: str) -> str:
    run = Pass(["v = LOAD(x)", "ADD(a, v * v)"], ("a",))
    body = ["for at in range(first, last, 4096):", "    some = min(4096, last - at)"]
    body += indented([*run.along_run("some"), "sums[part * 16] += float64(a)"])
    return _shares(body, [("x", "IN"), ("sums", "WIDE")], dtype)


@cache
def _scaled(dtype: str) -> str:
    run = Pass(["STORE(x, LOAD(x) * f)"])
    body = ["f = T(factor)", "at = first", *run.along_run("(last - first)")]
    return _shares(body, [("x", "OUT"), ("factor", "float64")], dtype)
