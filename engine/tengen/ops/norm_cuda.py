"""Batch norm, plain or channels-last, with what follows it, and layer norm, on the GPU."""

from collections.abc import Callable
from typing import Any

from ..base import dtype as dt
from ..base.layout import channels_last
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda.elementwise import operand
from ..kernels.cuda.program import Program, program
from .convolution import channel_sum
from .fused_norm import fused_batch_norm, fused_batch_norm_backward
from .fused_norm_inference import fused_batch_norm_inference
from .launching_cuda import THREADS, TYPES, all_known, blocks, period_over, rows_along
from .norm import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from .running import batch_norm_inference

FILL = 1056
"""Blocks that fill a large chip: 132 SMs with 8 blocks of 256 threads each."""

MOST_PIECES = 512
"""Pieces of a channel: what one thread joins at the end."""


class Channels:
    """How the kernels of `channels.cuh` are launched over x: definitions, grid and block."""

    def __init__(self, x: TensorType):
        lanes = 16 // x.dtype.itemsize
        self.layout = channels_last(x.ndim) if x.ndim > 2 else None
        self.last = x.ndim == 2 or x.layout is self.layout
        self.layout = self.layout if self.last else None
        self.images, self.channels = x.shape[:2]
        self.size = x.size // max(self.images * self.channels, 1)
        along = self.channels if self.last else self.size
        self.pack = lanes if along % lanes == 0 else 1
        groups = blocks(self.channels, self.pack)
        if self.last:
            width = min(1 << (groups - 1).bit_length(), 32)
            self.block, across = (width, THREADS // width, 1), blocks(groups, width)
            turns = blocks(self.images * self.size, THREADS // width)
        else:
            self.block, across = (THREADS, 1, 1), self.channels
            turns = blocks(self.images * self.size, THREADS * self.pack)
        self.pieces = max(min(blocks(FILL, across), blocks(turns, 4), MOST_PIECES), 1)
        self.grid = (across, self.pieces, 1)
        self.sizes = (self.images, self.channels, self.size, self.pieces)
        self.wide = 8 if x.dtype == dt.float64 else 4
        self.per_channel = (blocks(self.channels, 128), 128)

    def program(self, name: str, dtype: Any, **defines: Any) -> Program:
        """A program of these definitions."""
        return program(name, TYPE=TYPES[dtype], LAST=int(self.last), VECTOR=self.pack, **defines)


class Slices:
    """Cuts a workspace into arrays of the computing type."""

    def __init__(self, workspace: Any, wide: int):
        self.workspace, self.wide, self.at = workspace, wide, 0

    def take(self, count: int) -> Any:
        """The next `count` elements, as bytes."""
        start = self.at
        self.at += -(-count * self.wide // 16) * 16
        return self.workspace[start : self.at]


def one_a_channel(x: TensorType, *parts: TensorType | None) -> bool:
    """Whether weight, bias and the like hold one number of x's type for each channel."""
    return all(t is None or (t.size == x.shape[1] and t.dtype == x.dtype) for t in parts)


def _statistics(
    known: Channels, forward: Program, eps: float, x: Any, outs: Any, space: Any
) -> None:
    """Mean, variance and inverse deviation of x into the three arrays `outs`."""
    parts = space.take(known.pieces * known.channels * 3)
    forward("statistics", known.grid, known.block, x, parts, *known.sizes)
    forward("finish", *known.per_channel, parts, *outs, known.channels, known.pieces, eps)


def statistics_of(known: Channels, dtype: Any) -> tuple[int, Callable[..., None]]:
    """The bytes of workspace and the call `(x, mean, variance, workspace)` that find x's mean and
    variance."""
    kernels = known.program("batch_norm", dtype, ACTIVATION="NONE", STATISTIC="float")
    workspace = (known.pieces * known.channels * 3 + known.channels + 8) * known.wide + 64

    def run(x: Any, mean: Any, variance: Any, workspace: Any) -> None:
        space = Slices(workspace, known.wide)
        inverse = space.take(known.channels)
        _statistics(known, kernels, 1.0, x, (mean, variance, inverse), space)

    return -(-workspace // 256) * 256, run


def _forward(
    forms: Any, out_types: Any, eps: float, activation: str, inverse_out: bool
) -> Bound | None:
    x, weight, bias, _residual = (*forms, None, None, None)[:4]
    if not all_known((x,)) or not one_a_channel(x, weight, bias):
        return None
    known = Channels(x)
    kernels = known.program("batch_norm", x.dtype, ACTIVATION=activation.upper(), STATISTIC="float")
    layout, count = known.layout, len(forms)
    workspace = (known.pieces * known.channels * 3 + known.channels + 8) * known.wide

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        data, scale, shift, other = (*ins, None, None, None)[:4]
        y, mean, variance = outs[:3]
        space = Slices(outs[-1], known.wide)
        inverse = outs[3] if inverse_out else space.take(known.channels)
        _statistics(known, kernels, eps, data, (mean, variance, inverse), space)
        kernels("apply", known.grid, known.block, data, mean, inverse, scale, shift, other, y,
                *known.sizes)  # fmt: skip

    layouts = tuple([layout if i in (0, 3) else None for i in range(count)])
    outs = (out_types[0].with_layout(layout), *out_types[1:])
    return Bound(run, layouts, outs, workspace=workspace + 64)


@batch_norm.backend("cuda", "gpu")
def forward(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    """Statistics in one pass, the result in a second."""
    return _forward(forms, out_types, eps, "none", False)


@fused_batch_norm.backend("cuda", "gpu")
def fused_forward(forms: Any, out_types: Any, *, eps: float, activation: str) -> Bound | None:
    """The same with the residual and the activation in the second pass."""
    return _forward(forms, out_types, eps, activation, True)


def _backward(
    forms: Any, out_types: Any, places: dict[str, int], gradients: list[int],
    eps: float, activation: str, masked: bool,
) -> Bound | None:  # fmt: skip
    """`places` says where x, mean, spread, weight, bias and y stand among the inputs."""
    x, mean = forms[places["x"]], forms[places["mean"]]

    def form(name: str) -> Any:
        place = places.get(name)
        return None if place is None or place >= len(forms) else forms[place]

    if not all_known((x,)) or len(gradients) > 4 or mean.dtype != dt.accumulator(x.dtype):
        return None
    if not one_a_channel(x, form("weight"), form("bias")):
        return None
    known = Channels(x)
    from_y = form("y") is not None
    kernels = known.program(
        "batch_norm_backward", x.dtype, ACTIVATION=activation.upper(), FROM_Y=int(from_y),
        GRADIENTS=len(gradients),
    )  # fmt: skip
    layout, pieces, channels = known.layout, known.pieces, known.channels
    order = [places[name] if form(name) is not None else None
             for name in ("x", "mean", "spread", "weight", "bias", "y")]  # fmt: skip

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        sources = [None if place is None else ins[place] for place in order]
        given = [ins[place] for place in gradients] + [None] * (4 - len(gradients))
        dx, dweight, dbias = outs[:3]
        kept = outs[3] if masked else None
        space = Slices(outs[-1], known.wide)
        parts, totals = space.take(pieces * channels * 2), space.take(channels * 2)
        kernels("reduce", known.grid, known.block, *sources, *given, kept, parts, *known.sizes, eps)
        kernels("finish", *known.per_channel, parts, sources[2], dweight, dbias, totals, channels,
                pieces, eps)  # fmt: skip
        kernels("gradient", known.grid, known.block, *sources, *given, kept, totals, dx,
                *known.sizes, eps)  # fmt: skip

    full = {places["x"], places.get("y"), *gradients}
    layouts = tuple([layout if i in full else None for i in range(len(forms))])
    outs = [t.with_layout(layout) if i in (0, 3) else t for i, t in enumerate(out_types)]
    workspace = (pieces * channels * 2 + channels * 2) * known.wide + 64
    return Bound(run, layouts, tuple(outs), workspace=workspace)


@batch_norm_backward.backend("cuda", "gpu")
def backward(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    """The three gradients in two passes over x and dy."""
    places = {"x": 0, "mean": 2, "spread": 3, "weight": 4}
    return _backward(forms, out_types, places, [1], eps, "none", False)


@fused_batch_norm_backward.backend("cuda", "gpu")
def fused_backward(
    forms: Any, out_types: Any, *, eps: float | None, activation: str, masked: bool
) -> Bound | None:
    """The gradients behind an activation, its mask from y or worked out again."""
    places = {"x": 0, "mean": 1, "spread": 2, "weight": 3, "bias": 4, "y": 5}
    gradients = list(range(6, len(forms)))
    eps = -1.0 if eps is None else eps
    return _backward(forms, out_types, places, gradients, eps, activation, masked)


def _inference(forms: Any, out_types: Any, eps: float, activation: str) -> Bound | None:
    x, mean, _variance, weight, bias, _residual = (*forms, None, None, None)[:6]
    if not all_known((x,)) or not one_a_channel(x, weight, bias):
        return None
    if dt.promote(dt.accumulator(x.dtype), mean.dtype) != dt.accumulator(x.dtype):
        return None
    known = Channels(x)
    kernels = known.program(
        "batch_norm", x.dtype, ACTIVATION=activation.upper(), STATISTIC=TYPES[mean.dtype]
    )
    layout, channels = known.layout, known.channels

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        data, mean, variance, scale, shift, other = (*ins, None, None, None)[:6]
        space = Slices(outs[-1], known.wide)
        middle, inverse = space.take(channels), space.take(channels)
        kernels("given", *known.per_channel, mean, variance, middle, inverse, channels, eps)
        kernels("apply", known.grid, known.block, data, middle, inverse, scale, shift, other,
                outs[0], *known.sizes)  # fmt: skip

    layouts = tuple([layout if i in (0, 5) else None for i in range(len(forms))])
    out = (out_types[0].with_layout(layout),)
    return Bound(run, layouts, out, workspace=2 * channels * known.wide + 64)


@batch_norm_inference.backend("cuda", "gpu")
def inference(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    """One pass with given statistics."""
    return _inference(forms, out_types, eps, "none")


@fused_batch_norm_inference.backend("cuda", "gpu")
def fused_inference(forms: Any, out_types: Any, *, eps: float, activation: str) -> Bound | None:
    """The same with the residual and the activation."""
    return _inference(forms, out_types, eps, activation)


@channel_sum.backend("cuda", "gpu")
def total(forms: Any, out_types: Any, *, keepdims: bool) -> Bound | None:
    """The sum over all but the channels, in the layout that comes."""
    (x,) = forms
    if x.ndim < 2 or x.dtype not in dt.FLOATS or not all_known((x,)):
        return None
    known = Channels(x)
    kernels = known.program("channel_sum", x.dtype)
    channels, pieces = known.channels, known.pieces

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, parts = outs
        kernels("part", known.grid, known.block, ins[0], parts, *known.sizes)
        kernels("finish", *known.per_channel, parts, y, channels, pieces)

    return Bound(run, (known.layout,), out_types, workspace=pieces * channels * known.wide)


_BUILDERS = (forward, fused_forward, backward, fused_backward, inference, fused_inference, total)
for _build in _BUILDERS:
    _build.physical = True  # type: ignore[attr-defined]


def _rows(x: TensorType, axes: Any) -> tuple[int, int, dict[str, Any], tuple[Any, Any]] | None:
    """Rows, columns, and the definitions and (grid, block) of a kernel of rows."""
    found = rows_along(x.shape, axes)
    if found is None or found[2] != 1:
        return None
    rows, columns, _ = found
    by_block = columns > 1024
    grid = (rows, 256 if columns <= 8192 else 512) if by_block else (blocks(rows, 4), 128)
    return rows, columns, {"TYPE": TYPES[x.dtype], "ROWS_BY_BLOCK": int(by_block)}, grid


def _weight(x: TensorType, weight: TensorType | None) -> tuple[dict[str, Any], int, int] | None:
    """How a weight lies over x."""
    if weight is None:
        return {"WEIGHT": "FULL", "HAS_WEIGHT": 0}, 1, 1
    found = period_over(weight.shape, x.shape)
    if found is None or weight.dtype != x.dtype:
        return None
    inner, count = found
    lie = operand(TYPES[x.dtype], inner, count, 16 // x.dtype.itemsize).lie
    return {"WEIGHT": lie, "HAS_WEIGHT": 1}, inner, count


@layer_norm.backend("cuda", "gpu")
def layer_forward(in_types: Any, out_types: Any, *, axes: Any, eps: float) -> Bound | None:
    """A row stays in the caches between its passes."""
    x, weight, _ = (*in_types, None, None)[:3]
    found = _rows(x, axes) if all_known((x,)) else None
    lie = _weight(x, weight) if found else None
    if found is None or lie is None:
        return None
    (rows, columns, defines, grid), (more, inner, count) = found, lie
    kernel = program("norm", OP="FORWARD", **defines, **more)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        data, scale, shift = (*ins, None, None)[:3]
        kernel("run", *grid, data, scale, shift, *outs, rows, columns, inner, count, eps)

    return Bound(run, (None,) * len(in_types), out_types)


@layer_norm_backward.backend("cuda", "gpu")
def layer_backward(in_types: Any, out_types: Any, *, axes: Any, eps: float) -> Bound | None:
    """The gradient of the rows, then of weight and bias in pieces that are added up."""
    x, _, mean, _, weight = (*in_types, None)[:5]
    found = _rows(x, axes) if all_known((x,)) else None
    lie = _weight(x, weight) if found else None
    if found is None or lie is None or mean.dtype != dt.accumulator(x.dtype):
        return None
    (rows, columns, defines, grid), (more, inner, count) = found, lie
    kernel = program("norm", OP="BACKWARD", **defines, **more)
    over, parts_of = (columns, rows) if weight is None else (inner, count)
    along = over == 1
    across = blocks(parts_of, 32) if along else parts_of
    turns = x.size // (over * parts_of)
    pieces = max(min(blocks(FILL, across), blocks(turns, 32 if along else 4)), 1)
    how = "WEIGHTS_ALONG" if along else "WEIGHTS_SPREAD"
    weights = program("norm", OP=how, **defines, **more)
    wide = mean.dtype.itemsize

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        data, dy, middle, spread, scale = (*ins, None)[:5]
        dx, dweight, dbias, parts = outs
        kernel("run", *grid, data, dy, middle, spread, scale, dx, rows, columns, inner, count, eps)
        weights("run", (across, pieces, 1), THREADS, data, dy, middle, spread, parts, x.size,
                columns, over, parts_of, pieces, eps)  # fmt: skip
        weights("finish", blocks(parts_of, 128), 128, parts, dweight, dbias, parts_of, pieces)

    return Bound(run, (None,) * len(in_types), out_types, workspace=2 * pieces * parts_of * wide)
