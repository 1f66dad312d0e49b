"""Moving channels on the GPU, plain or channels-last, by a table that a launch takes by value."""

import math
import struct
from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import Shape, TensorType
from ..kernels.cuda.program import loader, program
from .channels_last_cuda import turned
from .launching_cuda import MOST_BLOCKS, THREADS, all_known, blocks
from .moving import move_channels

MOST = 1900
"""Channels of a result: what a launch's 4 KB of parameters hold."""

MOST_SOURCES = 4
WIDEST = 1 << 14
"""Channels of an operand that an entry of the table can name."""

_AS = {1: "byte", 2: "unsigned short", 4: "uint32", 8: "uint64"}


def usable(x: TensorType) -> bool:
    """Whether there is a kernel for numbers of the type of x."""
    return not x.device.host and x.dtype.itemsize in _AS


def holds(channels: int, sources: int) -> bool:
    """Whether a launch's table holds so many channels of so many operands."""
    return channels <= MOST and sources <= MOST_SOURCES


@move_channels.backend("cuda", "gpu")
def build(in_types: Any, out_types: Any, *, channels: Shape) -> Bound | None:
    """In the layout in which most of the operands lie."""
    (y,) = out_types
    given = [t.shape[1] for t in in_types]
    fits = holds(len(channels), len(given)) and max(given) <= WIDEST
    if not fits or not all_known((y, *in_types)) or y.dtype.itemsize not in _AS:
        return None
    layout = turned(*in_types)
    if layout is not None and layout.order[-1] != 1:
        return None
    last, size = layout is not None, math.prod(y.shape[2:])
    lanes = 16 // y.dtype.itemsize
    pack = lanes if (len(channels) if last else size) % lanes == 0 else 1
    kernel = program(
        "moving", TYPE=_AS[y.dtype.itemsize], LAST=int(last), VECTOR=pack, MOST=len(channels)
    )
    ends = np.cumsum(given)
    source = np.searchsorted(ends, channels, "right")
    own = np.asarray(channels) - (ends - given)[source]
    table = (source << 14 | own).astype("uint16").tobytes()
    widths = struct.pack(f"{MOST_SOURCES}i", *given, *[0] * (MOST_SOURCES - len(given)))
    sizes = (y.shape[0], len(channels), size)
    grid = min(blocks(y.size // pack), MOST_BLOCKS)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        address = loader().address
        places = [*map(address, ins), *[0] * (MOST_SOURCES - len(ins))]
        given = struct.pack(f"{MOST_SOURCES}Q", *places) + widths + table
        kernel("run", grid, THREADS, given, outs[0], *sizes)

    return Bound(run, (layout,) * len(in_types), (y.with_layout(layout),))


build.physical = True  # type: ignore[attr-defined]
