"""Boxes and regions of images: their suppression, and pooling within them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, floating
from ..ops import comparison
from ..ops.arg_extreme import argmax
from ..ops.arithmetic import abs as magnitude
from ..ops.arithmetic import clip, floor, maximum, sign
from ..ops.elementwise import add, affine, div, mul
from ..ops.indexing import take
from ..ops.joining import concat
from ..ops.reduce import sum as sum_of
from ..ops.selection import where
from ..ops.shape import cast, reshape
from ..ops.slicing import sliced
from ..ops.vision import nms as suppression
from ..ops.vision import regions as ops
from ..ops.vision.sample_points import sample_points
from ..tensor import Tensor
from .convolution import per_axis
from .warping import positions

__all__ = ["deformable_psroi_pooling", "nms", "roi_align", "roi_pooling"]

_ALL = (None, None, None)


def nms(boxes: Tensor, scores: Tensor, iou_thresh: float, max_output: int | None = None) -> Tensor:
    """The numbers (int32) of the boxes (N, 4) that stay, by falling score (N,).

    Of boxes x1, y1, x2, y2 whose intersection is more than `iou_thresh` of their union, the one
    with the best score stays; at most `max_output` boxes do.
    """
    corners, order = floating(boxes).detach(), floating(scores).detach()
    common = dt.promote(corners.dtype, order.dtype)
    limit = -1 if max_output is None else int(max_output)
    if max_output is not None and limit < 0:
        raise ArgumentError(f"[nms] max_output is 0 or more; got {max_output}")
    return suppression.nms(  # type: ignore[no-any-return]
        corners.astype(common), order.astype(common), threshold=float(iou_thresh), limit=limit
    )


def roi_pooling(
    inp: Tensor,
    rois: Tensor,
    output_shape: int | Sequence[int],
    mode: str = "max",
    scale: float = 1.0,
) -> Tensor:
    """The largest or mean ("average") pixel in each bin of regions of inp (N, C, H, W).

    rois (R, 5): image number, x1, y1, x2, y2, of which the corners times `scale` are rounded and
    belong to the region. The result is (R, C, *output_shape), 0 for a bin without pixels. Only
    inp has a gradient. (Girshick, Fast R-CNN, 2015, section 2.1.)
    """
    name = "roi_pooling"
    x, regions = floating(inp), positions(rois).detach()
    output = per_axis(name, "output_shape", output_shape, 2)
    if _mode(name, mode) == "average":
        return ops.region_mean(x, regions, output=output, kind="bins", scale=float(scale))  # type: ignore[no-any-return]
    places = ops.bin_maxima(x, regions, output=output, scale=float(scale))
    zero = Tensor(0, dtype=dt.int64, device=x.device)
    if not places.size:
        return Tensor(np.zeros(places.shape), dtype=x.dtype, device=x.device)
    found = take(reshape(x, shape=(-1,)), maximum(places, zero))
    return where(found, None, comparison.greater_equal(places, zero))  # type: ignore[no-any-return]


def roi_align(
    inp: Tensor,
    rois: Tensor,
    output_shape: int | Sequence[int],
    mode: str = "average",
    spatial_scale: float = 1.0,
    sample_points: int | Sequence[int] = 2,
    aligned: bool = True,
) -> Tensor:
    """The mean or largest ("max") of bilinear samples in each bin of regions of inp (N, C, H, W).

    rois (R, 5): image number, x1, y1, x2, y2; the corners are multiplied by `spatial_scale` and,
    with `aligned`, moved by half a pixel. Each of the output_shape bins has a grid of
    `sample_points` (0, for means: one for each pixel of the bin's size); zeros lie outside the
    image. The result is (R, C, *output_shape); only inp has a gradient. (He et al., Mask R-CNN,
    2017, section 3.)
    """
    name = "roi_align"
    x, regions = floating(inp), positions(rois).detach()
    output = per_axis(name, "output_shape", output_shape, 2)
    grid = per_axis(name, "sample_points", sample_points, 2)
    offset = 0.5 if aligned else 0.0
    if min(grid) < 0 or (_mode(name, mode) == "max" and min(grid) < 1):
        raise ArgumentError(
            f"[{name}] sample_points are at least 1, or 0 in mode average; got {sample_points}"
        )
    ops.check_regions(name, x.shape, regions.type, output)
    if _mode(name, mode) == "average":
        return ops.region_mean(  # type: ignore[no-any-return]
            x, regions, output=output, kind="align", scale=float(spatial_scale), offset=offset,
            points=grid,
        )  # fmt: skip
    start, extent = _corners(regions, spatial_scale, offset)
    extent = maximum(extent, Tensor(0.0, dtype=extent.dtype, device=x.device))
    places = _grid(output, grid, 0.5)
    points = _points(start, extent, Tensor(places, dtype=regions.dtype, device=x.device))
    found = _at(x, points, _images(regions), "constant")
    best = argmax(found, axis=4, keepdims=True)
    return reshape(take(found, best, axes=(4,), grid=True), shape=found.shape[:4])  # type: ignore[no-any-return]


def deformable_psroi_pooling(
    inp: Tensor,
    rois: Tensor,
    trans: Tensor,
    no_trans: bool,
    part_size: int,
    pooled_h: int,
    pooled_w: int,
    sample_per_part: int,
    spatial_scale: float,
    trans_std: float = 0.1,
) -> Tensor:
    """Means of bilinear samples in the bins of regions, each bin shifted by a learned amount.

    inp (N, C, H, W); rois (R, 5): image number and corners, rounded, which belong to the region;
    trans (R, 2 K, part_size, part_size): shifts across and down for each of K equal groups of
    channels, in region sizes times `trans_std` (not read with `no_trans`). A bin has
    sample_per_part**2 points, of which those more than half a pixel outside do not count. The
    result is (R, C, pooled_h, pooled_w); inp and trans have gradients. (Dai et al., Deformable
    Convolutional Networks, 2017, section 2.2.)
    """
    name = "deformable_psroi_pooling"
    x, regions = floating(inp), positions(rois).detach()
    output, side = (int(pooled_h), int(pooled_w)), int(part_size)
    ops.check_regions(name, x.shape, regions.type, output)
    count, (_, channels, height, width) = regions.shape[0], x.shape
    start, extent = _corners(_whole(regions), spatial_scale, 0.5, inclusive=True)
    extent = maximum(extent, Tensor(0.1, dtype=extent.dtype, device=x.device))
    places = Tensor(
        _grid(output, (int(sample_per_part),) * 2, 0.0), dtype=regions.dtype, device=x.device
    )
    groups = 1
    if not no_trans:
        shifts = positions(trans).astype(regions.dtype)
        groups = shifts.shape[1] // 2 if shifts.ndim == 4 else 0
        if groups < 1 or shifts.shape != (count, 2 * groups, side, side) or channels % groups:
            raise ShapeError(
                f"[{name}] trans ({count}, 2 K, {side}, {side}), where K divides {channels}"
                f" channels, is needed; got shape {shifts.shape}"
            )
        places = add(places, _shifts(shifts, output, float(trans_std)))
    points = _points(start, extent, places)  # (R or R * K, h, w, points, 2)
    corners = [-0.5, -0.5], [width - 0.5, height - 0.5]
    limits = [Tensor(corner, dtype=points.dtype, device=x.device) for corner in corners]
    inside = mul(
        cast(comparison.greater_equal(points, limits[0]), dtype=x.dtype),
        cast(comparison.less_equal(points, limits[1]), dtype=x.dtype),
    )
    counts = mul(*[sliced(inside, index=(*[_ALL] * 4, i)) for i in (0, 1)])
    counts = reshape(counts, shape=(count * groups, 1, *counts.shape[1:]))
    x_part = clip(sliced(points, index=(*[_ALL] * 4, (0, 1, 1))), low=0.0, high=width - 1.0)
    y_part = clip(sliced(points, index=(*[_ALL] * 4, (1, 2, 1))), low=0.0, high=height - 1.0)
    image = reshape(x, shape=(x.shape[0] * groups, channels // groups, height, width))
    numbers = _images(regions)
    if groups > 1:
        numbers = _group_numbers(numbers, groups)
    found = _at(image, concat(x_part, y_part, axis=4), numbers, "replicate")
    total = sum_of(mul(found, counts), axis=(4,))
    least = Tensor(1.0, dtype=x.dtype, device=x.device)
    mean = div(total, maximum(sum_of(counts, axis=(4,)), least))
    return reshape(mean, shape=(count, channels, *output))  # type: ignore[no-any-return]


def _mode(name: str, mode: str) -> str:
    found = str(mode).lower()
    if found not in ("max", "average"):
        raise ArgumentError(f"[{name}] mode is max or average; got {mode!r}")
    return found


def _whole(regions: Tensor) -> Tensor:
    """The regions rounded to whole numbers, halves away from zero."""
    return mul(sign(regions), floor(affine(magnitude(regions), scale=1.0, shift=0.5)))  # type: ignore[no-any-return]


def _corners(
    regions: Tensor, scale: float, offset: float, inclusive: bool = False
) -> tuple[Tensor, Tensor]:
    """Start and extent of each region, both (R, 1, 1, 1, 2) with x before y."""
    shape = (regions.shape[0], 1, 1, 1, 2)
    first = sliced(regions, index=(_ALL, (1, 3, 1)))
    last = affine(sliced(regions, index=(_ALL, (3, 5, 1))), scale=1.0, shift=float(inclusive))
    extent = affine(add(last, affine(first, scale=-1.0)), scale=float(scale))
    start = affine(first, scale=float(scale), shift=-offset)
    return reshape(start, shape=shape), reshape(extent, shape=shape)


def _grid(output: tuple[int, ...], points: tuple[int, ...], middle: float) -> Any:
    """Where the points of each bin lie, in parts of the region: (1, oh, ow, points, 2)."""
    axes = [
        (np.arange(bins)[:, None] + (np.arange(count) + middle) / count) / bins
        for bins, count in zip(output, points, strict=True)
    ]
    y = axes[0][:, None, :, None]  # (oh, 1, sh, 1)
    x = axes[1][None, :, None, :]  # (1, ow, 1, sw)
    both = np.stack(np.broadcast_arrays(x, y), axis=-1)
    return both.reshape(1, *output, points[0] * points[1], 2)


def _shifts(shifts: Tensor, output: tuple[int, int], scale: float) -> Tensor:
    """The shift of each bin, (R * K, oh, ow, 1, 2), from those of the parts."""
    count, double, side, _ = shifts.shape
    rows = np.arange(output[0]) * side // output[0]
    columns = np.arange(output[1]) * side // output[1]
    index = [Tensor(i, dtype=dt.int64, device=shifts.device) for i in (rows[:, None], columns)]
    bins = take(shifts, *index, axes=(2, 3))  # (R, 2 K, oh, ow)
    bins = reshape(bins, shape=(count * double // 2, 2, *output))
    return reshape(  # type: ignore[no-any-return]
        affine(bins.transpose(0, 2, 3, 1), scale=scale), shape=(count * double // 2, *output, 1, 2)
    )


def _points(start: Tensor, extent: Tensor, places: Tensor) -> Tensor:
    """start + extent * places for places of every region, or of K groups of each."""
    groups = places.shape[0] // start.shape[0] if places.shape[0] > 1 and start.shape[0] else 1
    if groups > 1:
        index = np.repeat(np.arange(start.shape[0]), groups)
        number = Tensor(index, dtype=dt.int64, device=start.device)
        start, extent = take(start, number), take(extent, number)
    return add(start, mul(extent, places))  # type: ignore[no-any-return]


def _images(regions: Tensor) -> Tensor:
    """The image number of each region."""
    return cast(sliced(regions, index=(_ALL, 0)), dtype=dt.int64)  # type: ignore[no-any-return]


def _group_numbers(numbers: Tensor, groups: int) -> Tensor:
    """The number of each (image, group) plane for each (region, group)."""
    step = Tensor(np.arange(groups), dtype=dt.int64, device=numbers.device)
    wide = reshape(numbers, shape=(numbers.shape[0], 1))
    scaled = mul(wide, Tensor(groups, dtype=dt.int64, device=numbers.device))
    return reshape(add(scaled, step), shape=(-1,))  # type: ignore[no-any-return]


def _at(x: Tensor, points: Tensor, images: Tensor, border: str) -> Tensor:
    """`x` read bilinearly at the points of each region."""
    return sample_points(as_tensor(x), points, images, border=border)  # type: ignore[no-any-return]
