"""ONNX's operators that arrange elements."""

import math
from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from ...base.errors import ShapeError
from ...ops import joining
from ...ops import shape as shape_ops
from ..aten.pooling import pad as padded
from .room import room
from .table import as_tensor, numbers, operator


@operator("Shape")
def shape(x: Any, *, start: int = 0, end: int | None = None) -> Any:
    """The lengths of the axes from start to end."""
    return np.array(x.shape[slice(start, end)], np.int64)


@operator("Size")
def size(x: Any) -> Any:
    """The number of elements."""
    return np.array(x.size, np.int64)


@operator("Reshape", host=(1,))
def reshape(x: Any, target: Any, *, allowzero: int = 0) -> Any:
    """The same elements under another shape; 0 keeps a length unless `allowzero`."""
    wanted = numbers(target)
    if not allowzero:
        wanted = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    if x.size == 0 and -1 in wanted:
        known = -math.prod(wanted)
        wanted = [(0 if not known else x.size // known) if n == -1 else n for n in wanted]
    return shape_ops.reshape(x, shape=tuple(wanted))


@operator("Flatten")
def flatten(x: Any, *, axis: int = 1) -> Any:
    """A matrix: the axes before `axis`, and those from it on."""
    place = axis % x.ndim if axis < 0 else axis
    return shape_ops.reshape(x, shape=(math.prod(x.shape[:place]), math.prod(x.shape[place:])))


@operator("Transpose")
def transpose(x: Any, *, perm: Any = None) -> Any:
    """The axes in another order, reversed by default."""
    order = tuple(range(x.ndim))[::-1] if perm is None else tuple(perm)
    return shape_ops.transpose(x, pattern=order)


@operator("Squeeze", host=(1,))
def squeeze(x: Any, places: Any = None, *, axes: Any = None) -> Any:
    """Without axes of length 1."""
    chosen = axes if places is None else numbers(places)
    return F.squeeze(x, None if chosen is None else [a % x.ndim for a in chosen])


@operator("Unsqueeze", host=(1,))
def unsqueeze(x: Any, places: Any = None, *, axes: Any = None) -> Any:
    """With axes of length 1 added."""
    chosen = axes if places is None else numbers(places)
    return F.expand_dims(x, [a % (x.ndim + len(chosen)) for a in chosen])


@operator("Concat")
def concat(*parts: Any, axis: int) -> Any:
    """The inputs one after another."""
    return F.concat(list(parts), axis)


@operator("Split", host=(1,))
def split(
    x: Any, lengths: Any = None, *, axis: int = 0, split: Any = None, num_outputs: int = 0,
    outputs: int = 1,
) -> Any:  # fmt: skip
    """Parts of given lengths, or of one length (the last may be smaller)."""
    place = axis % x.ndim
    sizes = split if lengths is None else numbers(lengths)
    if sizes is None:
        count = num_outputs or outputs
        room(count)
        each = -(-x.shape[place] // count)
        sizes = [each] * (count - 1)
        sizes.append(x.shape[place] - sum(sizes))
    return tuple(joining.split(x, sizes=tuple(sizes), axis=place))


@operator("Expand", host=(1,))
def expand(x: Any, target: Any) -> Any:
    """x stretched together with a shape."""
    shape = np.broadcast_shapes(x.shape, tuple(numbers(target)))
    room(*shape, each=x.dtype.itemsize)
    return shape_ops.broadcast_to(x, shape=shape)


@operator("Tile", host=(1,))
def tile(x: Any, repeats: Any) -> Any:
    """x side by side."""
    room(x.size, *numbers(repeats), each=x.dtype.itemsize)
    return F.tile(x, tuple(numbers(repeats)))


@operator("Pad", host=(1, 3))
def pad(
    x: Any, widths: Any = None, filling: Any = None, places: Any = None, *,
    mode: str = "constant", pads: Any = None, value: float = 0.0,
) -> Any:  # fmt: skip
    """x widened (or cut) at its axes, or at those named."""
    given = pads if widths is None else numbers(widths)
    axes = list(range(x.ndim)) if places is None else [a % x.ndim for a in numbers(places)]
    half = len(given) // 2
    pairs = [(0, 0)] * x.ndim
    for i, axis in enumerate(axes):
        pairs[axis] = (given[i], given[half + i])
    wide = [n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True)]
    room(*wide, each=x.dtype.itemsize)
    flat = [w for pair in reversed(pairs) for w in pair]
    known = {"edge": "replicate", "wrap": "circular"}
    number = value if filling is None else filling.item()
    if mode == "reflect":
        return _reflected(x, pairs)
    return padded(x, flat, known.get(mode, mode), number)


def _reflected(x: Any, pairs: Any) -> Any:
    """Reflection of any length, by index."""
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            n = x.shape[axis]
            place = np.arange(-before, n + after)
            period = max(2 * (n - 1), 1)
            place = np.abs((place + (n - 1)) % period - (n - 1)) if n > 1 else place * 0
            x = x[(*[slice(None)] * axis, place)]
    return x


@operator("CenterCropPad", host=(1,))
def center_crop_pad(x: Any, target: Any, *, axes: Any = None) -> Any:
    """Axes cut or filled with zeros to lengths, evenly on both sides."""
    chosen = range(x.ndim) if axes is None else [a % x.ndim for a in axes]
    pairs = [(0, 0)] * x.ndim
    for axis, goal in zip(chosen, numbers(target), strict=True):
        more = goal - x.shape[axis]
        before = more // 2 if more >= 0 else -(-more // 2)
        pairs[axis] = (before, more - before)
    wide = [n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True)]
    room(*wide, each=x.dtype.itemsize)
    return padded(x, [w for pair in reversed(pairs) for w in pair])


@operator("DepthToSpace")
def depth_to_space(x: Any, *, blocksize: int, mode: str = "DCR") -> Any:
    """Channels as pixels; in DCR mode the block comes before the channels."""
    n, c, h, w = x.shape
    b = blocksize
    if mode == "CRD":
        return F.pixel_shuffle(x, b)
    parts = shape_ops.reshape(x, shape=(n, b, b, c // (b * b), h, w))
    parts = shape_ops.transpose(parts, pattern=(0, 3, 4, 1, 5, 2))
    return shape_ops.reshape(parts, shape=(n, c // (b * b), h * b, w * b))


@operator("SpaceToDepth")
def space_to_depth(x: Any, *, blocksize: int, mode: str = "DCR") -> Any:
    """Pixels as channels."""
    n, c, h, w = x.shape
    b = blocksize
    parts = shape_ops.reshape(x, shape=(n, c, h // b, b, w // b, b))
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    parts = shape_ops.transpose(parts, pattern=order)
    return shape_ops.reshape(parts, shape=(n, c * b * b, h // b, w // b))


@operator("Trilu", host=(1,))
def trilu(x: Any, k: Any = None, *, upper: int = 1) -> Any:
    """The triangle on and above (or below) the k-th diagonal."""
    offset = 0 if k is None else int(k)
    mask = np.tril(np.ones(x.shape[-2:], bool), offset - 1 if upper else offset)
    zero = F.zeros((), dtype=x.dtype)
    kept = as_tensor(~mask if upper else mask)
    return F.where(kept, x, zero)


@operator("ReverseSequence", host=(1,))
def reverse_sequence(x: Any, lengths: Any, *, batch_axis: int = 1, time_axis: int = 0) -> Any:
    """The first `lengths[i]` steps of each sequence backwards."""
    if {batch_axis, time_axis} != {0, 1}:
        raise ShapeError(
            f"[ReverseSequence] batch and time are axes 0 and 1; got {batch_axis}, {time_axis}"
        )
    steps = x.shape[time_axis]
    place = np.arange(steps)[None].repeat(x.shape[batch_axis], 0)
    ends = np.asarray(lengths)[:, None]
    place = np.where(place < ends, ends - 1 - place, place)  # (batch, time)
    batch = np.arange(x.shape[batch_axis])[:, None]
    if batch_axis == 0:
        return x[(batch, place)]
    return x[(place.T, batch.T)]


@operator("BitCast", numpy=True)
def bit_cast(x: Any, *, to: Any) -> Any:
    """The same bits as another data type of the same size."""
    return np.asarray(x).view(dt.as_dtype(to))
