"""Between plain images (N, C, ...) and channels-last ones, by a tiled transposition."""

import math
from typing import Any

from ...base.layout import channels_last
from .program import program

WORDS = {1: "byte", 2: "unsigned short", 4: "uint32", 8: "uint64"}


def transpose(source: Any, target: Any, count: int, rows: int, columns: int) -> None:
    """Write the matrices (count, rows, columns) of `source` to `target` as (count, columns, rows).

    Both are C-contiguous, of one data type; the count is below 65536.
    """
    kernel = program("transpose", TYPE=WORDS[source.dtype.itemsize])
    grid = (-(-columns // 32), -(-rows // 32), count)
    kernel("run", grid, 256, source, target, rows, columns)


def to_channels_last(plain: Any, target: Any) -> None:
    """Fill (N, ..., C) from (N, C, ...)."""
    transpose(plain, target, plain.shape[0], plain.shape[1], math.prod(plain.shape[2:]))


def to_plain(source: Any, target: Any) -> None:
    """Fill (N, C, ...) from (N, ..., C)."""
    channels = source.shape[-1]
    transpose(source, target, source.shape[0], math.prod(source.shape[1:-1]), channels)


def can_transpose(images: int, channels: int, rest: int) -> bool:
    """Whether the grid's limits allow it."""
    return 0 < images < 65536 and -(-channels // 32) < 65536 and -(-rest // 32) < 65536


def reorder(source: Any, source_layout: Any, target: Any, target_layout: Any) -> bool:
    """Convert between plain and channels-last arrays; False where the two are not these.

    The layouts are a Layout, or None for plain; both arrays are C-contiguous and of one type.
    """
    if (source_layout is None) == (target_layout is None):
        return False
    layout = source_layout or target_layout
    if layout.blocks or layout is not channels_last(layout.ndim) or not source.size:
        return False
    images = source.shape[0]
    channels = source.shape[1] if source_layout is None else source.shape[-1]
    if not can_transpose(images, channels, source.size // (images * channels)):
        return False
    if source.dtype != target.dtype or source.dtype.itemsize not in WORDS:
        return False
    (to_channels_last if source_layout is None else to_plain)(source, target)
    return True
