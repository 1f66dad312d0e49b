"""ONNX's operators that read and write by index."""

from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from ...functional.indexing import setitem
from ...ops import indexing as array_ops
from ...ops import slicing
from .room import room
from .table import as_array, as_tensor, numbers, operator

_FAR = 2**31 - 1


@operator("Slice", host=(1, 2, 3, 4))
def slice_(
    x: Any, low: Any = None, high: Any = None, places: Any = None, by: Any = None, *,
    starts: Any = None, ends: Any = None, axes: Any = None,
) -> Any:  # fmt: skip
    """Parts of axes, with steps."""
    begin = starts if low is None else numbers(low)
    end = ends if high is None else numbers(high)
    chosen = axes if places is None else numbers(places)
    chosen = range(len(begin)) if chosen is None else [a % x.ndim for a in chosen]
    steps = [1] * len(begin) if by is None else numbers(by)
    index: list[Any] = [(None, None, None)] * x.ndim
    for axis, a, b, step in zip(chosen, begin, end, steps, strict=True):
        length = x.shape[axis]
        a = max(a + length, -1 if step < 0 else 0) if a < 0 else min(a, length)
        if b < 0:
            b = max(b + length, -1 if step < 0 else 0)
        stop = None if b < 0 or (step > 0 and b >= min(length, _FAR)) else b
        if step < 0 and a < 0:
            a, stop = 0, 0
        index[axis] = (a, stop, step)
    return slicing.sliced(x, index=tuple(index))


@operator("Gather", raw=(1,))
def gather(x: Any, places: Any, *, axis: int = 0) -> Any:
    """Slices along an axis, by number."""
    axis %= x.ndim
    if isinstance(places, np.ndarray) and not places.ndim:
        return slicing.sliced(x, index=(*[(None, None, None)] * axis, int(places)))
    return array_ops.take(x, as_tensor(places), axes=(axis,))


@operator("GatherElements")
def gather_elements(x: Any, places: Any, *, axis: int = 0) -> Any:
    """The elements named along an axis."""
    return F.gather(x, axis, places)


@operator("GatherND", host=(1,))
def gather_nd(x: Any, places: Any, *, batch_dims: int = 0) -> Any:
    """Slices named by the last axis of `places`."""
    key = [places[..., i] for i in range(places.shape[-1])]
    grids = []
    for axis in range(batch_dims):
        shape = [1] * (places.ndim - 1)
        shape[axis] = x.shape[axis]
        grids.append(np.arange(x.shape[axis]).reshape(shape))
    return x[(*grids, *key)]


def _reducing(reduction: str) -> Any:
    return {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}[reduction]


@operator("ScatterElements", "Scatter")
def scatter_elements(
    x: Any, places: Any, values: Any, *, axis: int = 0, reduction: str = "none"
) -> Any:
    """x with the elements named along an axis replaced, or combined with values."""
    axis %= x.ndim
    if reduction == "none":
        return array_ops.put(x, values, places, axes=(axis,), grid=True)
    made = as_array(x).copy()
    index = as_array(places) % x.shape[axis]
    key = list(np.indices(index.shape))
    key[axis] = index
    _reducing(reduction).at(made, tuple(key), as_array(values))
    return as_tensor(made)


@operator("ScatterND", host=(1,))
def scatter_nd(x: Any, places: Any, values: Any, *, reduction: str = "none") -> Any:
    """x with the slices that the last axis of `places` names replaced, or combined."""
    key = tuple(places[..., i] for i in range(places.shape[-1]))
    if reduction == "none":
        return setitem(x, key, values)
    made = as_array(x).copy()
    _reducing(reduction).at(made, key, as_array(values))
    return as_tensor(made)


@operator("TensorScatter", host=(2,))
def tensor_scatter(
    past: Any, update: Any, at: Any = None, *, axis: int = -2, mode: str = "linear"
) -> Any:
    """A cache with new steps written from a place of each batch on; "circular" wraps around."""
    made, new = as_array(past).copy(), as_array(update)
    axis %= past.ndim
    for batch in range(past.shape[0]):
        start = 0 if at is None else int(at[batch])
        place = start + np.arange(new.shape[axis])
        place = place % past.shape[axis] if mode == "circular" else place
        np.moveaxis(made[batch], axis - 1, 0)[place] = np.moveaxis(new[batch], axis - 1, 0)
    return as_tensor(made)


@operator("OneHot", host=(1, 2))
def one_hot(places: Any, depth: Any, values: Any, *, axis: int = -1) -> Any:
    """The second of two values at the index along a new axis, the first elsewhere."""
    count = int(np.asarray(depth).reshape(-1)[0])
    room(places.size, count)
    index = as_array(places).astype(np.int64) % count if places.size else as_array(places)
    outside = np.asarray(as_array(places))
    inside = (outside >= -count) & (outside < count)
    hits = (index[..., None] == np.arange(count)) & inside[..., None]
    made = np.where(hits, values[1], values[0]).astype(values.dtype)
    return as_tensor(np.moveaxis(made, -1, axis))


@operator("Compress", host=(1,))
def compress(x: Any, condition: Any, *, axis: int | None = None) -> Any:
    """The slices along an axis (or elements) whose condition holds."""
    if axis is None:
        x, axis = F.reshape(x, (-1,)), 0
    return array_ops.take(x, as_tensor(np.flatnonzero(condition)), axes=(axis % x.ndim,))


@operator("NonZero", numpy=True)
def nonzero(x: Any) -> Any:
    """The places of what is not zero, one row for each axis."""
    return np.array(np.nonzero(np.atleast_1d(x)), np.int64)


@operator("Unique", numpy=True)
def unique(x: Any, *, axis: int | None = None, sorted: int = 1) -> Any:
    """Distinct elements or slices, their first places, the way back, and counts."""
    found, first, back, count = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    back = back.reshape(-1)
    if not sorted:
        order = np.argsort(first)
        found = np.take(found, order, axis=0 if axis is None else axis)
        first, count, back = first[order], count[order], np.argsort(order)[back]
    whole = np.int64
    return found, first.astype(whole), back.astype(whole), count.astype(whole)


@operator("TopK", host=(1,))
def top_k(
    x: Any, number: Any = None, *, k: int = 0, axis: int = -1, largest: int = 1, sorted: int = 1
) -> Any:
    """The k largest (or smallest) along an axis, and their places."""
    count = k if number is None else int(np.asarray(number).reshape(-1)[0])
    axis %= x.ndim
    turned = x if axis == x.ndim - 1 else F.swapaxes(x, axis, -1)
    value, place = F.topk(turned, count, descending=bool(largest))
    place = place.astype(dt.int64)
    if axis == x.ndim - 1:
        return value, place
    return F.swapaxes(value, axis, -1), F.swapaxes(place, axis, -1)
