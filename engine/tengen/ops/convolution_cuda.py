"""Depthwise convolution and its gradients on the GPU, plain or channels-last."""

import struct
from typing import Any

from ..base import dtype as dt
from ..base.layout import channels_last
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda.program import program
from .convolution import (
    convolution,
    convolution_backward_data,
    convolution_backward_weight,
)
from .launching_cuda import THREADS, TYPES, all_known, blocks

TILE = 4
"""Results of a thread in a row: each input pack is used up to TILE times, and 4 x 8 sums of halves
fit into the registers beside a row of the filter."""

MOST_SUMS = 64
"""Sums that a thread keeps for a filter's gradient; wider packs than these allow would spill."""


def _unrolled(kernel: Any) -> bool:
    """Whether a row of the filter is short enough to be unrolled well."""
    return max(kernel) <= 31


class Depthwise:
    """Geometry and definitions of one depthwise convolution."""

    def __init__(self, x: TensorType, y: TensorType, kernel: Any, attrs: dict[str, Any]):
        self.layout = x.layout if x.layout is channels_last(4) else None
        self.channels = x.shape[1]
        self.lanes = 16 // x.dtype.itemsize
        self.taps = kernel[0] * kernel[1]
        self.kernel, self.dtype = kernel, x.dtype
        self.geometry = struct.pack(
            "12i", *x.shape, *y.shape[2:], *attrs["stride"], *attrs["padding"], *attrs["dilation"]
        )
        stride, dilation = attrs["stride"][1], attrs["dilation"][1]
        short = dilation == 1 and stride <= 2 and kernel[1] <= 7
        self.step = stride if short else 0
        self.weight_bytes = -(-self.channels * self.taps * x.dtype.itemsize // 16) * 16

    def program(self, op: str, pack: int) -> Any:
        """The program of an OP with packs of `pack` channels."""
        return program(
            "depthwise", TYPE=TYPES[self.dtype], LAST=int(self.layout is not None), VECTOR=pack,
            TILE=TILE, KERNEL_H=self.kernel[0], KERNEL_W=self.kernel[1], STEP=self.step, OP=op,
        )  # fmt: skip

    def pack(self, most: int) -> int:
        """Channels of a thread: a power of two up to 16 bytes and `most`; 1 in plain memory."""
        if self.layout is None:
            return 1
        pack = self.lanes
        while pack > 1 and (self.channels % pack or pack > most):
            pack //= 2
        return pack


def depthwise(x: TensorType, y: TensorType, weight: Any, attrs: dict[str, Any]) -> Depthwise | None:
    """The call if it is a depthwise convolution of images: one filter a channel."""
    if x.ndim != 4 or len(weight) != 5 or weight[1:3] != (1, 1) or x.shape[1] != weight[0]:
        return None
    if y.shape[1] != weight[0] or not all_known((x, y)) or not _unrolled(weight[3:]):
        return None
    return Depthwise(x, y, weight[3:], attrs)


@convolution.backend("cuda", "gpu")
def forward(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
    """A tile of results a thread, over a turned copy of the filters."""
    x, weight, *bias = forms
    found = depthwise(x, out_types[0], weight.shape, attrs)
    if found is None or (bias and bias[0] is not None):
        return None
    pack = found.pack(found.lanes)
    kernel, geometry, channels = found.program("FORWARD", pack), found.geometry, found.channels
    y = out_types[0]
    threads = y.size // y.shape[3] // pack * blocks(y.shape[3], TILE)
    arranged = blocks(channels * found.taps)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("arrange", arranged, THREADS, ins[1], outs[-1], channels)
        kernel("run", blocks(threads, 128), 128, ins[0], outs[-1], outs[0], geometry)

    layouts = (found.layout, *[None] * (len(forms) - 1))
    out = (y.with_layout(found.layout),)
    return Bound(run, layouts, out, workspace=found.weight_bytes)


@convolution_backward_data.backend("cuda", "gpu")
def backward_data(forms: Any, out_types: Any, *, size: Any, **attrs: Any) -> Bound | None:
    """Each element gathers from the results it went into."""
    dy, weight = forms[:2]
    dx = out_types[0]
    found = depthwise(dx.with_layout(dy.layout), dy.logical, weight.shape, attrs)
    if found is None:
        return None
    pack = found.pack(found.lanes)
    kernel, geometry, channels = (
        found.program("BACKWARD_DATA", pack),
        found.geometry,
        found.channels,
    )
    grid, arranged = blocks(dx.size // pack, 128), blocks(channels * found.taps)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("arrange", arranged, THREADS, ins[1], outs[-1], channels)
        kernel("run", grid, 128, ins[0], outs[-1], outs[0], geometry)

    out = (dx.with_layout(found.layout),)
    layouts = (found.layout, *[None] * (len(forms) - 1))
    return Bound(run, layouts, out, workspace=found.weight_bytes)


@convolution_backward_weight.backend("cuda", "gpu")
def backward_weight(forms: Any, out_types: Any, *, shape: Any, **attrs: Any) -> Bound | None:
    """Sums of pieces of the results' rows, which are added up in order."""
    x, dy = forms
    found = depthwise(x, dy.logical, shape, attrs)
    if found is None:
        return None
    pack = found.pack(max(MOST_SUMS // found.kernel[1], 1))
    kernel, geometry, channels = (
        found.program("BACKWARD_WEIGHT", pack), found.geometry, found.channels,
    )  # fmt: skip
    across = blocks(channels, 32 * pack) if found.layout is not None else channels
    turns = dy.shape[0] * dy.shape[2]
    pieces = max(min(1056 // (across * found.kernel[0]), turns), 1)
    grid = (across, pieces, found.kernel[0])
    wide = 8 if x.dtype == dt.float64 else 4

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("run", grid, THREADS, *ins, outs[1], geometry, pieces)
        kernel("finish", blocks(channels * found.taps), THREADS, outs[1], outs[0], channels, pieces)

    layouts = (found.layout, found.layout)
    return Bound(run, layouts, out_types, workspace=pieces * found.taps * channels * wide)


for _build in (forward, backward_data, backward_weight):
    _build.physical = True  # type: ignore[attr-defined]
