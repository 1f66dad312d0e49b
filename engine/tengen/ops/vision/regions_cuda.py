"""Means of bilinear samples over the bins of regions (region of interest align) on the GPU."""

import struct
from typing import Any

from ...base import dtype as dt
from ...graph.opdef import Bound
from ...kernels.cuda.program import program
from ..launching_cuda import THREADS, TYPES, all_known, blocks
from .regions import region_mean, region_mean_transpose


def _geometry(
    image: Any, regions: Any, output: Any, scale: float, offset: float, points: Any
) -> bytes:
    return struct.pack(
        "9i4xdd", *image, regions.shape[0], *output, *points, float(scale), float(offset)
    )


@region_mean.backend("cuda", "gpu")
def forward(
    in_types: Any, out_types: Any, *, output: Any, kind: str, scale: float, offset: float,
    points: Any,
) -> Bound | None:  # fmt: skip
    """A thread a bin and channel."""
    x, regions = in_types
    if kind != "align" or regions.dtype != x.dtype or not all_known((x, *out_types)):
        return None
    kernel = program("regions", TYPE=TYPES[x.dtype], OP="MEAN")
    geometry = _geometry(x.shape, regions, output, scale, offset, points)
    grid = blocks(out_types[0].size)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("run", grid, THREADS, *ins, outs[0], geometry)

    return Bound(run, (None, None), out_types)


@region_mean_transpose.backend("cuda", "gpu")
def transpose(
    in_types: Any, out_types: Any, *, shape: Any, output: Any, kind: str, scale: float,
    offset: float, points: Any,
) -> Bound | None:  # fmt: skip
    """Adds with atomics into sums of the computing type."""
    dy, regions = in_types
    if kind != "align" or regions.dtype != dy.dtype or not all_known((dy, *out_types)):
        return None
    kernel = program("regions", TYPE=TYPES[dy.dtype], OP="TRANSPOSE")
    geometry = _geometry(shape, regions, output, scale, offset, points)
    size, grid = out_types[0].size, blocks(dy.size)
    rounded = dt.accumulator(dy.dtype) != dy.dtype

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        total = outs[1] if rounded else outs[0]
        kernel("clear", blocks(size), THREADS, total, size)
        kernel("run", grid, THREADS, *ins, total, geometry)
        if rounded:
            kernel("finish", blocks(size), THREADS, total, outs[0], size)

    workspace = 4 * size if rounded else 0
    return Bound(run, (None, None), out_types, workspace=workspace, reproducible=False)
