"""Images read elsewhere: remap, and affine and perspective warps."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.state import full_precision
from ..operands import as_tensor, shape_tuple
from ..ops.elementwise import div
from ..ops.matmul import matmul
from ..ops.shape import reshape, transpose
from ..ops.slicing import sliced
from ..ops.vision.sample_points import POSITIONS, sample_points
from ..ops.vision.taps import BORDERS
from ..tensor import Tensor
from .resizing import restored, working

__all__ = ["remap", "warp_affine", "warp_perspective"]

_ALL = (None, None, None)
# A warp has no one scale to average over, so that "area" reads as "linear" does.
_METHOD = {"linear": "linear", "nearest": "nearest", "cubic": "cubic", "area": "linear"}


def remap(
    inp: Tensor,
    map_xy: Tensor,
    border_mode: str = "replicate",
    scalar: float = 0.0,
    interp_mode: str = "linear",
) -> Tensor:
    """The image (N, C, H, W) read at the points map_xy (N, oh, ow, 2): (N, C, oh, ow).

    A point is (x, y) in pixels. border_mode: "replicate", "reflect" (the edge twice),
    "reflect_101" (the edge once), "wrap", or "constant" with the value `scalar`. interp_mode:
    "linear", "nearest" (halves go to the even pixel) or "cubic". Both inputs have a gradient,
    but the points none with "nearest".
    """
    points = positions(map_xy)
    if points.ndim != 4:
        raise ShapeError(f"[remap] map_xy (N, oh, ow, 2) is needed; got shape {points.shape}")
    return _read("remap", inp, points, None, border_mode, scalar, "NCHW", interp_mode)


def warp_affine(
    inp: Tensor,
    mat: Tensor,
    out_shape: tuple[int, int] | int | Tensor,
    border_mode: str = "replicate",
    border_val: float = 0.0,
    format: str = "NHWC",
    interp_mode: str = "linear",
) -> Tensor:
    """Images of `out_shape` whose pixel (x, y) is the input's at mat @ (x, y, 1); mat (N, 2, 3).

    Images are (N, H, W, C), or (N, C, H, W) with format "NCHW". For the borders and the
    interpolation see `remap`; mat has a gradient too.
    """
    return _warp("warp_affine", 2, inp, mat, out_shape, None, border_mode, border_val, format,
                 interp_mode)  # fmt: skip


def warp_perspective(
    inp: Tensor,
    mat: Tensor,
    out_shape: tuple[int, int] | int | Tensor,
    mat_idx: Iterable[int] | Tensor | None = None,
    border_mode: str = "replicate",
    border_val: float = 0.0,
    format: str = "NCHW",
    interp_mode: str = "linear",
) -> Tensor:
    """Images of `out_shape` whose pixel (x, y) is the input's at (u / w, v / w), where
    (u, v, w) = mat @ (x, y, 1); mat (M, 3, 3).

    Matrix m goes with image m, or with image mat_idx[m]. The matrices are the inverse of those
    that cv2.warpPerspective takes. Images are (N, C, H, W), or (N, H, W, C) with format "NHWC".
    For the borders and the interpolation see `remap`; mat has a gradient too.
    """
    return _warp("warp_perspective", 3, inp, mat, out_shape, mat_idx, border_mode, border_val,
                 format, interp_mode)  # fmt: skip


def positions(value: Any) -> Tensor:
    """Coordinates in a data type that holds them: float64 stays, all else is float32."""
    found = as_tensor(value)
    return found if found.dtype in POSITIONS else found.astype(dt.float32)


def _warp(
    name: str, rows: int, inp: Any, mat: Any, out_shape: Any, mat_idx: Any, border: str,
    fill: float, format: str, mode: str,
) -> Tensor:  # fmt: skip
    matrix = positions(mat)
    if matrix.ndim != 3 or matrix.shape[1:] != (rows, 3):
        raise ShapeError(f"[{name}] mat (N, {rows}, 3) is needed; got shape {matrix.shape}")
    size = shape_tuple(name, out_shape)
    size = size * 2 if len(size) == 1 else size
    if len(size) != 2 or min(size) < 1:
        raise ArgumentError(f"[{name}] out_shape is a height and a width; got {out_shape!r}")
    y, x = np.mgrid[: size[0], : size[1]].reshape(2, -1)
    grid = Tensor(np.stack([x, y, np.ones_like(x)]), dtype=matrix.dtype, device=matrix.device)
    with full_precision():  # bfloat16 does not hold the number of a pixel
        points = matmul(matrix, grid)  # (M, rows, H * W)
    if rows == 3:
        points = div(
            sliced(points, index=(_ALL, (0, 2, 1))), sliced(points, index=(_ALL, (2, 3, 1)))
        )
    points = reshape(transpose(points, pattern=(0, 2, 1)), shape=(matrix.shape[0], *size, 2))
    index = None
    if mat_idx is not None:
        numbers = mat_idx if isinstance(mat_idx, Tensor) else Tensor(list(mat_idx), dtype="int32")
        index = numbers.astype(dt.int32)
    return _read(name, inp, points, index, border, fill, format, mode)


def _read(
    name: str, inp: Any, points: Tensor, index: Tensor | None, border: str, fill: float,
    format: str, mode: str,
) -> Tensor:  # fmt: skip
    border, mode = str(border).lower(), str(mode).lower()
    if border not in BORDERS or mode not in _METHOD or format not in ("NCHW", "NHWC"):
        raise ArgumentError(
            f"[{name}] takes the borders {', '.join(BORDERS)}, the interpolations"
            f" {', '.join(_METHOD)} and the formats NCHW, NHWC; got {border!r}, {mode!r} and"
            f" {format!r}"
        )
    x = working(inp)
    if x.ndim != 4:
        raise ShapeError(f"[{name}] images of 4 axes are needed; got shape {x.shape}")
    if format == "NHWC":
        x = transpose(x, pattern=(0, 3, 1, 2))
    if index is None and points.shape[0] != x.shape[0]:
        raise ShapeError(
            f"[{name}] {x.shape[0]} images need as many maps or matrices; got {points.shape[0]}"
        )
    operands = (x, points) if index is None else (x, points, index)
    y = sample_points(*operands, mode=_METHOD[mode], border=border, fill=float(fill))
    if format == "NHWC":
        y = transpose(y, pattern=(0, 2, 3, 1))
    return restored(y, as_tensor(inp).dtype)
