"""Inputs for the generic operator tests: arrays of every data type and every edge of shape."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Sample


def draw(
    rng: np.random.Generator,
    shape: Sequence[int],
    dtype: Any = dt.float32,
    low: float = -2.0,
    high: float = 2.0,
) -> np.ndarray[Any, Any]:
    """A random array in [low, high); integers are whole numbers in that range, bool is a coin."""
    dtype = dt.as_dtype(dtype)
    if dtype == dt.bool_:
        return rng.random(shape) < 0.5
    if dt.is_integer(dtype):
        least = max(int(np.ceil(low)), 0) if dtype.kind == "u" else int(np.ceil(low))
        most = max(int(np.floor(high)), least + 1)
        return rng.integers(least, most, shape).astype(dtype)
    values = rng.uniform(low, high, shape)
    if dt.is_complex(dtype):
        values = values + 1j * rng.uniform(low, high, shape)
    return np.asarray(values).astype(dtype)


def strided(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same values behind non-contiguous memory: last axes swapped, the first one reversed."""
    if array.ndim == 0:
        return array
    if array.ndim == 1:
        wide = np.repeat(array, 2)
        return wide[::2]
    turned = np.ascontiguousarray(np.swapaxes(array, -1, -2))
    turned = np.ascontiguousarray(turned[::-1])[::-1]
    return np.swapaxes(turned, -1, -2)


def elementwise_samples(
    rng: np.random.Generator,
    arity: int,
    dtypes: Sequence[Any],
    low: float = -2.0,
    high: float = 2.0,
    **attrs: Any,
) -> Iterator[Sample]:
    """Every data type, then 0-size, 0-d, non-contiguous and (for two or more inputs) broadcast."""
    for dtype in dtypes:
        yield Sample(tuple(draw(rng, (3, 5), dtype, low, high) for _ in range(arity)), attrs)
    first = next((d for d in dtypes if d == dt.float32), dtypes[0])

    def several(*shapes: tuple[int, ...]) -> tuple[Any, ...]:
        return tuple(draw(rng, shape, first, low, high) for shape in shapes)

    yield Sample(several(*[(0, 4)] * arity), attrs)
    yield Sample(several(*[()] * arity), attrs)
    yield Sample(tuple(strided(x) for x in several(*[(4, 3, 5)] * arity)), attrs)
    if arity > 1:
        yield Sample(several((4, 1, 5), *[(3, 1)] * (arity - 1)), attrs)
        yield Sample(several((), *[(2, 3)] * (arity - 1)), attrs)
