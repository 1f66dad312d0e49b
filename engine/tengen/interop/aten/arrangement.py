"""ATen operators that arrange elements: shapes, axes, joining, cutting, casting."""

import math
from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...base.errors import ShapeError
from ...functional.elemwise import trunc
from ...ops import joining
from ...ops import shape as shape_ops
from .promotion import rank
from .table import aten


def axis_of(axis: int, ndim: int) -> int:
    """A non-negative axis; a 0-d tensor has axis 0."""
    return axis % max(ndim, 1)


def axes_of(axes: Any, ndim: int) -> tuple[int, ...]:
    """Non-negative axes from an int, a list, or None or [] for all."""
    if axes is None or (isinstance(axes, (list, tuple)) and not axes):
        return tuple(range(ndim))
    items = [axes] if isinstance(axes, int) else axes
    return tuple(axis_of(a, ndim) for a in items)


@aten("view.default", "reshape", "_unsafe_view", "_reshape_alias", "view_copy.default")
def reshape(x: Any, shape: Any, *ignored: Any) -> Any:
    """The same elements under another shape."""
    return shape_ops.reshape(x, shape=tuple(shape))


@aten("flatten")
def flatten(x: Any, start: int = 0, end: int = -1) -> Any:
    """The axes from start to end as one."""
    return F.flatten(x, start, end)


@aten("unflatten")
def unflatten(x: Any, axis: int, sizes: Any) -> Any:
    """One axis as several."""
    axis = axis_of(axis, x.ndim)
    if -1 in sizes:
        known = -math.prod(sizes)
        sizes = [x.shape[axis] // known if n == -1 else n for n in sizes]
    return shape_ops.reshape(x, shape=(*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))


@aten("permute", "permute_copy")
def permute(x: Any, order: Any) -> Any:
    """The axes in another order."""
    return shape_ops.transpose(x, pattern=tuple(axis_of(a, x.ndim) for a in order))


@aten("transpose.int", "swapaxes", "swapdims", "transpose_copy.int")
def transpose(x: Any, a: int, b: int) -> Any:
    """Two axes interchanged."""
    return F.swapaxes(x, a, b) if x.ndim else x


@aten("t", "numpy_T", "mT", "adjoint")
def matrix_transpose(x: Any) -> Any:
    """The last two axes interchanged."""
    return F.swapaxes(x, -1, -2) if x.ndim > 1 else x


@aten("movedim", "moveaxis")
def movedim(x: Any, source: Any, target: Any) -> Any:
    """Axes put at other places, the rest in order."""
    sources, targets = axes_of(source, x.ndim), axes_of(target, x.ndim)
    rest = iter([a for a in range(x.ndim) if a not in sources])
    order = [
        sources[targets.index(place)] if place in targets else next(rest) for place in range(x.ndim)
    ]
    return shape_ops.transpose(x, pattern=tuple(order))


@aten("expand", "broadcast_to", "expand_copy")
def expand(x: Any, shape: Any, *, implicit: bool = False) -> Any:
    """x stretched; -1 keeps a length."""
    lead = len(shape) - x.ndim
    full = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(shape))
    return shape_ops.broadcast_to(x, shape=full)


@aten("expand_as")
def expand_as(x: Any, other: Any) -> Any:
    """x stretched to another's shape."""
    return shape_ops.broadcast_to(x, shape=other.shape)


@aten("view_as", "reshape_as")
def view_as(x: Any, other: Any) -> Any:
    """x in another's shape."""
    return shape_ops.reshape(x, shape=other.shape)


@aten("squeeze", "squeeze_copy")
def squeeze(x: Any, axes: Any = None) -> Any:
    """Without axes of length 1, among those named."""
    chosen = axes_of(axes, x.ndim) if axes is not None else tuple(range(x.ndim))
    shape = tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in chosen)
    return x if len(shape) == x.ndim else shape_ops.reshape(x, shape=shape)


@aten("unsqueeze", "unsqueeze_copy")
def unsqueeze(x: Any, axis: int) -> Any:
    """With one more axis of length 1."""
    axis = axis % (x.ndim + 1)
    return shape_ops.reshape(x, shape=(*x.shape[:axis], 1, *x.shape[axis:]))


@aten("cat", "concat")
def cat(parts: Any, axis: int = 0) -> Any:
    """Tensors one after another; empty vectors are left out."""
    kept = [p for p in parts if p.shape != (0,)] or parts[:1]
    return F.concat(kept, axis)


@aten("stack")
def stack(parts: Any, axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return F.stack(parts, axis)


@aten("split", "split_with_sizes", "split_copy", "split_with_sizes_copy", "unsafe_split")
def split(x: Any, sizes: Any, axis: int = 0) -> Any:
    """Parts of one size (the last may be smaller), or of the sizes given."""
    axis = axis_of(axis, x.ndim)
    if isinstance(sizes, int):
        length = x.shape[axis]
        count = max(1, -(-length // sizes)) if sizes else 1
        sizes = [min(sizes, length - i * sizes) for i in range(count)]
    return joining.split(x, sizes=tuple(sizes), axis=axis)


@aten("chunk")
def chunk(x: Any, count: int, axis: int = 0) -> Any:
    """At most `count` parts of one size."""
    length = x.shape[axis_of(axis, x.ndim)]
    return split(x, -(-length // count), axis)


@aten("tensor_split")
def tensor_split(x: Any, places: Any, axis: int = 0) -> Any:
    """`count` parts, the first ones longer by one, or parts between places."""
    return tuple(F.split(x, places, axis))


@aten("unbind", "unbind_copy")
def unbind(x: Any, axis: int = 0) -> Any:
    """The slices along an axis, without it."""
    axis = axis_of(axis, x.ndim)
    parts = joining.split(x, sizes=(1,) * x.shape[axis], axis=axis)
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    return tuple(shape_ops.reshape(p, shape=shape) for p in parts)


@aten("repeat")
def repeat(x: Any, counts: Any) -> Any:
    """x side by side, `counts` times along the axes."""
    return F.tile(x, tuple(counts))


@aten("tile")
def tile(x: Any, counts: Any) -> Any:
    """As repeat, with missing counts being 1."""
    return F.tile(x, tuple(counts))


@aten("repeat_interleave.self_int")
def repeat_interleave(x: Any, count: int, axis: int | None = None, output_size: Any = None) -> Any:
    """Each element `count` times in a row."""
    return F.repeat(x, count, axis)


@aten("roll")
def roll(x: Any, shifts: Any, axes: Any = ()) -> Any:
    """x moved along axes, what leaves coming back in front."""
    return F.roll(x, tuple(shifts), tuple(axes) if axes else None)


@aten("flip")
def flip(x: Any, axes: Any) -> Any:
    """Axes read from the back."""
    chosen = axes_of(axes, x.ndim) if axes else ()
    return x[tuple(slice(None, None, -1) if i in chosen else slice(None) for i in range(x.ndim))]


@aten("pixel_shuffle")
def pixel_shuffle(x: Any, factor: int) -> Any:
    """Channels as pixels."""
    return F.pixel_shuffle(x, factor)


@aten("pixel_unshuffle")
def pixel_unshuffle(x: Any, factor: int) -> Any:
    """Pixels as channels."""
    *lead, channels, height, width = x.shape
    h, w, r = height // factor, width // factor, factor
    n = len(lead)
    parts = shape_ops.reshape(x, shape=(*lead, channels, h, r, w, r))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    parts = shape_ops.transpose(parts, pattern=order)
    return shape_ops.reshape(parts, shape=(*lead, channels * r * r, h, w))


@aten("channel_shuffle")
def channel_shuffle(x: Any, groups: int) -> Any:
    """The channels of groups interleaved."""
    batch, channels, *size = x.shape
    parts = shape_ops.reshape(x, shape=(batch, groups, channels // groups, *size))
    return shape_ops.reshape(F.swapaxes(parts, 1, 2), shape=x.shape)


@aten("clone", "contiguous", "alias", "alias_copy", "lift_fresh_copy", "lift_fresh", "view.dtype")
def alias(x: Any, *ignored: Any) -> Any:
    """x itself: values are immutable."""
    return x


@aten("detach", "detach_copy", "detach_")
def detach(x: Any) -> Any:
    """x as a constant."""
    return x.detach()


@aten("_to_copy", "to.dtype", "type_as", "to.other", "to.dtype_layout", "to.device",
      "prims.convert_element_type")  # fmt: skip
def to(x: Any, *given: Any, dtype: Any = None, **ignored: Any) -> Any:
    """x in another data type."""
    for item in given:
        if hasattr(item, "dtype"):
            dtype = item.dtype
        elif not isinstance(item, (bool, type(None))):
            dtype = item
    if dtype is None or dtype == x.dtype:
        return x
    if dtype == dt.bool_:
        return F.not_equal(x, 0)
    if rank(x.dtype) == 2 and rank(dtype) == 1:
        return trunc(x).astype(dtype)
    return x.astype(dtype)


@aten("meshgrid")
def meshgrid(parts: Any, indexing: str = "ij") -> Any:
    """Every vector stretched over the grid that they span."""
    vectors = [shape_ops.reshape(p, shape=(p.size,)) for p in parts]
    if indexing == "xy" and len(vectors) > 1:
        made = list(meshgrid([vectors[1], vectors[0], *vectors[2:]]))
        made[0], made[1] = made[1], made[0]
        return tuple(made)
    shape = tuple(v.size for v in vectors)
    found = []
    for i, v in enumerate(vectors):
        wide = shape_ops.reshape(v, shape=tuple(v.size if j == i else 1 for j in range(len(shape))))
        found.append(shape_ops.broadcast_to(wide, shape=shape))
    return tuple(found)


@aten("diagonal", "diagonal_copy")
def diagonal(x: Any, offset: int = 0, first: int = 0, second: int = 1) -> Any:
    """The diagonals of the planes of two axes, as a last axis."""
    a, b = axis_of(first, x.ndim), axis_of(second, x.ndim)
    rest = [i for i in range(x.ndim) if i not in (a, b)]
    turned = shape_ops.transpose(x, pattern=(*rest, a, b))
    rows, columns = turned.shape[-2:]
    count = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    if not count:
        raise ShapeError(f"[diagonal] no diagonal {offset} in {rows} x {columns}")
    places = F.arange(count, dtype="int64")
    return turned[(..., places + max(-offset, 0), places + max(offset, 0))]
