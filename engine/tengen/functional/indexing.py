"""Reading and writing tensors by index, as NumPy does: what stands behind `x[...]`.

An index is first parsed into a static part (whole numbers, slices, new axes), which is a view,
and arrays, which are tensor operands; a mask becomes the places of its True elements.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import IndexingError
from ..graph.infer import infer
from ..graph.state import state
from ..operands import as_tensor
from ..ops import indexing as array_ops
from ..ops import selection, slicing
from ..ops.index_rules import taken_shape
from ..ops.shape import reshape as reshape_op
from ..runtime.inplace import overwrite
from ..runtime.plan import to_plain
from ..tensor import Tensor, host_array

__all__ = ["assign", "getitem", "setitem"]

_FULL = (None, None, None)


def getitem(x: Tensor, index: Any) -> Tensor:
    """`x[index]`: a view for whole numbers, slices, None and `...`; a copy for arrays and masks.

    Arrays (tensors, NumPy arrays or lists of whole numbers or bool) broadcast together and are
    placed as NumPy places them. Raises IndexingError for an index that is out of range, of a wrong
    kind, or one too many.
    """
    plain = _plain(index)
    if plain is not None:
        return slicing.sliced(x, index=plain)  # type: ignore[no-any-return]
    mask = _mask(x, index)
    if mask is not None:
        places, rows = _rows(x, mask)
        return array_ops.take(rows, places)  # type: ignore[no-any-return]
    static, arrays, axes, front = _parse(x, index)
    if any(item != _FULL for item in static) or not arrays:
        x = slicing.sliced(x, index=static)
    if arrays:
        x = array_ops.take(x, *arrays, axes=axes, front=front)
    return x


def setitem(x: Tensor, index: Any, value: Any) -> Tensor:
    """A tensor like `x` in which the elements `x[index]` are `value`.

    `value` is cast to the data type of `x` and broadcasts to the shape of `x[index]`; where an
    element is written twice, the last value stays and alone receives the gradient. Raises
    IndexingError as `getitem` does, and ShapeError for a value that does not fit.
    """
    value = as_tensor(value, x)
    if value.dtype != x.dtype:
        value = value.astype(x.dtype)
    mask = _mask(x, index)
    if mask is not None and value.size == 1:
        mask = reshape_op(mask, shape=(*mask.shape, *(1,) * (x.ndim - mask.ndim)))
        value = reshape_op(value, shape=())
        return selection.where(value, x, mask)  # type: ignore[no-any-return]
    if mask is not None:
        places, rows = _rows(x, mask)
        value = _without_leading(value, (*places.shape, *rows.shape[1:]))
        return reshape_op(array_ops.put(rows, value, places), shape=x.shape)  # type: ignore[no-any-return]
    static, arrays, axes, front = _parse(x, index)
    whole = all(item == _FULL for item in static)
    if not arrays:
        value = _without_leading(value, slicing.sliced_shape("setitem", x.shape, static))
        return slicing.slice_put(x, value, index=static)  # type: ignore[no-any-return]
    part = x if whole else slicing.sliced(x, index=static)
    types = tuple(a.type for a in arrays)
    taken, _ = taken_shape("setitem", part.shape, types, axes, front, False)
    value = _without_leading(value, taken)
    part = array_ops.put(part, value, *arrays, axes=axes, front=front)
    return part if whole else slicing.slice_put(x, part, index=static)


def assign(x: Tensor, index: Any, value: Any) -> None:
    """`x[index] = value`: the handle `x` takes the value that `setitem` gives.

    Where the memory belongs to `x` alone and nothing is recorded or traced, only the elements named
    are written.
    """
    plain = _plain(index)
    if plain is None or state.mode is not None or x.requires_grad:
        x._reset(setitem(x, index, value))
        return
    value = as_tensor(value, x)
    if value.requires_grad or value.device is not x.device:
        x._reset(setitem(x, index, value))
        return
    value = _without_leading(value.astype(x.dtype), slicing.sliced_shape("setitem", x.shape, plain))
    infer(slicing.slice_put, (plain,), (x.type, value.type))
    key = slicing.numpy_key(plain)
    if not overwrite(x, key, to_plain(value._buffer)):
        x._reset(slicing.slice_put(x, value, index=plain))


def _without_leading(value: Tensor, target: tuple[int, ...]) -> Tensor:
    """The value less the leading axes of length 1 that NumPy lets an assigned value have."""
    extra = value.ndim - len(target)
    if extra > 0 and all(d == 1 for d in value.shape[:extra]):
        return reshape_op(value, shape=value.shape[extra:])  # type: ignore[no-any-return]
    return value


def _plain(index: Any) -> Any:
    """The static index for Python numbers, slices of them and None; None for anything else."""
    items = index if type(index) is tuple else (index,)
    found = []
    for item in items:
        kind = type(item)
        if kind is slice:
            item = (item.start, item.stop, item.step)
            for bound in item:
                if bound is not None and type(bound) is not int:
                    return None
        elif kind is not int and item is not None:
            return None
        found.append(item)
    return tuple(found)


def _mask(x: Tensor, index: Any) -> Tensor | None:
    """The index as a mask over the first axes of `x`, if it is one boolean array alone."""
    if isinstance(index, list) and index and not any(isinstance(i, Tensor) for i in index):
        index = np.asarray(index) if _is_bool(index) else index
    if not isinstance(index, (Tensor, np.ndarray)) or index.dtype != dt.bool_ or not index.ndim:
        return None
    _fits(x.shape, 0, index.shape)
    return index if isinstance(index, Tensor) else Tensor(index, device=x.device)


def _is_bool(items: Any) -> bool:
    while isinstance(items, list) and items:
        items = items[0]
    return isinstance(items, (bool, np.bool_))


def _rows(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Where a mask is True, counted over its axes made one, and `x` with those axes made one."""
    (places,) = selection.nonzero(reshape_op(mask, shape=(mask.size,)))
    return places, reshape_op(x, shape=(mask.size, *x.shape[mask.ndim :]))


def _fits(shape: tuple[int, ...], axis: int, mask: tuple[int, ...]) -> None:
    """Raise IndexingError unless a mask lines up with the axes that it stands for."""
    there = shape[axis : axis + len(mask)]
    if len(there) < len(mask):
        raise IndexingError(
            f"[getitem] too many indices: a mask of shape {mask} at axis {axis} of shape {shape}"
        )
    if there != mask:
        raise IndexingError(
            f"[getitem] a mask of shape {mask} does not fit axes of lengths {there} of {shape}"
        )


def _parse(x: Tensor, index: Any) -> tuple[Any, list[Tensor], tuple[int, ...], bool]:
    """The static index, then the index arrays, their axes behind it, and whether they go first."""
    items = [_item(i) for i in (index if isinstance(index, tuple) else (index,))]
    shape = x.shape
    taken = sum(_axes_of(item) for item in items)
    if taken > len(shape):
        raise IndexingError(
            f"[getitem] too many indices: {taken} for {len(shape)} dimension(s) of shape {shape}"
        )
    if sum(item is Ellipsis for item in items) > 1:
        raise IndexingError("[getitem] an index holds one Ellipsis ('...') at most; got two")
    mixed = any(isinstance(item, (Tensor, np.ndarray)) for item in items)
    static: list[Any] = []
    arrays: list[Tensor] = []
    axes: list[int] = []
    axis = out = runs = 0
    inside = False
    for item in items:
        advanced = isinstance(item, (Tensor, np.ndarray)) or (mixed and isinstance(item, int))
        if advanced and not inside:
            runs += 1
        inside = advanced
        if item is Ellipsis:
            spare = len(shape) - taken
            static.extend([_FULL] * spare)
            axis, out = axis + spare, out + spare
        elif item is None:
            static.append(None)
            out += 1
        elif isinstance(item, tuple):
            static.append(item)
            axis, out = axis + 1, out + 1
        elif isinstance(item, int):
            static.append(item)
            axis += 1
        else:
            found = _places(item, shape, axis, x.device)
            if not item.ndim and item.dtype == dt.bool_:
                static.append(None)
            else:
                static.extend([_FULL] * len(found))
                axis += len(found)
            arrays.extend(found)
            axes.extend(range(out, out + len(found)))
            out += len(found)
    return tuple(static), arrays, tuple(axes), runs > 1


def _axes_of(item: Any) -> int:
    """How many axes of the tensor an item stands for."""
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, (Tensor, np.ndarray)) and item.dtype == dt.bool_:
        return int(item.ndim)
    return 1


def _places(item: Any, shape: Any, axis: int, device: Any) -> list[Tensor]:
    """The whole-number index tensors for one array; a mask gives one for each of its axes."""
    if item.dtype != dt.bool_:
        return [item if isinstance(item, Tensor) else _index_tensor(item, device)]
    if not item.ndim:
        return [_index_tensor(np.zeros(int(item)), device)]
    _fits(shape, axis, item.shape)
    if isinstance(item, Tensor):
        return list(selection.nonzero(item))
    return [_index_tensor(i, device) for i in np.nonzero(item)]


def _index_tensor(array: Any, device: Any) -> Tensor:
    return Tensor(array, dtype=dt.int64, device=device)


def _item(item: Any) -> Any:
    """One item as int, (start, stop, step), None, Ellipsis, or an array."""
    if item is None or item is Ellipsis or type(item) is int:
        return item
    if isinstance(item, slice):
        return _bound(item.start), _bound(item.stop), _bound(item.step)
    if isinstance(item, (list, tuple)):
        item = _array(item)
    elif isinstance(item, (bool, np.bool_)):
        item = np.asarray(item)
    if isinstance(item, (Tensor, np.ndarray)):
        if item.dtype != dt.bool_ and not dt.is_integer(item.dtype):
            raise IndexingError(
                f"[getitem] an array that indexes holds whole numbers or bool; got {item.dtype}"
            )
        return int(item) if isinstance(item, np.ndarray) and _is_number(item) else item
    if hasattr(item, "__index__"):
        return item.__index__()
    raise IndexingError(
        "[getitem] an index is made of whole numbers, slices, None, ... and arrays of whole numbers"
        f" or bool; got {type(item).__name__}"
    )


def _is_number(array: Any) -> bool:
    return array.ndim == 0 and array.dtype != dt.bool_


def _array(items: Any) -> Any:
    """A list as an array; one that holds tensors is read."""
    if not len(items):
        return np.zeros(0, np.int64)
    try:
        array = host_array(items, None)
    except Exception as error:
        raise IndexingError(f"[getitem] {items!r} is no rectangular list of numbers") from error
    return array.astype(np.int64) if array.size == 0 else array


def _bound(value: Any) -> int | None:
    if value is None or type(value) is int:
        return value
    if hasattr(value, "__index__"):
        return value.__index__()  # type: ignore[no-any-return]
    raise IndexingError(
        f"[getitem] the bounds of a slice are whole numbers or None; got {type(value).__name__}"
    )
