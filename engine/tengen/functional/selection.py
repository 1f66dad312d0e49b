"""Choosing elements: by an index along an axis, by a mask, by being other than zero."""

from typing import Any

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..operands import as_tensor, pair
from ..ops import indexing as array_ops
from ..ops import selection
from ..ops.joining import concat
from ..ops.shape import reshape as reshape_op
from ..tensor import Tensor

__all__ = ["cond_take", "gather", "non_zero", "scatter", "where"]


def gather(inp: Tensor, axis: int, index: Tensor) -> Tensor:
    """The elements of `inp` that `index` names along `axis`, in the shape of `index`.

    `out[i][j] = inp[index[i][j]][j]` for axis 0. `inp` and `index` (whole numbers) have one rank;
    along the other axes `index` may be shorter. Raises ShapeError where they do not match.
    """
    inp, index = as_tensor(inp), as_tensor(index)
    axis = _axis("gather", axis, inp.ndim)
    if inp.ndim != index.ndim:
        raise ShapeError(
            f"[gather] index has {index.ndim} dimension(s); inp of shape {inp.shape} needs as many"
        )
    return array_ops.take(inp, index, axes=(axis,), grid=True)  # type: ignore[no-any-return]


def scatter(inp: Tensor, axis: int, index: Tensor, source: Tensor) -> Tensor:
    """Write `source` into `inp` at the places that `index` names along `axis`; gives `inp`.

    `inp[index[i][j]][j] = source[i][j]` for axis 0; where a place is named twice the last value
    stays. The handle `inp` takes the new value, as in MegEngine; other tensors keep theirs. All
    three have one rank, `index` and `source` one shape, nowhere longer than `inp`.
    """
    target = inp if isinstance(inp, Tensor) else Tensor(inp)
    index, source = as_tensor(index), as_tensor(source, target).astype(target.dtype)
    axis = _axis("scatter", axis, target.ndim)
    if index.shape != source.shape or index.ndim != target.ndim:
        raise ShapeError(
            f"[scatter] index and source have one shape, of the rank of inp; got {index.shape},"
            f" {source.shape} and {target.shape}"
        )
    if any(s > t for s, t in zip(source.shape, target.shape, strict=True)):
        raise ShapeError(
            f"[scatter] source of shape {source.shape} is longer than inp of shape {target.shape}"
        )
    target._reset(array_ops.put(target, source, index, axes=(axis,), grid=True))
    return target


def _axis(name: str, axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ShapeError(f"[{name}] axis {axis} does not exist in {ndim} dimension(s)")
    return int(axis) % ndim


def where(mask: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Elements of `x` where `mask` (bool) is True, and of `y` elsewhere; the three broadcast.

    `x` and `y` may be numbers; their types are promoted together. Raises DTypeError for a mask of
    another type.
    """
    x, y = pair("where", x, y)
    return selection.where(x, y, as_tensor(mask))  # type: ignore[no-any-return]


def cond_take(mask: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The elements of `x` where `mask` is True, and their places in the flattened `x` (int32).

    `mask`: bool, of the shape of `x`. Both results have one dimension.
    """
    mask, x = as_tensor(mask), as_tensor(x)
    if mask.shape != x.shape or mask.dtype != dt.bool_:
        raise ShapeError(
            f"[cond_take] the mask is bool of the shape of x, {x.shape}; got {mask.dtype.name} of"
            f" shape {mask.shape}"
        )
    (places,) = selection.nonzero(reshape_op(mask, shape=(-1,)))
    found = array_ops.take(reshape_op(x, shape=(-1,)), places)
    return found, places.astype(dt.int32)


def non_zero(condition: Tensor, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero, in C order, as int32.

    A tensor of shape (count, ndim), or with `as_tuple` one tensor of length count per dimension.
    """
    condition = as_tensor(condition)
    places = tuple(p.astype(dt.int32) for p in selection.nonzero(condition))
    if as_tuple:
        return places
    columns = [reshape_op(p, shape=(-1, 1)) for p in places]
    return concat(*columns, axis=1) if len(columns) > 1 else columns[0]
