"""Sums and means of large float32 arrays: oneDNN over trailing axes, tiles for blocked layouts.

Long rows are summed in pieces, so that rounding errors stay as small as NumPy's.
"""

import math
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import library, reduction
from ..kernels.onednn.memory import Desc
from .blocked import natural
from .reduce import Axes, Reduction, mean, sum

LARGE = 1 << 15
"""Elements from which a library kernel pays for the call."""

PIECES = (512, 64)
"""The longest and the shortest run that one kernel adds in float32 before partial sums meet."""


def _trailing(x: TensorType, axis: Axes) -> tuple[int, int] | None:
    """(rows, length of a row) where the reduced axes are the last ones, else None."""
    axes = set(range(x.ndim)) if axis is None else {a % x.ndim for a in axis}
    kept = x.ndim - len(axes)
    if not axes or axes != set(range(kept, x.ndim)):
        return None
    return math.prod(x.shape[:kept]), math.prod(x.shape[kept:])


def _rows(rows: int, length: int) -> Any:
    """A function (array, out) that writes the sums of `rows` rows; None where NumPy does it."""
    if length < 16:
        return None
    longest, shortest = PIECES
    if length <= longest:
        return _short(rows, length)
    if rows == 1:
        piece = longest
    else:
        fits = [n for n in range(longest, shortest - 1, -1) if length % n == 0]
        if not fits:
            return None
        piece = fits[0]
    pieces = length // piece
    whole = pieces * piece
    inner = _short(rows * pieces, piece)
    if inner is None:
        return None

    def run(array: Any, out: Any) -> None:
        flat = array.reshape(-1)
        partial = np.empty((rows, pieces), np.float32)
        inner(flat[: rows * whole], partial)
        total = partial.sum(1, dtype=np.float64)
        if whole != length:
            total += flat[whole:].sum(dtype=np.float64)
        out.reshape(-1)[:] = total

    return run


def _short(rows: int, length: int) -> Any:
    plan = reduction.reduction("sum", Desc.plain((rows, length), np.float32), (1,))
    return None if plan.implementation.startswith("ref") else plan


def _register(op: Reduction, averaged: bool) -> None:
    def build(forms: Any, out_types: Any, *, axis: Axes, keepdims: bool) -> Bound | None:
        (x,), (out,) = forms, out_types
        if x.dtype != dt.float32 or x.size < LARGE:
            return None
        if x.layout is not None:
            return _tiles(op, x, out, axis, averaged)
        shape = _trailing(x, axis)
        summed = _rows(*shape) if shape is not None and library.available() else None
        if shape is None or summed is None:
            return None
        share = np.float32(1 / shape[1])

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            (array,) = ins
            if not array.flags.c_contiguous:
                outs[0][...] = op.kernel(np, array, axis=axis, keepdims=keepdims)
                return
            summed(array, outs[0])
            if averaged:
                np.multiply(outs[0], share, out=outs[0])

        return Bound(run, (None,), (out,), contiguous=False)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("onednn")(build)


def _tiles(
    op: Reduction, x: TensorType, out: TensorType, axis: Axes, averaged: bool
) -> Bound | None:
    """Over all axes after the channels of (N, C, ...) in tiles of channels."""
    layout = x.layout
    axes = set(range(x.ndim)) if axis is None else {a % x.ndim for a in axis}
    if axes != set(range(2, x.ndim)) or len(layout.blocks) != 1 or layout.blocks[0][0] != 1:
        return None
    if not natural(layout) or x.ndim < 3:
        return None
    count, channels = x.shape[:2]
    lanes = layout.blocks[0][1]
    places = math.prod(x.shape[2:])
    share = np.float32(1 / places if averaged else 1)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        total = ins[0].reshape(-1, places, lanes).sum(1)
        total = total.reshape(count, -1)[:, :channels] * share
        outs[0].reshape(count, channels)[...] = total

    return Bound(run, (layout,), (out,), name="numpy on tiles")


_register(sum, averaged=False)
_register(mean, averaged=True)
