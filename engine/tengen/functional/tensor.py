"""Functions that arrange elements: shapes, axes, joining, cutting and repeating.

Indexing stands in `indexing`, choosing elements in `selection`; both are offered here too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base.dtype import promote
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, axis_tuple, shape_tuple
from ..ops import joining
from ..ops import shape as shape_ops
from ..tensor import Tensor
from .indexing import getitem, setitem  # noqa: F401
from .selection import cond_take, gather, non_zero, scatter, where

__all__ = [
    "broadcast_to", "concat", "cond_take", "copy", "diag", "expand_dims", "flatten",
    "gather", "non_zero", "repeat", "reshape", "roll", "scatter", "split", "squeeze",
    "stack", "swapaxes", "tile", "transpose", "where",
]  # fmt: skip


def _axis(name: str, axis: Any, ndim: int) -> int:
    number = int(axis)
    if not -ndim <= number < ndim:
        raise ShapeError(f"[{name}] axis {number} does not exist in {ndim} dimension(s)")
    return number % ndim


def broadcast_to(inp: Tensor, shape: int | Iterable[int]) -> Tensor:
    """`inp` stretched to `shape` under NumPy's rule, without a copy. Raises ShapeError."""
    return shape_ops.broadcast_to(as_tensor(inp), shape=shape_tuple("broadcast_to", shape))  # type: ignore[no-any-return]


def reshape(inp: Tensor, target_shape: Iterable[int]) -> Tensor:
    """The same elements, in C order, under another shape, of which one dimension may be -1.

    Raises ShapeError where the number of elements does not fit.
    """
    return shape_ops.reshape(as_tensor(inp), shape=shape_tuple("reshape", target_shape))  # type: ignore[no-any-return]


def flatten(inp: Tensor, start_axis: int = 0, end_axis: int = -1) -> Tensor:
    """`inp` with the axes from `start_axis` to `end_axis`, both included, made one."""
    inp = as_tensor(inp)
    if not inp.ndim:
        return shape_ops.reshape(inp, shape=(1,))  # type: ignore[no-any-return]
    start, end = _axis("flatten", start_axis, inp.ndim), _axis("flatten", end_axis, inp.ndim)
    if start > end:
        raise ArgumentError(f"[flatten] start_axis {start_axis} comes after end_axis {end_axis}")
    shape = inp.shape
    inner = int(np.prod(shape[start : end + 1], dtype=np.int64))
    return shape_ops.reshape(inp, shape=(*shape[:start], inner, *shape[end + 1 :]))  # type: ignore[no-any-return]


def expand_dims(inp: Tensor, axis: int | Sequence[int]) -> Tensor:
    """`inp` with axes of length 1 added; `axis` counts in the result."""
    inp = as_tensor(inp)
    count = 1 if isinstance(axis, (int, np.integer, Tensor)) else len(axis)
    axes = axis_tuple("expand_dims", axis, inp.ndim + count)
    assert axes is not None
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"[expand_dims] axis {axis} names an axis twice")
    rest = iter(inp.shape)
    shape = tuple(1 if i in axes else next(rest) for i in range(inp.ndim + count))
    return shape_ops.reshape(inp, shape=shape)  # type: ignore[no-any-return]


def squeeze(inp: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """`inp` without the axes of length 1 (all of them, or those named).

    Raises ShapeError for a named axis of another length.
    """
    inp = as_tensor(inp)
    axes = axis_tuple("squeeze", axis, inp.ndim)
    if axes is None:
        axes = tuple(i for i, d in enumerate(inp.shape) if d == 1)
    for i in axes:
        if inp.shape[i] != 1:
            raise ShapeError(f"[squeeze] axis {i} of shape {inp.shape} has length {inp.shape[i]}")
    return shape_ops.reshape(inp, shape=tuple(d for i, d in enumerate(inp.shape) if i not in axes))  # type: ignore[no-any-return]


def transpose(inp: Tensor, pattern: Iterable[int]) -> Tensor:
    """Axes in another order, without a copy: axis i of the result is axis `pattern[i]` of `inp`.

    `'x'` in the pattern stands for a new axis of length 1; an axis left out must have length 1.
    Raises ShapeError for a pattern that names an axis twice or drops a longer one.
    """
    inp = as_tensor(inp)
    items = list(pattern)
    order = [_axis("transpose", i, inp.ndim) for i in items if not isinstance(i, str)]
    if any(isinstance(i, str) and i != "x" for i in items) or len(set(order)) != len(order):
        raise ShapeError(f"[transpose] pattern {tuple(items)} is no order of {inp.ndim} axes")
    dropped = [i for i in range(inp.ndim) if i not in order]
    if any(inp.shape[i] != 1 for i in dropped):
        raise ShapeError(
            f"[transpose] pattern {tuple(items)} leaves out axes of {inp.shape} that are longer"
            " than 1"
        )
    out = shape_ops.transpose(inp, pattern=(*order, *dropped))
    if len(order) == len(items) and not dropped:
        return out  # type: ignore[no-any-return]
    lengths = iter([inp.shape[i] for i in order])
    shape = tuple(1 if isinstance(i, str) else next(lengths) for i in items)
    return shape_ops.reshape(out, shape=shape)  # type: ignore[no-any-return]


def swapaxes(inp: Tensor, axis1: int, axis2: int) -> Tensor:
    """`inp` with two axes interchanged, without a copy."""
    inp = as_tensor(inp)
    a, b = _axis("swapaxes", axis1, inp.ndim), _axis("swapaxes", axis2, inp.ndim)
    order = list(range(inp.ndim))
    order[a], order[b] = order[b], order[a]
    return shape_ops.transpose(inp, pattern=tuple(order))  # type: ignore[no-any-return]


def concat(inps: Iterable[Tensor], axis: int = 0, device: Any = None) -> Tensor:
    """The tensors of a list or tuple one after another along `axis`.

    Data types are promoted together; the shapes agree except along `axis`. `device` is where the
    result goes. Raises ShapeError, and ArgumentError for an empty list.
    """
    parts = _same_dtype("concat", inps)
    return _on(joining.concat(*parts, axis=_axis("concat", axis, parts[0].ndim)), device)


def stack(inps: Iterable[Tensor], axis: int = 0, device: Any = None) -> Tensor:
    """Tensors of one shape side by side along a new `axis`, which counts in the result."""
    parts = _same_dtype("stack", inps)
    shape = parts[0].shape
    for number, part in enumerate(parts):
        if part.shape != shape:
            raise ShapeError(f"[stack] tensor {number} has shape {part.shape}, tensor 0 {shape}")
    at = _axis("stack", axis, len(shape) + 1)
    wide = (*shape[:at], 1, *shape[at:])
    return _on(joining.concat(*[shape_ops.reshape(p, shape=wide) for p in parts], axis=at), device)


def _same_dtype(name: str, inps: Iterable[Tensor]) -> list[Tensor]:
    if isinstance(inps, Tensor):
        inps = [inps[i] for i in range(len(inps))]  # type: ignore[index]
    parts = [as_tensor(x) for x in inps]
    if not parts:
        raise ArgumentError(f"[{name}] needs one tensor at least; got an empty sequence")
    dtype = parts[0].dtype
    for part in parts[1:]:
        dtype = promote(dtype, part.dtype)
    return [p.astype(dtype) for p in parts]


def _on(value: Tensor, device: Any) -> Tensor:
    return value if device is None else value.to(device)


def split(inp: Tensor, nsplits_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """A list of views of consecutive parts along `axis`.

    A number n gives n parts, the first ones longer by one where the length is no multiple of n
    (raises ArgumentError for n < 1 or n greater than the length); a list gives the places to cut.
    """
    inp = as_tensor(inp)
    axis = _axis("split", axis, inp.ndim)
    size = inp.shape[axis]
    if isinstance(nsplits_or_sections, (int, np.integer)):
        count = int(nsplits_or_sections)
        if not 0 < count <= max(size, 1):
            raise ArgumentError(f"[split] axis {axis} of length {size} makes no {count} parts")
        sizes = [size // count + (i < size % count) for i in range(count)]
    else:
        ends = [min(int(e) + size * (int(e) < 0), size) for e in nsplits_or_sections]
        starts = [0, *ends]
        sizes = [max(b - a, 0) for a, b in zip(starts, [*ends, size], strict=True)]
        if sum(sizes) != size:
            raise ArgumentError(
                f"[split] the cuts {list(nsplits_or_sections)} do not rise along axis {axis} of"
                f" length {size}"
            )
    return list(joining.split(inp, sizes=tuple(sizes), axis=axis))


def repeat(inp: Tensor, repeats: int, axis: int | None = None) -> Tensor:
    """Each element `repeats` times in a row along `axis` (None: of the flattened tensor)."""
    inp = as_tensor(inp)
    count = int(repeats)
    if count < 0:
        raise ArgumentError(f"[repeat] repeats is 0 or more; got {count}")
    if axis is None:
        inp, axis = shape_ops.reshape(inp, shape=(-1,)), 0
    axis = _axis("repeat", axis, inp.ndim)
    head, tail = inp.shape[: axis + 1], inp.shape[axis + 1 :]
    wide = shape_ops.reshape(inp, shape=(*head, 1, *tail))
    wide = shape_ops.broadcast_to(wide, shape=(*head, count, *tail))
    return shape_ops.reshape(wide, shape=(*head[:-1], head[-1] * count, *tail))  # type: ignore[no-any-return]


def tile(inp: Tensor, reps: Iterable[int]) -> Tensor:
    """`inp` set side by side `reps[i]` times along axis i, missing axes or counts being 1."""
    inp = as_tensor(inp)
    counts = shape_tuple("tile", reps)
    ndim = max(len(counts), inp.ndim)
    counts = (1,) * (ndim - len(counts)) + counts
    if any(c < 0 for c in counts):
        raise ArgumentError(f"[tile] reps are 0 or more; got {counts}")
    shape = (1,) * (ndim - inp.ndim) + inp.shape
    pairs = list(zip(counts, shape, strict=True))
    wide = shape_ops.reshape(inp, shape=tuple(d for _, s in pairs for d in (1, s)))
    wide = shape_ops.broadcast_to(wide, shape=tuple(d for pair in pairs for d in pair))
    return shape_ops.reshape(wide, shape=tuple(c * s for c, s in pairs))  # type: ignore[no-any-return]


def copy(inp: Tensor, device: Any = None) -> Tensor:
    """A tensor of its own with the values of `inp`, on `device` if one is given."""
    inp = as_tensor(inp)
    if device is not None and inp.to(device) is not inp:
        return inp.to(device)
    return joining.copy(inp)  # type: ignore[no-any-return]


def roll(
    inp: Tensor, shift: int | Iterable[int], axis: int | Iterable[int] | None = None
) -> Tensor:
    """`inp` moved by `shift` places along `axis`, what is pushed out coming back in front.

    Without an axis the flattened tensor is moved. Several shifts go with as many axes.
    """
    inp = as_tensor(inp)
    if axis is None:
        flat = shape_ops.reshape(inp, shape=(-1,))
        return shape_ops.reshape(roll(flat, shift, 0), shape=inp.shape)  # type: ignore[no-any-return]
    shifts, axes = shape_tuple("roll", shift), shape_tuple("roll", axis)
    return joining.roll(inp, shift=shifts, axis=axes)  # type: ignore[no-any-return]


def diag(inp: Tensor, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix, or the square matrix with a vector on its k-th diagonal.

    k > 0 lies above the main diagonal. Raises ShapeError for other ranks.
    """
    return joining.diag(as_tensor(inp), k=int(k))  # type: ignore[no-any-return]
