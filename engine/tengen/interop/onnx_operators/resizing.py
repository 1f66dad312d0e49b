"""ONNX's Resize, Upsample, and reading images at given points."""

import math
from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from ...ops import indexing as array_ops
from .. import interpolation
from ..sliding import along
from .room import room
from .table import as_array, as_tensor, numbers, operator


def _goal(size: list[int], scales: Any, sizes: Any, policy: str) -> tuple[list[int], list[float]]:
    """The new lengths of the chosen axes, and output over input."""
    if sizes is not None and len(sizes):
        wanted = numbers(sizes)
        if policy == "stretch":
            return wanted, [w / n for w, n in zip(wanted, size, strict=True)]
        pick = min if policy == "not_larger" else max
        scale = pick(w / n for w, n in zip(wanted, size, strict=True))
        made = [math.floor(scale * n + 0.5) for n in size]
        return made, [scale] * len(size)
    factors = [float(s) for s in np.asarray(scales).reshape(-1)]
    return [math.floor(n * s) for n, s in zip(size, factors, strict=True)], factors


@operator("Resize", host=(1, 2, 3))
def resize(
    x: Any, roi: Any = None, scales: Any = None, sizes: Any = None, *, mode: str = "nearest",
    coordinate_transformation_mode: str | None = None, nearest_mode: str | None = None,
    cubic_coeff_a: float = -0.75, exclude_outside: int = 0, extrapolation_value: float = 0.0,
    antialias: int = 0, axes: Any = None, keep_aspect_ratio_policy: str = "stretch", opset: int,
) -> Any:  # fmt: skip
    """x at another size along its axes, or along those named."""
    if opset < 11:
        roi, scales = None, roi
        coordinate_transformation_mode, nearest_mode = "asymmetric", "floor"
    chosen = list(range(x.ndim)) if axes is None else [a % x.ndim for a in axes]
    convention = coordinate_transformation_mode or "half_pixel"
    rounding = nearest_mode or "round_prefer_floor"
    size = [x.shape[a] for a in chosen]
    goal, factors = _goal(size, scales, sizes, keep_aspect_ratio_policy)
    kind = x.dtype
    outside = []
    made = list(x.shape)
    for axis, target in zip(chosen, goal, strict=True):
        room(x.shape[axis], target)
        made[axis] = target
    room(*made)
    for i, (axis, target, scale) in enumerate(zip(chosen, goal, factors, strict=True)):
        n = x.shape[axis]
        window = (0.0, 1.0)
        if convention == "tf_crop_and_resize" and roi is not None and len(roi):
            window = (float(roi[i]), float(roi[len(chosen) + i]))
        elif target == n and scale == 1:
            continue
        place = interpolation.positions(n, target, scale, convention, window)
        if convention == "tf_crop_and_resize":
            outside.append((axis, (place < 0) | (place > n - 1)))
        if mode == "nearest":
            matrix = interpolation.nearest(place, n, rounding)
            x = array_ops.take(x, as_tensor(matrix.argmax(0)), axes=(axis,))
            continue
        if not dt.is_float(x.dtype):
            x = x.astype(dt.float64)
        inside = bool(exclude_outside)
        if mode == "linear":
            matrix = interpolation.linear(place, n, scale, bool(antialias), inside)
        else:
            matrix = interpolation.cubic(place, n, cubic_coeff_a, scale, bool(antialias), inside)
        x = along(x, axis, matrix)
    for axis, mask in outside:
        shape = [-1 if a == axis else 1 for a in range(x.ndim)]
        x = F.where(
            as_tensor(mask.reshape(shape)), F.full((), extrapolation_value, dtype=x.dtype), x
        )
    return (
        x if x.dtype == kind else F.round(x).astype(kind) if dt.is_integer(kind) else x.astype(kind)
    )


@operator("Upsample", host=(1,))
def upsample(x: Any, factors: Any = None, *, mode: str = "nearest", scales: Any = None) -> Any:
    """x at a multiple of its size, each pixel at its upper left corner."""
    given = scales if factors is None else factors
    return resize(x, given, mode=mode, opset=10)


def _unnormalised(place: Any, size: int, corners: int) -> Any:
    return (place + 1) / 2 * (size - 1) if corners else ((place + 1) * size - 1) / 2


def _reflected(place: Any, size: int, corners: int) -> Any:
    low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
    span = high - low
    if span <= 0:
        return np.zeros_like(place)
    turns = np.abs(place - low) % (2 * span)
    return np.where(turns > span, 2 * span - turns, turns) + low


@operator("GridSample", numpy=True)
def grid_sample(
    x: Any, grid: Any, *, align_corners: int = 0, mode: str = "linear",
    padding_mode: str = "zeros",
) -> Any:  # fmt: skip
    """Images read at the points of a grid, whose coordinates run from -1 to 1."""
    size = x.shape[2:]
    axes = len(size)
    places = [
        _unnormalised(grid[..., axes - 1 - a].astype(np.float64), size[a], align_corners)
        for a in range(axes)
    ]
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    if mode == "nearest":
        taps = [[(np.rint(p), np.ones_like(p))] for p in places]
    elif mode == "linear":
        taps = [
            [(np.floor(p) + k, 1 - np.abs(p - np.floor(p) - k)) for k in (0, 1)] for p in places
        ]
    else:
        taps = [_cubic_taps(p) for p in places]
    room(*x.shape[:2], *grid.shape[1:-1])
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]), np.float64)
    batch = np.arange(x.shape[0]).reshape(-1, *[1] * axes)
    for choice in np.ndindex(*[len(t) for t in taps]):
        weight: Any = 1.0
        index, inside = [], True
        for a, c in enumerate(choice):
            place, share = taps[a][c]
            weight = weight * share
            if padding_mode == "border":
                place = np.clip(place, 0, size[a] - 1)
            elif padding_mode == "reflection":
                place = np.clip(np.rint(_reflected(place, size[a], align_corners)), 0, size[a] - 1)
            inside = inside & (place >= 0) & (place <= size[a] - 1)
            index.append(np.clip(place, 0, size[a] - 1).astype(np.int64))
        part = x[(batch, slice(None), *index)]  # (N, points..., C)
        out += np.moveaxis(part * np.where(inside, weight, 0)[..., None], -1, 1)
    return out.astype(x.dtype)


def _cubic_taps(place: Any) -> Any:
    low = np.floor(place)
    part = place - low
    a = -0.75
    found = []
    for k in (-1, 0, 1, 2):
        d = np.abs(part - k)
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        found.append((low + k, np.where(d <= 1, near, np.where(d < 2, far, 0.0))))
    return found


@operator("AffineGrid", host=(1,))
def affine_grid(theta: Any, size: Any, *, align_corners: int = 0) -> Any:
    """The points of a grid, moved by affine maps."""
    batch, _, *lengths = numbers(size)
    room(max(batch, 1), *lengths, len(lengths) + 1)
    lines = []
    for n in lengths:
        step = np.linspace(-1, 1, n) if align_corners else (np.arange(n) * 2 + 1) / n - 1
        lines.append(step if n > 1 or not align_corners else np.zeros(1))
    grids = np.meshgrid(*lines, indexing="ij")
    points = np.stack([*reversed(grids), np.ones_like(grids[0])], -1)
    maps = as_array(theta).astype(np.float64)
    flat = points.reshape(1, -1, points.shape[-1]) @ np.swapaxes(maps, 1, 2)
    return as_tensor(flat.reshape(batch, *lengths, len(lengths)).astype(theta.dtype))
