"""ATen operators that read and write by index."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...functional.indexing import setitem
from ...ops import indexing as array_ops
from ...ops import slicing
from ...tensor import Tensor
from .arrangement import axis_of
from .promotion import number
from .table import aten

_END = 2**63 - 1


def _slice(start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    return (None if start in (None, 0) else start, None if end in (None, _END) else end, step)


def _at(axis: int, item: Any) -> tuple[Any, ...]:
    return ((None, None, None),) * axis + (item,)


@aten("select.int", "select_copy.int")
def select(x: Any, axis: int, index: int) -> Any:
    """One slice along an axis."""
    return slicing.sliced(x, index=_at(axis_of(axis, x.ndim), index))


@aten("slice.Tensor", "slice_copy.Tensor")
def slice_(x: Any, axis: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    """Part of an axis."""
    item = _slice(start, end, step)
    if item == (None, None, 1):
        return x
    return slicing.sliced(x, index=_at(axis_of(axis, x.ndim), item))


@aten("narrow")
def narrow(x: Any, axis: int, start: int, length: int) -> Any:
    """`length` elements of an axis."""
    return slice_(x, axis, start, start + length)


@aten("slice_scatter")
def slice_scatter(
    x: Any, value: Any, axis: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    """x with part of an axis replaced."""
    index = _at(axis_of(axis, x.ndim), _slice(start, end, step))
    return slicing.slice_put(x, value.astype(x.dtype), index=index)


@aten("select_scatter")
def select_scatter(x: Any, value: Any, axis: int, index: int) -> Any:
    """x with one slice replaced."""
    place = _at(axis_of(axis, x.ndim), index)
    return slicing.slice_put(x, value.astype(x.dtype), index=place)


def _key(indices: Any) -> tuple[Any, ...]:
    return tuple(slice(None) if i is None else i for i in indices)


@aten("index.Tensor", "_unsafe_index.Tensor")
def index(x: Any, indices: Any) -> Any:
    """x[indices], None taking an axis whole."""
    return x[_key(indices)]


@aten("index_put", "_unsafe_index_put")
def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """x with the elements at the indices replaced, or added to."""
    key = _key(indices)
    if not accumulate:
        return setitem(x, key, values)
    zero = F.zeros_like(x)
    places = F.reshape(F.arange(x.size, dtype="int64"), x.shape)[key]
    amount = F.broadcast_to(values.astype(x.dtype), places.shape)
    flat = _added(F.flatten(zero), F.flatten(places), F.flatten(amount))
    return F.add(x, F.reshape(flat, x.shape))


def _added(flat: Any, places: Any, values: Any) -> Any:
    """Zeros with values added up at places."""
    return array_ops.add_at(values, places, shape=flat.shape)


@aten("index_select")
def index_select(x: Any, axis: int, places: Any) -> Any:
    """Slices along an axis, by number."""
    if not x.ndim:
        return x
    return array_ops.take(x, places, axes=(axis_of(axis, x.ndim),))


@aten("embedding")
def embedding(
    weight: Any, places: Any, padding_idx: int = -1, scale_grad: bool = False, sparse: bool = False
) -> Any:
    """Rows of the weight; the padding row receives no gradient."""
    rows = array_ops.take(weight, places, axes=(0,))
    if padding_idx < 0 or not weight.requires_grad:
        return rows
    padding = F.expand_dims(F.equal(places, padding_idx), -1)
    return F.where(padding, rows.detach(), rows)


@aten("gather")
def gather(x: Any, axis: int, places: Any, sparse_grad: bool = False) -> Any:
    """The elements named along an axis."""
    return F.gather(x, axis, places) if x.ndim else x


@aten("scatter.src", "scatter.value")
def scatter(x: Any, axis: int, places: Any, value: Any, reduce: Any = None) -> Any:
    """x with the elements named along an axis replaced."""
    if not isinstance(value, Tensor):
        value = F.full(places.shape, value, dtype=x.dtype)
    part = value[tuple(slice(0, n) for n in places.shape)]
    place = (axis_of(axis, x.ndim),)
    return array_ops.put(x, part.astype(x.dtype), places, axes=place, grid=True)


@aten("scatter_add")
def scatter_add(x: Any, axis: int, places: Any, value: Any) -> Any:
    """x with values added to the elements named along an axis."""
    axis = axis_of(axis, x.ndim)
    part = value[tuple(slice(0, n) for n in places.shape)]
    shape = x.shape
    added = array_ops.add_at(part.astype(x.dtype), places, shape=shape, axes=(axis,), grid=True)
    return F.add(x, added)


@aten("index_add")
def index_add(x: Any, axis: int, places: Any, value: Any, alpha: Any = 1) -> Any:
    """x with slices added at places along an axis."""
    axis = axis_of(axis, x.ndim)
    added = array_ops.add_at(value.astype(x.dtype), places, shape=x.shape, axes=(axis,))
    return F.add(x, added if alpha == 1 else F.mul(added, alpha))


@aten("masked_select")
def masked_select(x: Any, mask: Any) -> Any:
    """The elements where the mask holds, as a vector."""
    return x[F.broadcast_to(mask, x.shape)]


@aten("bucketize.Tensor")
def bucketize(x: Any, bounds: Any, out_int32: bool = False, right: bool = False) -> Any:
    """How many bounds lie below each element (or at it, if `right`)."""
    compare = F.greater_equal if right else F.greater
    hits = compare(F.expand_dims(number(x), -1), bounds)
    return F.sum(hits.astype(dt.int32 if out_int32 else dt.int64), -1)
