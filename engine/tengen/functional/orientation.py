"""Turning and mirroring: flip, quarter turns, and rotation by any angle."""

import math
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, axis_tuple, floating
from ..ops import slicing
from ..ops.elementwise import add, mul
from ..ops.indexing import take
from ..ops.shape import reshape
from ..tensor import Tensor
from .tensor import swapaxes, transpose

__all__ = ["flip", "rot90", "rotate"]


def flip(
    inp: Tensor, vertical: bool = True, horizontal: bool = True, *, axis: Any = None
) -> Tensor:
    """Images (N, H, W, C) or (H, W, C) upside down, left to right, or both; a view.

    With `axis` (an int or several) those axes are reversed instead, for any shape.
    """
    inp = as_tensor(inp)
    if axis is None:
        _image("flip", inp)
        axes = {inp.ndim - 3} if vertical else set()
        axes |= {inp.ndim - 2} if horizontal else set()
    else:
        axes = set(axis_tuple("flip", axis, inp.ndim) or ())
    step = {True: (None, None, -1), False: (None, None, None)}
    return slicing.sliced(inp, index=tuple(step[i in axes] for i in range(inp.ndim)))  # type: ignore[no-any-return]


def rot90(
    inp: Tensor, clockwise: bool = True, *, k: int = 1, axes: tuple[int, int] | None = None
) -> Tensor:
    """Images (N, H, W, C) or (H, W, C) turned by `k` quarter turns; a view.

    With `axes` the turn goes from the first of them towards the second when not clockwise, as in
    NumPy, for any shape.
    """
    inp = as_tensor(inp)
    if axes is None:
        _image("rot90", inp)
        axes = (inp.ndim - 3, inp.ndim - 2)
    found = axis_tuple("rot90", axes, inp.ndim) or ()
    if len(set(found)) != 2:
        raise ArgumentError(f"[rot90] a turn needs two different axes; got {axes}")
    first, second = found
    turns = (-k if clockwise else k) % 4
    if turns == 2:
        return flip(inp, axis=(first, second))
    if turns == 1:
        return swapaxes(flip(inp, axis=second), first, second)
    if turns == 3:
        return flip(swapaxes(inp, first, second), axis=second)
    return slicing.sliced(inp, index=())  # type: ignore[no-any-return]


def _image(name: str, inp: Tensor) -> None:
    if inp.ndim not in (3, 4):
        raise ShapeError(
            f"[{name}] takes images (N, H, W, C) or (H, W, C), or name the axes; got {inp.shape}"
        )


def rotate(
    inp: Tensor, angle: float = 0.0, format: str = "NCHW", interp_mode: str = "bilinear"
) -> Tensor:
    """Images rotated by `angle` degrees about their middle, in their own size, 0 outside.

    The source of the pixel at offset (x, y) from the middle is (x cos - y sin, x sin + y cos), read
    bilinearly. `format`: "NCHW" or "NHWC"; `interp_mode` "area" (for NHWC) means the same here,
    since a rotation does not scale. Raises ArgumentError for other modes.
    """
    inp = floating(inp)
    modes = {"NCHW": ("bilinear",), "NHWC": ("bilinear", "area")}
    if format not in modes or interp_mode not in modes[format]:
        raise ArgumentError(
            "[rotate] takes format NCHW with interp_mode bilinear, or NHWC with area or bilinear;"
            f" got {format!r} with {interp_mode!r}"
        )
    if inp.ndim != 4:
        raise ShapeError(f"[rotate] takes images of four dimensions; got shape {inp.shape}")
    if format == "NHWC":
        turned = rotate(transpose(inp, (0, 3, 1, 2)), angle)
        return transpose(turned, (0, 2, 3, 1))
    count, channels, height, width = inp.shape
    pixels = reshape(inp, shape=(count, channels, height * width))
    total = None
    for places, weights in _corners(float(angle), height, width):
        index = Tensor(places, dtype=dt.int64, device=inp.device)
        weight = Tensor(weights, dtype=inp.dtype, device=inp.device)
        part = mul(take(pixels, index, axes=(2,)), weight)
        total = part if total is None else add(total, part)
    return reshape(total, shape=inp.shape)  # type: ignore[no-any-return]


def _corners(angle: float, height: int, width: int) -> list[tuple[Any, Any]]:
    """For each of the four pixels about a source point: its place and its weight (0 outside)."""
    turn = math.radians(angle)
    y, x = np.mgrid[:height, :width].astype(np.float64).reshape(2, -1)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    across = x * math.cos(turn) - y * math.sin(turn) + (width - 1) / 2
    down = x * math.sin(turn) + y * math.cos(turn) + (height - 1) / 2
    # Rounding of the angle must not push a pixel that stays in place over the edge.
    across, down = np.round(across, 9), np.round(down, 9)
    left, top = np.floor(across), np.floor(down)
    found = []
    for i in (0, 1):
        for j in (0, 1):
            row, column = top + i, left + j
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = (1 - np.abs(down - row)) * (1 - np.abs(across - column)) * inside
            place = np.where(inside, row * width + column, 0).astype(np.int64)
            found.append((place, weight))
    return found
