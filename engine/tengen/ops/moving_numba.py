"""Moving channels by a compiled kernel, from plain and blocked data to either."""

import math
from typing import Any

from ..graph.opdef import Bound
from ..graph.types import Shape, TensorType
from ..kernels.numba import library
from ..kernels.numba.moving import Move
from .blocked import text_on_tiles
from .moving import move_channels
from .norm_numba import followed

Types = tuple[TensorType, ...]

_AS = {4: "float32", 8: "float64"}
"""The floats as which numbers of so many bytes are copied."""

LANES = 16
"""Channels of a vector where no operand is blocked."""


def usable(x: TensorType) -> bool:
    """Whether there is a kernel for numbers of the type of x."""
    return x.dtype.itemsize in _AS and x.device.host and library.available()


@move_channels.backend("numba")
def build(in_types: Types, out_types: Types, *, channels: Shape) -> Bound | None:
    """Blocked where one of the operands is, in its layout; operands come as they lie."""
    (y,) = out_types
    if not usable(y) or not y.size or not all(x.size for x in in_types):
        return None
    layout = next((x.layout for x in in_types if followed(x)), None)
    layouts = tuple([layout if x.layout is layout else None for x in in_types])
    given = [(i, c) for i, x in enumerate(in_types) for c in range(x.shape[1])]
    move = Move(
        [given[c] for c in channels],
        [x.shape[1] for x in in_types],
        [layout is not None and found is layout for found in (*layouts, layout)],
        y.shape[0],
        math.prod(y.shape[2:]),
        _AS[y.dtype.itemsize],
        LANES if layout is None else layout.blocks[0][1],
    )
    outs = (y.with_layout(layout),)
    apart = text_on_tiles(move_channels, {"channels": channels}, in_types, layouts, outs)

    def run(targets: tuple[Any, ...], sources: tuple[Any, ...]) -> None:
        if move.ready():
            move(sources, targets[0])
        else:
            apart(targets, sources)

    return Bound(run, layouts, outs)


build.physical = True  # type: ignore[attr-defined]
