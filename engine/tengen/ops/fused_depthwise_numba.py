"""Depthwise convolution behind batch norm by compiled kernels, on blocks of channels.

Until a kernel is compiled, batch norm and oneDNN's convolution do it in turn.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.layout import Layout
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import batch_norm, depthwise, library
from ..kernels.numba.depthwise_source import Shape
from ..kernels.onednn import library as onednn
from . import convolution_onednn, fused_norm_numba
from .blocked import Run, text_on_tiles
from .fused_depthwise import fused_depthwise, fused_depthwise_backward, window
from .norm_numba import followed, form

Types = tuple[TensorType, ...]

LANES = 16
"""Channels of a block where nobody likes any."""


def usable(x: TensorType, kernel: TensorType, stride: Any, padding: Any) -> bool:
    """Whether there are kernels for a convolution of x: float32, square in every respect."""
    if x.dtype != dt.float32 or not x.size or not library.available():
        return False
    height, width = kernel.shape[-2:]
    square = height == width and stride[0] == stride[1] and padding[0] == padding[1]
    return square and padding[0] < height <= 7


def _shape(kernel: TensorType, stride: Any, padding: Any, activation: str, lanes: int) -> Shape:
    return Shape(kernel.shape[-1], stride[0], padding[0], activation, "float32", lanes)


def _layouts(x: TensorType) -> tuple[Layout, Layout]:
    """Those of data and of kernels; data in none takes what convolutions like here."""
    liked = convolution_onednn.favoured_layout(4) if onednn.available() else None
    layout = followed(x) or liked or Layout(range(4), ((1, LANES),))
    return layout, Layout(range(5), ((0, layout.blocks[0][1]),))


def _padded(values: Any, length: int) -> Any:
    """Numbers of the channels as one row, zero for those that only fill a block."""
    flat = values.reshape(-1)
    return (
        flat
        if flat.size == length
        else np.concatenate([flat, np.zeros(length - flat.size, flat.dtype)])
    )


@fused_depthwise.backend("numba")
def forward(
    in_types: Types, out_types: Types, *, eps: float, activation: str, stride: Any, padding: Any
) -> Bound | None:
    """Statistics in one pass over x, everything else in another."""
    x, _, _, kernel = in_types
    if not usable(x, kernel, stride, padding):
        return None
    layout, taps = _layouts(x)
    lanes = layout.blocks[0][1]
    shape = _shape(kernel, stride, padding, activation, lanes)
    outs = (out_types[0].with_layout(layout), *out_types[1:])
    data = x.with_layout(layout)
    flat = form(x, layout)
    layouts = (layout, None, None, taps)
    apart = _forward_apart(data, kernel.with_layout(taps), in_types, out_types, eps, shape)
    if apart is None:
        attrs = {"eps": eps, "activation": activation, "stride": stride, "padding": padding}
        apart = text_on_tiles(fused_depthwise, attrs, in_types, layouts, outs)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        if not depthwise.ready(shape, "forward"):
            apart(outs, ins)
            return
        z, mean, variance, inverse = outs
        source, scale, shift, kernels = ins
        length = source.shape[1] * lanes
        statistics = [a.reshape(-1) for a in (mean, variance, inverse)]
        batch_norm.bn_statistics(source.reshape(flat), eps, *statistics)
        factor = scale.reshape(-1) * statistics[2]
        row, factor, shift = (_padded(a, length) for a in (mean, factor, shift))
        depthwise.forward(shape, source, row, factor, shift, kernels, z)

    return Bound(run, layouts, outs)


def _forward_apart(
    data: TensorType, taps: TensorType, in_types: Types, out_types: Types, eps: float, shape: Shape
) -> Run | None:
    """Batch norm, then the convolution; None where the forms do not fit."""
    norm = fused_norm_numba.forward(
        (data, *in_types[1:3]), (data.logical, *out_types[1:]), eps=eps, activation=shape.activation
    )
    where = window((shape.stride,) * 2, (shape.padding,) * 2)
    product = convolution_onednn.forward((data, taps), out_types[:1], **where)
    if norm is None or not _keeps(product, (data, taps), (data.layout,)):
        return None
    first, second = norm.run, product.run  # type: ignore[union-attr]
    assert first is not None and second is not None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y = np.empty_like(ins[0])
        first((y, *outs[1:]), ins[:3])
        second(outs[:1], (y, ins[3]))

    return run


def _keeps(bound: Bound | None, forms: Types, layouts: tuple[Any, ...]) -> bool:
    """Whether a kernel takes operands as they lie, and gives its results in these layouts."""
    if bound is None or bound.in_layouts != tuple(f.layout for f in forms):
        return False
    return tuple(t.layout for t in bound.out_types) == layouts


@fused_depthwise_backward.backend("numba")
def backward(
    in_types: Types, out_types: Types, *, activation: str, stride: Any, padding: Any
) -> Bound | None:
    """One pass over x and the gradient for all sums, another for the gradient of x."""
    x, kernel, dz = in_types[0], in_types[5], in_types[6]
    if not usable(x, kernel, stride, padding):
        return None
    layout, taps = _layouts(x)
    lanes = layout.blocks[0][1]
    shape = _shape(kernel, stride, padding, activation, lanes)
    outs = (
        out_types[0].with_layout(layout), *out_types[1:3], out_types[3].with_layout(taps)
    )  # fmt: skip
    layouts = (layout, None, None, None, None, taps, layout)
    apart = _backward_apart(
        x.with_layout(layout), kernel.with_layout(taps), dz.with_layout(layout), in_types, shape
    )
    if apart is None:
        attrs = {"activation": activation, "stride": stride, "padding": padding}
        apart = text_on_tiles(fused_depthwise_backward, attrs, in_types, layouts, outs)
    channels = x.shape[1]

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        if not depthwise.ready(shape, "backward", "finish"):
            apart(outs, ins)
            return
        source, centre, inverse, scale, shift, kernels, gradient = ins
        length = source.shape[1] * lanes
        numbers = (_padded(a, length) for a in (centre, inverse, scale, shift))
        centre, inverse, scale, shift = numbers
        found = depthwise.backward(
            shape, source, gradient, centre, inverse, scale, shift, kernels, outs[0]
        )
        for out, total in zip(outs[1:3], found, strict=False):
            out.reshape(-1)[:] = total[:channels]
        outs[3].reshape(found[2].shape)[...] = found[2]

    return Bound(run, layouts, outs)


def _backward_apart(
    data: TensorType, taps: TensorType, dz: TensorType, in_types: Types, shape: Shape
) -> Run | None:
    """The convolution's two gradients, then the batch norm's; None where the forms do not fit."""
    where = window((shape.stride,) * 2, (shape.padding,) * 2)
    size: Any = data.shape[2:]
    of_data = convolution_onednn.backward_data((dz, taps), (data.logical,), size=size, **where)
    of_taps = convolution_onednn.backward_weight(
        (data, dz), (taps.logical,), shape=taps.shape, **where
    )
    part = in_types[3]
    norm = fused_norm_numba.backward(
        (data, *in_types[1:5], None, data), (data.logical, part, part),  # type: ignore[arg-type]
        eps=None, activation=shape.activation, masked=False,
    )  # fmt: skip
    if norm is None or not _keeps(of_data, (dz, taps), (data.layout,)):
        return None
    if not _keeps(of_taps, (data, dz), (taps.layout,)):
        return None
    runs = [bound.run for bound in (of_data, of_taps, norm) if bound is not None]
    flat = form(data.logical, data.layout)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        source, mean, inverse, weight, bias, kernels, gradient = ins
        y, dy = np.empty_like(source), np.empty_like(source)
        scale = weight.reshape(-1) * inverse.reshape(-1)
        shift = bias.reshape(-1) - mean.reshape(-1) * scale
        batch_norm.bn_apply(
            source.reshape(flat), scale, shift, y.reshape(flat), None, shape.activation
        )
        runs[0]((dy,), (gradient, kernels))  # type: ignore[misc]
        runs[1]((outs[3],), (y, gradient))  # type: ignore[misc]
        runs[2](outs[:3], (source, mean, inverse, weight, bias, None, dy))  # type: ignore[misc]

    return run


for _build in (forward, backward):
    _build.physical = True  # type: ignore[attr-defined]
