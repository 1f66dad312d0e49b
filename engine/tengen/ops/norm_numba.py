"""Batch norm by the fused kernels over plain, channels-last and blocked memory.

Statistics are summed in float64 in one pass; the layout that comes in goes out.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import batch_norm as kernels
from ..kernels.numba import library
from .convolution import channel_sum
from .norm import batch_norm, batch_norm_backward
from .running import batch_norm_inference, scale_and_shift

Types = tuple[TensorType, ...]


def usable(x: TensorType) -> bool:
    """True if compiled kernels can be had and x is of a type and size that they take."""
    return x.dtype in (dt.float32, dt.float64) and x.size > 0 and library.available()


def followed(x: TensorType) -> Any:
    """The layout of x if the kernels take it (blocks of channels), else None for plain."""
    layout = x.layout
    if layout is None or layout.order != tuple(range(x.ndim)):
        return None
    return layout if len(layout.blocks) == 1 and layout.blocks[0][0] == 1 else None


def form(x: TensorType, layout: Any) -> tuple[int, ...]:
    """The shape under which the kernels take memory of x in this layout."""
    if layout is not None:
        lanes = layout.blocks[0][1]
        return x.shape[0], -(-x.shape[1] // lanes), -1, lanes
    return x.shape if x.ndim == 2 else (x.shape[0], x.shape[1], -1)


def _affine(x: TensorType, weight: Any, bias: Any) -> tuple[Any, Any]:
    if weight is None:
        return np.ones(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    return weight.reshape(-1), bias.reshape(-1)


@batch_norm.backend("numba")
def forward(in_types: Types, out_types: Types, *, eps: float) -> Bound | None:
    """Statistics and result in one launch."""
    x = in_types[0]
    if not usable(x) or not per_channel(x, in_types[1:]):
        return None
    layout = followed(x)
    shape = form(x, layout)
    given = len(in_types) == 3 and in_types[1] is not None
    constant = _affine(x, None, None)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        weight, bias = (ins[1].reshape(-1), ins[2].reshape(-1)) if given else constant
        y, mean, variance = outs
        inverse = np.empty(x.shape[1], x.dtype)
        kernels.bn_forward(
            ins[0].reshape(shape), weight, bias, eps, y.reshape(shape), mean.reshape(-1),
            variance.reshape(-1), inverse,
        )  # fmt: skip

    y, mean, variance = out_types
    layouts = (layout, *[None] * (len(in_types) - 1))
    types = (y.with_layout(layout), mean, variance)
    return Bound(run, layouts, types, inplace=(0, 0), name="numba bn_forward")


def per_channel(x: TensorType, parts: Types) -> bool:
    """True if weight and bias hold one number for each channel."""
    expected = (1, x.shape[1], *[1] * (x.ndim - 2))
    return all(t is None or t.shape == expected for t in parts)


@batch_norm_backward.backend("numba")
def backward(in_types: Types, out_types: Types, *, eps: float) -> Bound | None:
    """The three gradients in two passes over x and dy."""
    x, _, mean = in_types[:3]
    if not usable(x) or mean.dtype != x.dtype or not per_channel(x, in_types[4:]):
        return None
    layout = followed(x)
    shape = form(x, layout)
    given = len(in_types) == 5 and in_types[4] is not None
    constant = _affine(x, None, None)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        weight = ins[4].reshape(-1) if given else constant[0]
        dx, dweight, dbias = outs
        inverse = 1 / np.sqrt(ins[3].reshape(-1) + x.dtype.type(eps))
        kernels.bn_backward(
            ins[0].reshape(shape), [ins[1].reshape(shape)], ins[2].reshape(-1), inverse, weight,
            constant[1], dx.reshape(shape), dweight.reshape(-1), dbias.reshape(-1),
        )  # fmt: skip

    dx, dweight, dbias = out_types
    layouts = (layout, layout, *[None] * (len(in_types) - 2))
    types = (dx.with_layout(layout), dweight, dbias)
    over, *further = batch_norm_backward.reuses((eps,), len(in_types))
    name = "numba bn_backward"
    return Bound(run, layouts, types, inplace=over, further=tuple(further), name=name)


@batch_norm_inference.backend("numba")
def inference(in_types: Types, out_types: Types, *, eps: float) -> Bound | None:
    """One multiplication and addition for each element."""
    x = in_types[0]
    if not usable(x) or any(t is not None and t.dtype != x.dtype for t in in_types):
        return None
    layout = followed(x)
    shape = form(x, layout)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        mean, variance, weight, bias = (*ins[1:], None, None)[:4]
        scale, shift = scale_and_shift(np, x.dtype, mean, variance, weight, bias, eps)
        kernels.bn_apply(
            ins[0].reshape(shape), scale.reshape(-1), shift.reshape(-1), outs[0].reshape(shape)
        )

    layouts = (layout, *[None] * (len(in_types) - 1))
    return Bound(run, layouts, (out_types[0].with_layout(layout),), name="numba bn_apply")


@channel_sum.backend("numba")
def total(in_types: Types, out_types: Types, *, keepdims: bool) -> Bound | None:
    """The sum over all but the channels of blocked data, as its mean times the count."""
    (x,) = in_types
    layout = followed(x)
    if layout is None or not usable(x):
        return None
    shape = form(x, layout)
    count = x.dtype.type(x.size // x.shape[1])

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        mean, *rest = (np.empty(x.shape[1], x.dtype) for _ in range(3))
        kernels.bn_statistics(ins[0].reshape(shape), 1.0, mean, *rest)
        np.multiply(mean, count, out=outs[0].reshape(-1))

    return Bound(run, (layout,), out_types, name="numba bn_statistics")


for _build in (forward, backward, inference, total):
    _build.physical = True  # type: ignore[attr-defined]
