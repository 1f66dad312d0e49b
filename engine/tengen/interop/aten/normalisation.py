"""ATen's normalisation layers."""

from typing import Any

import ml_dtypes

from ... import functional as F
from ...ops.arithmetic import square
from .table import aten


@aten("_native_batch_norm_legit_functional", training=True)
def batch_norm_training(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, batch: bool, momentum: float,
    eps: float, training: bool = True,
) -> Any:  # fmt: skip
    """The normalised x, two values that nobody reads, and the running statistics afterwards."""
    if not (batch and training):
        y = F.nn.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
        return y, None, None, mean, variance
    y, new_mean, new_variance = F.nn.batch_norm(
        x, mean, variance, weight, bias, training=True, momentum=1 - momentum, eps=eps,
        inplace=False,
    )  # fmt: skip
    return y, None, None, new_mean, new_variance


@aten("_native_batch_norm_legit_no_training")
def batch_norm_evaluating(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, momentum: float, eps: float
) -> Any:
    """x normalised with the running statistics."""
    y = F.nn.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
    return y, None, None


@aten("_native_batch_norm_legit.no_stats")
def batch_norm_stateless(
    x: Any, weight: Any, bias: Any, batch: bool, momentum: float, eps: float
) -> Any:
    """x normalised with the batch's statistics."""
    return F.nn.batch_norm(x, None, None, weight, bias, training=True, eps=eps), None, None


@aten("layer_norm")
def layer_norm(
    x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, *ignored: Any
) -> Any:
    """Normalised over the last axes."""
    given = weight is not None
    if given and bias is None:
        bias = F.zeros_like(weight)
    return F.nn.layer_norm(x, tuple(shape), given, weight, bias, eps)


@aten("native_layer_norm")
def native_layer_norm(x: Any, shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Normalised over the last axes, with two values that nobody reads."""
    return layer_norm(x, shape, weight, bias, eps), None, None


@aten("group_norm")
def group_norm(
    x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *ignored: Any
) -> Any:
    """Normalised over groups of channels."""
    given = weight is not None
    if given and bias is None:
        bias = F.zeros_like(weight)
    return F.nn.group_norm(x, groups, given, weight, bias, eps)


@aten("native_group_norm")
def native_group_norm(
    x: Any, weight: Any, bias: Any, batch: int, channels: int, area: int, groups: int, eps: float
) -> Any:
    """Normalised over groups of channels, with two values that nobody reads."""
    return group_norm(x, groups, weight, bias, eps), None, None


@aten("instance_norm")
def instance_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, own: bool, momentum: float,
    eps: float, *ignored: Any,
) -> Any:  # fmt: skip
    """Normalised over each channel of each image, or with running statistics unless `own`."""
    if not own:
        return F.nn.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
    return F.nn.instance_norm(x, weight is not None, weight, bias, eps)


@aten("rms_norm", "_fused_rms_norm")
def rms_norm(x: Any, shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x over the root of its mean square along the last axes."""
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    small = float(ml_dtypes.finfo(x.dtype).eps) if eps is None else eps
    y = F.div(x, F.sqrt(F.add(F.mean(square(x), axes, True), small)))
    return y if weight is None else F.mul(y, weight)
