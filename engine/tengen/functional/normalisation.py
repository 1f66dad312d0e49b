"""Normalisation layers of functional.nn: batch, layer, group, instance, local response."""

import math
from collections.abc import Sequence
from typing import Any

from ..base.errors import ArgumentError, ShapeError
from ..operands import floating, ready
from ..ops import elementwise
from ..ops.arithmetic import square
from ..ops.norm import batch_norm as batch_norm_op
from ..ops.norm import layer_norm as layer_norm_op
from ..ops.pooling import average_pool
from ..ops.running import batch_norm_inference, running_statistics
from ..ops.shape import reshape, transpose
from ..ops.transcendental import exp, log
from ..tensor import Tensor
from .creation import ones, zeros

__all__ = [
    "batch_norm", "general_norm", "group_norm", "instance_norm", "layer_norm",
    "local_response_norm", "sync_batch_norm",
]  # fmt: skip


def _kept(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    return value if value.shape == shape else reshape(value, shape=shape)


def _affine(x: Tensor, weight: Any, bias: Any, shape: tuple[int, ...]) -> list[Tensor]:
    """Weight and bias in `shape` and x's type; 1 and 0 for one that is missing."""
    if weight is None and bias is None:
        return []
    weight = ones(shape, dtype=x.dtype, device=x.device) if weight is None else weight
    bias = zeros(shape, dtype=x.dtype, device=x.device) if bias is None else bias
    return [_kept(v.astype(x.dtype), shape) for v in (weight, bias)]


def batch_norm(
    inp: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, *, training: bool = False,
    momentum: float = 0.9, eps: float = 1e-5, inplace: bool = True,
) -> Any:  # fmt: skip
    """Normalises each channel (axis 1) of inp: (x - mean) / sqrt(var + eps) * weight + bias.

    In training the statistics are the batch's, and the running ones, where given, become
    momentum * running + (1 - momentum) * batch (the variance unbiased): in place, or returned as
    (output, new_mean, new_var) with `inplace=False`. Otherwise the running ones are used and must
    be given. Parameters have C elements, as (C,) or (1, C, 1, 1).
    """
    x = floating(ready(batch_norm_op if training else batch_norm_inference, inp))
    if x.ndim < 2:
        raise ShapeError(f"[batch_norm] input must have a channel axis; got shape {x.shape}")
    shape = (1, x.shape[1], *[1] * (x.ndim - 2))
    parts = _affine(x, weight, bias, shape)
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError("[batch_norm] inference needs running_mean and running_var")
        mean, variance = _kept(running_mean, shape), _kept(running_var, shape)
        return batch_norm_inference(x, mean, variance, *parts, eps=eps)
    y, mean, variance = batch_norm_op(x, *parts, eps=eps)
    if running_mean is None and running_var is None:
        return y
    before = (
        mean if running_mean is None else _kept(running_mean.detach(), shape),
        variance if running_var is None else _kept(running_var.detach(), shape),
    )
    count = x.size // max(x.shape[1], 1)
    moved = running_statistics(*before, mean, variance, momentum=float(momentum), count=count)
    new = [
        None if old is None else _kept(value, old.shape)
        for old, value in zip((running_mean, running_var), moved, strict=True)
    ]
    if not inplace:
        return y, *new
    for old, value in zip((running_mean, running_var), new, strict=True):
        if old is not None and value is not None:
            old._reset(value)
    return y


def sync_batch_norm(
    inp: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float | Tensor = 0.9,
    eps: float = 1e-5, eps_mode: str = "additive", group: Any = None,
) -> Tensor:  # fmt: skip
    """batch_norm over the batches of all processes; in a single process batch_norm itself.

    eps_mode "additive" adds eps to the variance, "max" takes the larger of the two.
    """
    if str(eps_mode).lower() not in ("additive", "max"):
        raise ArgumentError(f"[sync_batch_norm] eps_mode is additive or max; got {eps_mode!r}")
    if str(eps_mode).lower() == "max":
        raise ArgumentError("[sync_batch_norm] eps_mode max is not available in a single process")
    return batch_norm(  # type: ignore[no-any-return]
        inp, running_mean, running_var, weight, bias, training=training,
        momentum=float(momentum), eps=eps,
    )  # fmt: skip


def _optional_affine(
    name: str, x: Tensor, affine: bool, weight: Any, bias: Any, shape: tuple[int, ...]
) -> list[Tensor]:
    if not affine:
        return []
    if weight is None or bias is None:
        raise ArgumentError(f"[{name}] affine=True needs weight and bias")
    for what, part in (("weight", weight), ("bias", bias)):
        if part.size != math.prod(shape):
            raise ShapeError(
                f"[{name}] {what} must have {math.prod(shape)} elements; got shape {part.shape}"
            )
    return _affine(x, weight, bias, shape)


def layer_norm(
    inp: Tensor, normalized_shape: Any, affine: bool, weight: Tensor | None = None,
    bias: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises over the last axes of inp, which have `normalized_shape` (an int or a tuple).

    weight and bias have that shape; they are used, and needed, if `affine`.
    """
    x = floating(ready(layer_norm_op, inp))
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"[layer_norm] normalized_shape {shape} must be the end of the input's shape {x.shape}"
        )
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    parts = _optional_affine("layer_norm", x, affine, weight, bias, shape)
    return layer_norm_op(x, *parts, axes=axes, eps=eps)[0]  # type: ignore[no-any-return]


def group_norm(
    inp: Tensor, num_groups: int, affine: bool, weight: Tensor | None = None,
    bias: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises inp (N, C, ...) over each of `num_groups` groups of channels of each image.

    weight and bias hold C numbers (Wu and He, "Group Normalization", 2018).
    """
    x = floating(ready(layer_norm_op, inp))
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(
            f"[group_norm] channels must divide into {num_groups} groups; got shape {x.shape}"
        )
    inner = (num_groups, x.shape[1] // num_groups)
    grouped = reshape(x, shape=(x.shape[0], *inner, *x.shape[2:]))
    parts = _optional_affine("group_norm", x, affine, weight, bias, (*inner, *[1] * (x.ndim - 2)))
    y = layer_norm_op(grouped, *parts, axes=tuple(range(2, grouped.ndim)), eps=eps)[0]
    return reshape(y, shape=x.shape)  # type: ignore[no-any-return]


def instance_norm(
    inp: Tensor, affine: bool, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises each channel of each image of inp (N, C, ...); weight and bias hold C numbers."""
    x = floating(ready(layer_norm_op, inp))
    if x.ndim < 3:
        raise ShapeError(f"[instance_norm] input must be (N, C, ...); got shape {x.shape}")
    shape = (x.shape[1], *[1] * (x.ndim - 2))
    parts = _optional_affine("instance_norm", x, affine, weight, bias, shape)
    return layer_norm_op(x, *parts, axes=tuple(range(2, x.ndim)), eps=eps)[0]  # type: ignore[no-any-return]


def general_norm(
    inp: Tensor, normalized_axis: int | Sequence[int], affine: bool = True,
    weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises over the axes `normalized_axis`, given in rising order.

    weight and bias have the lengths of those axes.
    """
    x = floating(ready(layer_norm_op, inp))
    given = (normalized_axis,) if isinstance(normalized_axis, int) else tuple(normalized_axis)
    axes = tuple(a + x.ndim if a < 0 else a for a in given)
    if not axes or list(axes) != sorted(set(axes)) or axes[0] < 0 or axes[-1] >= x.ndim:
        raise ArgumentError(
            f"[general_norm] normalized_axis must name axes of {x.ndim} in rising order;"
            f" got {normalized_axis!r}"
        )
    shape = tuple(x.shape[a] if a in axes else 1 for a in range(x.ndim))
    parts = _optional_affine("general_norm", x, affine, weight, bias, shape)
    return layer_norm_op(x, *parts, axes=axes, eps=eps)[0]  # type: ignore[no-any-return]


def local_response_norm(
    inp: Tensor, kernel_size: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """x / (k + alpha * s) ** beta with s the sum of x squared over the channels around each one.

    inp (N, C, ...); kernel_size // 2 channels on either side count (Krizhevsky, Sutskever and
    Hinton, 2012, section 3.3).
    """
    x = floating(ready(layer_norm_op, inp))
    if x.ndim < 3 or kernel_size < 1:
        raise ShapeError(
            f"[local_response_norm] input must be (N, C, ...) and kernel_size at least 1; got shape"
            f" {x.shape} and {kernel_size}"
        )
    span = 2 * (kernel_size // 2) + 1
    lines = transpose(square(x), pattern=(0, *range(2, x.ndim), 1))  # (N, ..., C)
    lines = reshape(lines, shape=(x.shape[0], -1, x.shape[1]))
    mean = average_pool(lines, kernel=(span,), stride=(1,), padding=(span // 2,), mode="average")
    mean = reshape(mean, shape=(x.shape[0], *x.shape[2:], x.shape[1]))
    mean = transpose(mean, pattern=(0, x.ndim - 1, *range(1, x.ndim - 1)))
    base = elementwise.affine(mean, scale=float(alpha) * span, shift=float(k))
    factor = exp(elementwise.affine(log(base), scale=-float(beta)))
    return elementwise.mul(x, factor)  # type: ignore[no-any-return]
