"""oneDNN's layer norm over the last axes, and its batch norm where there are no compiled kernels.

float32; for layer norm the weight has the shape of the normalised axes.
"""

import math
from typing import Any

import numpy as np

from ..base.config import config
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import library as compiled_kernels
from ..kernels.onednn import batch_norm as onednn_batch
from ..kernels.onednn import layer_norm as onednn_layer
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import usable
from .norm import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward

Types = tuple[TensorType, ...]

SMALLEST = 1 << 12
"""Elements below which NumPy is as fast."""


def _rows(x: TensorType, weight: TensorType | None, axes: Any) -> Desc | None:
    """x seen as rows to be normalised, or None if it cannot be."""
    places = sorted(a % x.ndim for a in axes)
    if places != list(range(x.ndim - len(places), x.ndim)) or x.size < SMALLEST:
        return None
    shape = tuple(x.shape[a] for a in places)
    if weight is not None and weight.shape != shape:
        return None
    width = math.prod(shape)
    return Desc.plain((x.size // width, width), x.dtype)


@layer_norm.backend("onednn")
def layer_forward(in_types: Types, out_types: Types, *, axes: Any, eps: float) -> Bound | None:
    """Result and statistics."""
    x = in_types[0]
    weight = in_types[1] if len(in_types) > 1 else None
    if not usable(*in_types):
        return None
    rows = _rows(x, weight, axes)
    if rows is None:
        return None
    affine = weight is not None
    try:
        plan = onednn_layer.forward(rows, epsilon=eps, affine=affine)
    except Unsupported:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, mean, variance, *scratch = outs
        plan(ins[0], mean, variance, *(ins[1:] if affine else ()), y, *scratch)

    return _bound(plan, run, in_types, out_types)


@layer_norm_backward.backend("onednn")
def layer_backward(in_types: Types, out_types: Types, *, axes: Any, eps: float) -> Bound | None:
    """The three gradients; without a weight NumPy gives them."""
    x = in_types[0]
    weight = in_types[4] if len(in_types) > 4 else None
    if weight is None or not usable(*in_types):
        return None
    rows = _rows(x, weight, axes)
    if rows is None:
        return None
    try:
        plan = onednn_layer.backward(rows, rows, epsilon=eps)
    except Unsupported:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        source, dy, mean, variance, scale = ins
        plan(source, mean, variance, dy, scale, *outs)

    return _bound(plan, run, in_types, out_types)


def _bound(plan: Any, run: Any, in_types: Types, out_types: Types) -> Bound:
    return Bound(
        run,
        (None,) * len(in_types),
        out_types,
        workspace=plan.scratchpad_bytes,
        name=f"onednn {plan.implementation}",
    )


def _batch_usable(*types: TensorType | None) -> bool:
    compiled = "numba" in config.backends and compiled_kernels.available()
    return not compiled and usable(*types) and 2 <= types[0].ndim <= 5  # type: ignore[union-attr]


def _form(x: TensorType) -> Desc:
    return Desc.of(x.shape, x.dtype, x.layout)


@batch_norm.backend("onednn")
def batch_forward(in_types: Types, out_types: Types, *, eps: float) -> Bound | None:
    """Result and statistics, in the layout of x."""
    x = in_types[0]
    weight = in_types[1] if len(in_types) > 1 else None
    if not _batch_usable(*in_types) or (weight is not None and weight.size != x.shape[1]):
        return None
    affine = weight is not None
    try:
        plan = onednn_batch.forward(_form(x), epsilon=eps, affine=affine)
    except Unsupported:
        return None

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, mean, variance, *scratch = outs
        plan(ins[0], mean, variance, *(ins[1:] if affine else ()), y, *scratch)

    y, mean, variance = out_types
    layouts = (x.layout, *[None] * (len(in_types) - 1))
    types = (y.with_layout(x.layout), mean, variance)
    return Bound(run, layouts, types, workspace=plan.scratchpad_bytes, name="onednn batch_norm")


@batch_norm_backward.backend("onednn")
def batch_backward(in_types: Types, out_types: Types, *, eps: float) -> Bound | None:
    """The three gradients, in the layout of x."""
    x = in_types[0]
    weight = in_types[4] if len(in_types) > 4 else None
    if not _batch_usable(*in_types) or (weight is not None and weight.size != x.shape[1]):
        return None
    try:
        plan = onednn_batch.backward(_form(x), _form(x), epsilon=eps)
    except Unsupported:
        return None
    ones = np.ones(x.shape[1], x.dtype)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        source, dy, mean, variance, scale = (*ins, None)[:5]
        plan(source, mean, variance, dy, ones if scale is None else scale, *outs)

    dx, dweight, dbias = out_types
    layouts = (x.layout, x.layout, *[None] * (len(in_types) - 2))
    types = (dx.with_layout(x.layout), dweight, dbias)
    return Bound(run, layouts, types, workspace=plan.scratchpad_bytes, name="onednn batch_norm")


for _build in (batch_forward, batch_backward):
    _build.physical = True  # type: ignore[attr-defined]
