"""ATen operators that make tensors: filled, counted, masks of triangles, one-hot."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...tensor import Tensor
from .table import aten


def _kind(value: Any, dtype: Any) -> Any:
    if dtype is not None:
        return dtype
    return {bool: dt.bool_, int: dt.int64}.get(type(value), dt.float32)


@aten("full")
def full(shape: Any, value: Any, dtype: Any = None, **ignored: Any) -> Any:
    """A tensor filled with a number."""
    return F.full(tuple(shape), value, dtype=_kind(value, dtype))


@aten("zeros", "empty", "new_zeros", "new_empty", "empty_strided")
def zeros(first: Any, *shape: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Zeros, in the data type of `first` if that is a tensor."""
    if isinstance(first, Tensor):
        return F.zeros(tuple(shape[0]), dtype=first.dtype if dtype is None else dtype)
    return F.zeros(tuple(first), dtype=dt.float32 if dtype is None else dtype)


@aten("ones", "new_ones")
def ones(first: Any, *shape: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Ones, in the data type of `first` if that is a tensor."""
    if isinstance(first, Tensor):
        return F.ones(tuple(shape[0]), dtype=first.dtype if dtype is None else dtype)
    return F.ones(tuple(first), dtype=dt.float32 if dtype is None else dtype)


@aten("new_full")
def new_full(x: Any, shape: Any, value: Any, dtype: Any = None, **ignored: Any) -> Any:
    """A filled tensor in the data type of x."""
    return F.full(tuple(shape), value, dtype=x.dtype if dtype is None else dtype)


@aten("full_like")
def full_like(x: Any, value: Any, dtype: Any = None, **ignored: Any) -> Any:
    """A filled tensor of the shape of x."""
    return F.full(x.shape, value, dtype=x.dtype if dtype is None else dtype)


@aten("zeros_like", "empty_like")
def zeros_like(x: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Zeros of the shape of x."""
    return full_like(x, 0, dtype)


@aten("ones_like")
def ones_like(x: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Ones of the shape of x."""
    return full_like(x, 1, dtype)


@aten("fill")
def fill(x: Any, value: Any) -> Any:
    """A tensor like x in which every element is the value."""
    if isinstance(value, Tensor):
        return F.full(x.shape, value.astype(x.dtype))
    return full_like(x, value)


@aten("scalar_tensor")
def scalar_tensor(value: Any, dtype: Any = None, **ignored: Any) -> Any:
    """A 0-d tensor."""
    return Tensor(value, dtype=dt.float32 if dtype is None else dtype)


@aten("arange")
def arange(*bounds: Any, dtype: Any = None, step: Any = None, **ignored: Any) -> Any:
    """Numbers from a start (0) up to an end, by a step (1)."""
    if len(bounds) == 1:
        bounds = (0, bounds[0])
    start, end, *rest = bounds
    by = rest[0] if rest else (1 if step is None else step)
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, end, by))
        dtype = dt.int64 if whole else dt.float32
    return F.arange(start, end, by, dtype=dtype)


@aten("linspace")
def linspace(start: Any, end: Any, steps: int, dtype: Any = None, **ignored: Any) -> Any:
    """Numbers at equal distances, both ends included."""
    return F.linspace(start, end, steps, dtype=dt.float32 if dtype is None else dtype)


@aten("eye")
def eye(rows: int, columns: int | None = None, dtype: Any = None, **ignored: Any) -> Any:
    """Ones on the diagonal."""
    return F.eye(rows, columns, dtype=dt.float32 if dtype is None else dtype)


def _triangle(rows: int, columns: int, diagonal: int) -> Any:
    """True on and below a diagonal."""
    down = F.expand_dims(F.arange(rows, dtype="int64"), 1)
    along = F.expand_dims(F.arange(columns, dtype="int64"), 0)
    return F.less_equal(along, F.add(down, diagonal))


@aten("tril")
def tril(x: Any, diagonal: int = 0) -> Any:
    """x with zeros above a diagonal."""
    mask = _triangle(x.shape[-2], x.shape[-1], diagonal)
    return F.where(mask, x, F.full((), 0, dtype=x.dtype))


@aten("triu")
def triu(x: Any, diagonal: int = 0) -> Any:
    """x with zeros below a diagonal."""
    mask = _triangle(x.shape[-2], x.shape[-1], diagonal - 1)
    return F.where(mask, F.full((), 0, dtype=x.dtype), x)


@aten("one_hot")
def one_hot(x: Any, classes: int = -1) -> Any:
    """A last axis that is 1 at the index."""
    count = int(F.max(x).item()) + 1 if classes == -1 else classes
    return F.one_hot(x, count)
