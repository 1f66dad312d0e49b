"""Convolution and pooling with the freedoms of other frameworks: uneven padding, dilation, sizes
rounded up, adaptive windows. Where our operators do it directly they are used."""

import itertools
import math
from typing import Any

import numpy as np

from .. import functional as F
from ..base import dtype as dt
from ..base.errors import ShapeError
from ..ops import convolution as convolution_ops
from ..ops import pooling as pooling_ops
from ..ops.sliding import sliding_window
from ..tensor import Tensor

Sizes = tuple[int, ...]


def widened(x: Any, before: Sizes, after: Sizes, value: float = 0.0) -> Any:
    """x (N, C, ...) with elements of one value around its spatial axes."""
    if not any(before) and not any(after):
        return x
    pairs = ((0, 0), (0, 0), *zip(before, after, strict=True))
    return F.nn.pad(x, pairs, constant_value=value)


def grouped(weight: Any, groups: int) -> Any:
    """A weight (O, C/G, ...) as (G, O/G, C/G, ...), unless there is one group."""
    if groups == 1:
        return weight
    rows = weight.shape[0]
    if rows % groups:
        raise ShapeError(f"[conv] {rows} channels do not divide into {groups} groups")
    return F.reshape(weight, (groups, rows // groups, *weight.shape[1:]))


def convolve(
    x: Any, weight: Any, bias: Any, stride: Sizes, before: Sizes, after: Sizes, dilation: Sizes,
    groups: int,
) -> Any:  # fmt: skip
    """The convolution of x (N, C, ...) with weight (O, C/G, ...)."""
    padding = before
    if before != after:
        x, padding = widened(x, before, after), (0,) * len(before)
    operands = [x, grouped(weight, groups)] + ([] if bias is None else [bias])
    return convolution_ops.convolution(*operands, stride=stride, padding=padding, dilation=dilation)


def convolve_transposed(
    x: Any, weight: Any, bias: Any, stride: Sizes, before: Sizes, size: Sizes, dilation: Sizes,
    groups: int,
) -> Any:  # fmt: skip
    """The transposed convolution of x with weight (C, O/G, ...), cut to `size` after `before`."""
    axes = len(size)
    kernel = weight.shape[2:]
    full = tuple(
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(x.shape[2:], stride, dilation, kernel, strict=True)
    )
    symmetric = all(
        0 <= n - (f - 2 * p) < s for n, f, p, s in zip(size, full, before, stride, strict=True)
    )
    how = {"stride": stride, "dilation": dilation}
    w = grouped(weight, groups)
    if symmetric:
        y = convolution_ops.convolution_backward_data(x, w, size=size, padding=before, **how)
    else:
        y = convolution_ops.convolution_backward_data(x, w, size=full, padding=(0,) * axes, **how)
        more = tuple(max(0, p + n - f) for p, n, f in zip(before, size, full, strict=True))
        y = widened(y, (0,) * axes, more)
        y = y[(..., *[slice(p, p + n) for p, n in zip(before, size, strict=True)])]
    if bias is None:
        return y
    return F.add(y, F.reshape(bias, (1, -1, *[1] * axes)))


def window_counts(
    size: Sizes, kernel: Sizes, stride: Sizes, before: Sizes, after: Sizes, dilation: Sizes,
    up: bool,
) -> Sizes:  # fmt: skip
    """How many windows there are along each axis; `up`: a last one may stand out, if it begins
    inside the data or the padding before it."""
    found = []
    for n, k, s, p, q, d in zip(size, kernel, stride, before, after, dilation, strict=True):
        room = n + p + q - (d * (k - 1) + 1)
        if room < 0 and not up:
            raise ShapeError(f"[pool] a window of {k} does not fit into {n} elements")
        count = (-(-room // s) if up else room // s) + 1
        if up and (count - 1) * s >= n + p:
            count -= 1
        found.append(count)
    return tuple(found)


def _reach(counts: Sizes, size: Sizes, kernel: Sizes, stride: Sizes, before: Sizes,
           dilation: Sizes) -> Sizes:  # fmt: skip
    """What has to be added behind for the last windows."""
    return tuple(
        max(0, (c - 1) * s + d * (k - 1) + 1 - n - p)
        for c, n, k, s, p, d in zip(counts, size, kernel, stride, before, dilation, strict=True)
    )


def max_pool(
    x: Any, kernel: Sizes, stride: Sizes, before: Sizes, after: Sizes, dilation: Sizes,
    up: bool = False,
) -> Any:  # fmt: skip
    """The largest element of every window of x (N, C, ...)."""
    if not dt.is_float(x.dtype):
        wide = x.astype(dt.float64 if x.dtype.itemsize > 2 else dt.float32)
        return max_pool(wide, kernel, stride, before, after, dilation, up).astype(x.dtype)
    size = x.shape[2:]
    counts = window_counts(size, kernel, stride, before, after, dilation, up)
    behind = _reach(counts, size, kernel, stride, before, dilation)
    plain = all(d == 1 for d in dilation)
    even = all(q <= p for p, q in zip(before, behind, strict=True))
    half = all(2 * p <= k for p, k in zip(before, kernel, strict=True))
    same = counts == tuple(
        (n + 2 * p - k) // s + 1 for n, p, k, s in zip(size, before, kernel, stride, strict=True)
    )
    how = {"kernel": kernel, "stride": stride}
    if plain and even and half and same:
        return pooling_ops.max_pool(x, padding=before, **how)[0]
    none = (0,) * len(kernel)
    x = widened(x, before, behind, -math.inf)
    if plain:
        return _cut(pooling_ops.max_pool(x, padding=none, **how)[0], counts)
    windows = sliding_window(x, padding=none, dilation=dilation, **how)
    axes = tuple(range(windows.ndim - len(kernel), windows.ndim))
    return _cut(F.max(windows, axes), counts)


def _cut(y: Any, counts: Sizes) -> Any:
    return y if y.shape[2:] == counts else y[(..., *[slice(0, c) for c in counts])]


def average_pool(
    x: Any, kernel: Sizes, stride: Sizes, before: Sizes, after: Sizes, dilation: Sizes,
    up: bool = False, count_padding: bool = True, divisor: int | None = None,
) -> Any:  # fmt: skip
    """The mean of every window; padding counts if `count_padding`; `divisor` replaces the count."""
    size = x.shape[2:]
    counts = window_counts(size, kernel, stride, before, after, dilation, up)
    plain = all(d == 1 for d in dilation) and not up and divisor is None and before == after
    half = all(2 * p <= k for p, k in zip(before, kernel, strict=True))
    how = {"kernel": kernel, "stride": stride}
    if plain and half:
        mode = "average" if count_padding else "average_count_exclude_padding"
        return pooling_ops.average_pool(x, padding=before, mode=mode, **how)
    none = (0,) * len(kernel)
    behind = _reach(counts, size, kernel, stride, before, dilation)
    wide = widened(x, before, behind)
    if all(d == 1 for d in dilation):
        mean = pooling_ops.average_pool(wide, padding=none, mode="average", **how)
    else:
        windows = sliding_window(wide, padding=none, dilation=dilation, **how)
        mean = F.mean(windows, tuple(range(windows.ndim - len(kernel), windows.ndim)))
    mean = _cut(mean, counts)
    area = math.prod(kernel)
    if divisor is not None:
        return F.mul(mean, area / divisor)
    number = _members(size, counts, kernel, stride, before, after, dilation, count_padding)
    factor = Tensor(area / np.maximum(number, 1), dtype=x.dtype)
    return F.mul(mean, factor)


def _members(
    size: Sizes, counts: Sizes, kernel: Sizes, stride: Sizes, before: Sizes, after: Sizes,
    dilation: Sizes, count_padding: bool,
) -> Any:  # fmt: skip
    """How many elements of each window count."""
    total = np.ones((), np.int64)
    for n, c, k, s, p, q, d in zip(
        size, counts, kernel, stride, before, after, dilation, strict=True
    ):
        place = np.arange(c)[:, None] * s - p + np.arange(k) * d
        low, high = (-p, n + q) if count_padding else (0, n)
        total = total[..., None] * ((place >= low) & (place < high)).sum(1)
    return total


def adaptive_windows(size: int, target: int) -> list[tuple[int, int]]:
    """Start and end of each window when `size` elements are pooled to `target`."""
    return [(i * size // target, -(-(i + 1) * size // target)) for i in range(target)]


def _even(size: Sizes, target: Sizes) -> bool:
    return all(t >= 1 and n % t == 0 for n, t in zip(size, target, strict=True))


def adaptive_average(x: Any, target: Sizes) -> Any:
    """Average pooling of x (N, C, ...) to a size."""
    size = x.shape[2:]
    if _even(size, target):
        kernel = tuple(n // t for n, t in zip(size, target, strict=True))
        none = (0,) * len(target)
        return pooling_ops.average_pool(x, kernel=kernel, stride=kernel, padding=none)
    for axis, goal in enumerate(target, 2):
        length = x.shape[axis]
        weights = np.zeros((length, goal))
        for column, (start, end) in enumerate(adaptive_windows(length, goal)):
            weights[start:end, column] = 1 / (end - start)
        x = along(x, axis, weights)
    return x


def adaptive_max(x: Any, target: Sizes) -> Any:
    """Max pooling of x (N, C, ...) to a size."""
    size = x.shape[2:]
    if _even(size, target):
        kernel = tuple(n // t for n, t in zip(size, target, strict=True))
        return pooling_ops.max_pool(x, kernel=kernel, stride=kernel, padding=(0,) * len(target))[0]
    windows = [adaptive_windows(n, t) for n, t in zip(size, target, strict=True)]
    axes = tuple(range(2, x.ndim))
    parts = [
        F.max(x[(slice(None), slice(None), *[slice(a, b) for a, b in place])], axes)
        for place in itertools.product(*windows)
    ]
    return F.reshape(F.stack(parts, 2), (*x.shape[:2], *target))


def along(x: Any, axis: int, weights: Any) -> Any:
    """x with an axis of length n multiplied by a matrix (n, m)."""
    matrix = Tensor(np.asarray(weights), dtype=x.dtype)
    if axis == x.ndim - 1:
        return F.matmul(x, matrix)
    return F.swapaxes(F.matmul(F.swapaxes(x, axis, -1), matrix), axis, -1)
