"""Fused batch norm by the compiled kernels, over plain, channels-last and blocked memory."""

from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import batch_norm as kernels
from .fused_norm import fused_batch_norm, fused_batch_norm_backward
from .fused_norm_inference import fused_batch_norm_inference
from .norm_numba import followed, form, per_channel, usable
from .running import scale_and_shift

Types = tuple[TensorType, ...]

MOST_GRADIENTS = 3


@fused_batch_norm.backend("numba")
def forward(in_types: Types, out_types: Types, *, eps: float, activation: str) -> Bound | None:
    """Statistics and result in one launch."""
    x = in_types[0]
    if not usable(x) or not per_channel(x, in_types[1:3]):
        return None
    layout = followed(x)
    shape = form(x, layout)
    residual = len(in_types) == 4 and in_types[3] is not None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, mean, variance, inverse = outs
        kernels.bn_forward(
            ins[0].reshape(shape), ins[1].reshape(-1), ins[2].reshape(-1), eps, y.reshape(shape),
            mean.reshape(-1), variance.reshape(-1), inverse.reshape(-1),
            ins[3].reshape(shape) if residual else None, activation,
        )  # fmt: skip

    layouts = (layout, None, None, layout)[: len(in_types)]
    outs = (out_types[0].with_layout(layout), *out_types[1:])
    over, *further = fused_batch_norm.reuses((eps, activation), len(in_types))
    return Bound(run, layouts, outs, inplace=over, further=tuple(further))


@fused_batch_norm_backward.backend("numba")
def backward(
    in_types: Types, out_types: Types, *, eps: float | None, activation: str, masked: bool
) -> Bound | None:
    """The gradients in two passes over x, the incoming gradients, and y where it is given."""
    x, mean, _, weight, bias, _, *gradients = in_types
    if not usable(x) or mean.dtype != x.dtype or not per_channel(x, (weight, bias)):
        return None
    if len(gradients) > MOST_GRADIENTS:
        return None
    layout = followed(x)
    shape = form(x, layout)
    nothing = np.zeros(x.shape[1], x.dtype)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        source, centre, spread, scale, shift, result, *given = ins
        spread = spread.reshape(-1)
        inverse = spread if eps is None else 1 / np.sqrt(spread + x.dtype.type(eps))
        kernels.bn_backward(
            source.reshape(shape), [g.reshape(shape) for g in given], centre.reshape(-1), inverse,
            scale.reshape(-1), nothing if shift is None else shift.reshape(-1),
            outs[0].reshape(shape), outs[1].reshape(-1), outs[2].reshape(-1),
            None if result is None else result.reshape(shape),
            outs[3].reshape(shape) if masked else None, activation,
        )  # fmt: skip

    layouts = (layout, None, None, None, None, layout, *[layout] * len(gradients))
    whole = (0, 3) if masked else (0,)
    outs = tuple([t.with_layout(layout) if i in whole else t for i, t in enumerate(out_types)])
    over, *further = fused_batch_norm_backward.reuses((eps, activation, masked), len(in_types))
    return Bound(run, layouts, outs, inplace=over, further=tuple(further))


@fused_batch_norm_inference.backend("numba")
def inference(in_types: Types, out_types: Types, *, eps: float, activation: str) -> Bound | None:
    """One pass with two numbers a channel."""
    x = in_types[0]
    if not usable(x) or any(t is not None and t.dtype != x.dtype for t in in_types):
        return None
    layout = followed(x)
    shape = form(x, layout)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        mean, variance, weight, bias, residual = (*ins[1:], None, None, None)[:5]
        scale, shift = scale_and_shift(np, x.dtype, mean, variance, weight, bias, eps)
        kernels.bn_apply(
            ins[0].reshape(shape), scale.reshape(-1), shift.reshape(-1), outs[0].reshape(shape),
            None if residual is None else residual.reshape(shape), activation,
        )  # fmt: skip

    layouts = (layout, None, None, None, None, layout)[: len(in_types)]
    return Bound(run, layouts, (out_types[0].with_layout(layout),), inplace=(0, 0))


for _build in (forward, backward, inference):
    _build.physical = True  # type: ignore[attr-defined]
