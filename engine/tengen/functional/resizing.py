"""Images at another size: interpolate and resize."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, shape_tuple
from ..ops.arithmetic import abs as magnitude
from ..ops.arithmetic import clip, floor, sign
from ..ops.elementwise import affine, mul
from ..ops.shape import transpose
from ..ops.vision.resize import resize as resize_op
from ..tensor import Tensor

__all__ = ["interpolate", "resize"]

_SPATIAL = {"linear": 1, "bilinear": 2, "nearest": 2, "bicubic": 2, "trilinear": 3}
_METHOD = {
    "linear": "linear", "bilinear": "linear", "trilinear": "linear", "nearest": "nearest",
    "bicubic": "cubic", "cubic": "cubic",
}  # fmt: skip


def working(inp: Any) -> Tensor:
    """The image as floats, in which it is read: integers in a type that holds them."""
    x = as_tensor(inp)
    if dt.is_differentiable(x.dtype):
        return x
    return x.astype(dt.float64 if x.dtype.itemsize > 2 else dt.float32)


def restored(value: Tensor, dtype: Any) -> Tensor:
    """`value` in the data type of the image: whole numbers are rounded, halves away from zero."""
    if value.dtype == dtype:
        return value
    if dt.is_integer(dtype):
        limits = np.iinfo(dtype)
        near = floor(affine(magnitude(value), scale=1.0, shift=0.5))
        value = clip(mul(near, sign(value)), low=float(limits.min), high=float(limits.max))
    return value.astype(dtype)


def interpolate(
    inp: Tensor,
    size: int | tuple[int, int] | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "bilinear",
    align_corners: bool | None = None,
) -> Tensor:
    """The image at another `size`, or at floor(old size * `scale_factor`).

    mode "bilinear", "nearest" and "bicubic" take inp (N, C, H, W), "linear" (N, C, L) and
    "trilinear" (N, C, D, H, W); one number stands for every axis. Pixels are squares whose outer
    edges meet; with `align_corners` (the linear modes only) they are points, the outer ones of
    which meet. Beyond the edge lies the edge's value; "bicubic" has a = -0.75.
    """
    name, mode = "interpolate", str(mode).lower()
    if mode not in _SPATIAL:
        raise ArgumentError(f"[{name}] mode is one of {', '.join(_SPATIAL)}; got {mode!r}")
    if align_corners is not None and mode in ("nearest", "bicubic"):
        raise ArgumentError(f"[{name}] align_corners goes with the linear modes; got {mode!r}")
    axes = _SPATIAL[mode]
    x = working(inp)
    if x.ndim != axes + 2:
        raise ShapeError(
            f"[{name}] mode {mode!r} takes {axes + 2} axes (N, C, ...); got shape {x.shape}"
        )
    if (size is None) == (scale_factor is None):
        raise ArgumentError(
            f"[{name}] either size or scale_factor is needed; got {size!r} and {scale_factor!r}"
        )
    if size is not None:
        target = _per_axis(name, "size", shape_tuple(name, size), axes)
    else:
        given: Any = scale_factor
        factors = (given,) if isinstance(given, (int, float)) else tuple(given)
        # The product is rounded to single precision first, so that 10 * 0.7 gives 7.
        target = tuple(
            math.floor(np.float32(n * float(f)))
            for n, f in zip(
                x.shape[2:], _per_axis(name, "scale_factor", factors, axes), strict=True
            )
        )
    y = resize_op(x, size=target, mode=_METHOD[mode], align_corners=bool(align_corners))
    return restored(y, as_tensor(inp).dtype)


def _per_axis(name: str, what: str, values: tuple[Any, ...], axes: int) -> tuple[Any, ...]:
    if len(values) == 1:
        return values * axes
    if len(values) != axes:
        raise ArgumentError(f"[{name}] {what} takes one number or {axes}; got {values}")
    return values


def resize(
    inp: Tensor,
    size: Sequence[int] | Tensor,
    format: str = "NCHW",
    imode: str = "bilinear",
    max_size: int | None = None,
) -> Tensor:
    """Images (N, C, H, W), or (N, H, W, C) with format "NHWC", at `size` = (height, width).

    imode: "bilinear", "nearest" or "bicubic". Neither edge becomes longer than `max_size`.
    """
    name = "resize"
    method = _METHOD.get(str(imode).lower())
    if format not in ("NCHW", "NHWC") or method is None:
        raise ArgumentError(
            f"[{name}] format is NCHW or NHWC, imode bilinear, nearest or bicubic; got {format!r}"
            f" and {imode!r}"
        )
    target = _per_axis(name, "size", shape_tuple(name, size), 2)
    if max_size is not None:
        target = tuple(min(n, int(max_size)) for n in target)
    x = working(inp)
    if x.ndim != 4:
        raise ShapeError(f"[{name}] images of 4 axes are needed; got shape {x.shape}")
    if format == "NHWC":
        x = transpose(x, pattern=(0, 3, 1, 2))
    y = resize_op(x, size=target, mode=method)
    if format == "NHWC":
        y = transpose(y, pattern=(0, 2, 3, 1))
    return restored(y, as_tensor(inp).dtype)
