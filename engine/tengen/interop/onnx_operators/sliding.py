"""ONNX's convolutions and pooling."""

import math
from typing import Any

import numpy as np

from ... import functional as F
from ...base.errors import ArgumentError
from .. import sliding
from .room import room
from .table import as_array, as_tensor, operator


def _window(
    x: Any, kernel: Any, strides: Any, dilations: Any, pads: Any, auto_pad: str
) -> tuple[Any, Any, Any, Any]:
    """Strides, dilations and padding before and after, from the attributes."""
    axes, size = len(kernel), x.shape[2:]
    stride = tuple(strides or (1,) * axes)
    gaps = tuple(dilations or (1,) * axes)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        before, after = _evenly(size, kernel, stride, gaps, auto_pad == "SAME_UPPER")
    elif auto_pad in ("NOTSET", "", "VALID"):
        given = tuple((pads if auto_pad != "VALID" else None) or (0,) * (2 * axes))
        before, after = given[:axes], given[axes:]
    else:
        raise ArgumentError(f"[Conv] auto_pad is NOTSET, VALID or SAME; got {auto_pad!r}")
    wide = [n + p + q for n, p, q in zip(size, before, after, strict=True)]
    room(*x.shape[:2], *wide, each=x.dtype.itemsize)
    for n, k in zip(wide, kernel, strict=True):
        room(n, k)
    return stride, gaps, before, after


def _evenly(size: Any, kernel: Any, stride: Any, gaps: Any, upper: bool) -> tuple[Any, Any]:
    """Padding so that there are as many windows as strides; the odd one behind if `upper`."""
    before, after = [], []
    for n, k, s, d in zip(size, kernel, stride, gaps, strict=True):
        more = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        small = more // 2
        before.append(small if upper else more - small)
        after.append(more - before[-1])
    return tuple(before), tuple(after)


@operator("Conv")
def convolution(
    x: Any, weight: Any, bias: Any = None, *, kernel_shape: Any = None, strides: Any = None,
    dilations: Any = None, pads: Any = None, auto_pad: str = "NOTSET", group: int = 1,
) -> Any:  # fmt: skip
    """The convolution."""
    kernel = weight.shape[2:]
    stride, gaps, before, after = _window(x, kernel, strides, dilations, pads, auto_pad)
    return sliding.convolve(x, weight, bias, stride, before, after, gaps, group)


@operator("ConvTranspose")
def transposed_convolution(
    x: Any, weight: Any, bias: Any = None, *, kernel_shape: Any = None, strides: Any = None,
    dilations: Any = None, pads: Any = None, auto_pad: str = "NOTSET", group: int = 1,
    output_padding: Any = None, output_shape: Any = None,
) -> Any:  # fmt: skip
    """The transposed convolution."""
    kernel = weight.shape[2:]
    axes = len(kernel)
    stride, gaps = tuple(strides or (1,) * axes), tuple(dilations or (1,) * axes)
    extra = tuple(output_padding or (0,) * axes)
    full = tuple(
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(x.shape[2:], stride, gaps, kernel, extra, strict=True)
    )
    room(x.shape[0], weight.shape[1] * group, *full)
    if output_shape is None and auto_pad in ("NOTSET", "VALID", ""):
        edges = tuple(pads or (0,) * (2 * axes)) if auto_pad != "VALID" else (0,) * (2 * axes)
        before = edges[:axes]
        size = tuple(f - a - b for f, a, b in zip(full, before, edges[axes:], strict=True))
    else:
        size = tuple(output_shape) if output_shape is not None else tuple(
            n * s for n, s in zip(x.shape[2:], stride, strict=True)
        )  # fmt: skip
        size = size[-axes:]
        more = [max(f - n, 0) for f, n in zip(full, size, strict=True)]
        upper = auto_pad == "SAME_UPPER"
        before = tuple(m // 2 if upper else m - m // 2 for m in more)
    room(x.shape[0], weight.shape[1] * group, *size)
    return sliding.convolve_transposed(x, weight, bias, stride, before, size, gaps, group)


@operator("MaxPool")
def max_pool(
    x: Any, *, kernel_shape: Any, strides: Any = None, dilations: Any = None, pads: Any = None,
    auto_pad: str = "NOTSET", ceil_mode: int = 0, storage_order: int = 0, outputs: int = 1,
) -> Any:  # fmt: skip
    """The largest element of each window, and its place in the whole tensor."""
    stride, gaps, before, after = _window(x, kernel_shape, strides, dilations, pads, auto_pad)
    kernel = tuple(kernel_shape)
    how = (kernel, stride, before, after, gaps, bool(ceil_mode))
    y = sliding.max_pool(x, *how)
    return (y, _places(x, y, how, storage_order)) if outputs > 1 else y


def _places(x: Any, y: Any, how: Any, storage_order: int) -> Any:
    """Where in the flat tensor each largest element lies."""
    kernel, stride, before, _, gaps, _ = how
    values, best = as_array(x), as_array(y)
    size, counts = x.shape[2:], y.shape[2:]
    places = [
        np.arange(c)[:, None] * s - p + np.arange(k) * d
        for c, s, p, k, d in zip(counts, stride, before, kernel, gaps, strict=True)
    ]
    found = np.full(best.shape, -1, np.int64)
    for offset in np.ndindex(*kernel):
        axes = [place[:, o] for place, o in zip(places, offset, strict=True)]
        inside = [(a >= 0) & (a < n) for a, n in zip(axes, size, strict=True)]
        grid = np.ix_(*[np.clip(a, 0, n - 1) for a, n in zip(axes, size, strict=True)])
        valid = np.ones((), bool)
        for mask in inside:
            valid = valid[..., None] & mask
        order: Any = "F" if storage_order else "C"
        number = np.ravel_multi_index(tuple(np.broadcast_arrays(*grid)), size, order=order)
        hit = (values[(slice(None), slice(None), *grid)] == best) & valid & (found < 0)
        found = np.where(hit, number, found)
    area = math.prod(size)
    start = np.arange(best.shape[0] * best.shape[1]).reshape(*best.shape[:2], *[1] * len(size))
    return as_tensor(found + start * area)


@operator("MaxUnpool", host=(1, 2))
def max_unpool(
    x: Any, places: Any, target: Any = None, *, kernel_shape: Any, strides: Any = None,
    pads: Any = None,
) -> Any:  # fmt: skip
    """Zeros with the elements put back where they were taken from."""
    axes = len(kernel_shape)
    stride = tuple(strides or (1,) * axes)
    edges = tuple(pads or (0,) * (2 * axes))
    size = tuple(
        (n - 1) * s + k - a - b
        for n, s, k, a, b in zip(
            x.shape[2:], stride, kernel_shape, edges[:axes], edges[axes:], strict=True
        )
    )
    shape = (*x.shape[:2], *size)
    room(*shape)
    made = np.zeros(math.prod(shape), x.dtype)
    made[places.reshape(-1)] = as_array(x).reshape(-1)
    made = made.reshape(shape)
    if target is None:
        return as_tensor(made)
    room(*target)
    full = np.zeros(tuple(int(n) for n in target), x.dtype)
    full[tuple(slice(0, n) for n in shape)] = made
    return as_tensor(full)


@operator("AveragePool")
def average_pool(
    x: Any, *, kernel_shape: Any, strides: Any = None, dilations: Any = None, pads: Any = None,
    auto_pad: str = "NOTSET", ceil_mode: int = 0, count_include_pad: int = 0,
) -> Any:  # fmt: skip
    """The mean of each window."""
    stride, gaps, before, after = _window(x, kernel_shape, strides, dilations, pads, auto_pad)
    return sliding.average_pool(
        x, tuple(kernel_shape), stride, before, after, gaps, bool(ceil_mode),
        bool(count_include_pad),
    )  # fmt: skip


@operator("LpPool")
def lp_pool(
    x: Any, *, kernel_shape: Any, p: int = 2, strides: Any = None, dilations: Any = None,
    pads: Any = None, auto_pad: str = "NOTSET", ceil_mode: int = 0,
) -> Any:  # fmt: skip
    """The p-norm of each window."""
    stride, gaps, before, after = _window(x, kernel_shape, strides, dilations, pads, auto_pad)
    powers = F.pow(F.abs(x), p)
    total = sliding.average_pool(
        powers, tuple(kernel_shape), stride, before, after, gaps, bool(ceil_mode), True, 1
    )
    return F.pow(total, 1 / p)


def _spatial(x: Any) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


@operator("GlobalAveragePool")
def global_average_pool(x: Any) -> Any:
    """The mean over the spatial axes."""
    return F.mean(x, _spatial(x), True)


@operator("GlobalMaxPool")
def global_max_pool(x: Any) -> Any:
    """The largest element over the spatial axes."""
    return F.max(x, _spatial(x), True)


@operator("GlobalLpPool")
def global_lp_pool(x: Any, *, p: int = 2) -> Any:
    """The p-norm over the spatial axes."""
    return F.pow(F.sum(F.pow(F.abs(x), p), _spatial(x), True), 1 / p)


@operator("DeformConv")
def deformable_convolution(
    x: Any, weight: Any, offset: Any, bias: Any = None, mask: Any = None, *,
    kernel_shape: Any = None, strides: Any = None, dilations: Any = None, pads: Any = None,
    group: int = 1, offset_group: int = 1,
) -> Any:  # fmt: skip
    """A convolution that reads at learned offsets, by bilinear interpolation (Dai et al., 2017)."""
    kernel = weight.shape[2:]
    stride, gaps, before, _ = _window(x, kernel, strides, dilations, pads, "NOTSET")
    values, shifts = as_array(x), as_array(offset)
    batch, channels = values.shape[:2]
    rows, columns = shifts.shape[2:]
    area = math.prod(kernel)
    shifts = shifts.reshape(batch, offset_group, area, 2, rows, columns)
    share = np.ones((batch, offset_group, area, rows, columns), values.dtype)
    if mask is not None:
        share = as_array(mask).reshape(share.shape)
    room(batch, channels, area, rows, columns, each=values.dtype.itemsize)
    parts = np.zeros((batch, channels, area, rows, columns), values.dtype)
    per = channels // offset_group
    down = np.arange(rows)[:, None] * stride[0] - before[0]
    along = np.arange(columns)[None] * stride[1] - before[1]
    for number, (i, j) in enumerate(np.ndindex(*kernel)):
        for n in range(batch):
            for g in range(offset_group):
                y = down + i * gaps[0] + shifts[n, g, number, 0]
                z = along + j * gaps[1] + shifts[n, g, number, 1]
                chosen = slice(g * per, (g + 1) * per)
                read = _bilinear(values[n, chosen], y, z)
                parts[n, chosen, number] = read * share[n, g, number]
    parts = parts.reshape(batch, channels * area, rows, columns)
    flat = F.reshape(weight, (weight.shape[0], -1, 1, 1))
    one, none = (1, 1), (0, 0)
    return sliding.convolve(as_tensor(parts), flat, bias, one, none, none, one, group)


def _bilinear(image: Any, y: Any, x: Any) -> Any:
    """An image (C, H, W) read between its pixels; zeros outside."""
    height, width = image.shape[1:]
    total = np.zeros((image.shape[0], *y.shape), image.dtype)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    for dy in (0, 1):
        for dx in (0, 1):
            row, column = top + dy, left + dx
            weight = (1 - np.abs(y - row)) * (1 - np.abs(x - column))
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            part = image[:, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            total += (part * np.where(inside, weight, 0)).astype(image.dtype)
    return total
