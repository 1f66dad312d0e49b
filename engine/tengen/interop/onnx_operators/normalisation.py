"""ONNX's normalisations."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from .table import operator


def _along_channels(value: Any, ndim: int) -> Any:
    return F.reshape(value, (1, -1, *[1] * (ndim - 2)))


@operator("BatchNormalization")
def batch_normalization(
    x: Any, scale: Any, bias: Any, mean: Any, variance: Any, *, epsilon: float = 1e-5,
    momentum: float = 0.9, training_mode: int = 0, spatial: int = 1, outputs: int = 1,
) -> Any:  # fmt: skip
    """Normalised with given statistics, or in training mode with the batch's."""
    if not training_mode:
        kind = x.dtype
        scale, bias = scale.astype(kind), bias.astype(kind)
        wide = dt.float32 if mean.dtype in (dt.float16, dt.bfloat16) else mean.dtype
        mean, variance = mean.astype(wide), variance.astype(wide)
        if x.ndim == 1:
            return batch_normalization(x[None], scale, bias, mean, variance, epsilon=epsilon)[0]
        return F.nn.batch_norm(x, mean, variance, scale, bias, training=False, eps=epsilon)
    axes = (0, *range(2, x.ndim))
    batch_mean, batch_variance = F.mean(x, axes), F.var(x, axes)
    y = F.nn.batch_norm(x, None, None, scale.astype(x.dtype), bias.astype(x.dtype),
                        training=True, eps=epsilon)  # fmt: skip
    moved = [
        F.add(F.mul(old_value, momentum), F.mul(new.astype(old_value.dtype), 1 - momentum))
        for old_value, new in ((mean, batch_mean), (variance, batch_variance))
    ]
    return y, *moved


@operator("InstanceNormalization")
def instance_normalization(x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5) -> Any:
    """Normalised over each channel of each image."""
    return F.nn.instance_norm(x, True, scale, bias, epsilon)


@operator("GroupNormalization")
def group_normalization(
    x: Any, scale: Any, bias: Any, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1,
    opset: int,
) -> Any:  # fmt: skip
    """Normalised over groups of channels; before opset 21 with one scale for each group."""
    if opset < 21 and scale.shape[0] != x.shape[1]:
        each = x.shape[1] // num_groups
        scale, bias = F.repeat(scale, each), F.repeat(bias, each)
    return F.nn.group_norm(x, num_groups, True, scale, bias, epsilon)


@operator("LayerNormalization")
def layer_normalization(
    x: Any, scale: Any, bias: Any = None, *, axis: int = -1, epsilon: float = 1e-5,
    stash_type: int = 1, outputs: int = 1,
) -> Any:  # fmt: skip
    """Normalised over the axes from `axis` on; with the mean and 1 / standard deviation."""
    place = axis % x.ndim
    shape = x.shape[place:]
    plain = F.nn.layer_norm(x, shape, False, None, None, epsilon)
    y = F.mul(plain, scale)
    y = y if bias is None else F.add(y, bias)
    if outputs == 1:
        return y
    axes = tuple(range(place, x.ndim))
    wide = x.astype(dt.float32) if x.dtype in (dt.float16, dt.bfloat16) else x
    spread = F.add(F.var(wide, axes, True), epsilon)
    return y, F.mean(wide, axes, True), F.div(1.0, F.sqrt(spread))


@operator("RMSNormalization")
def rms_normalization(
    x: Any, scale: Any, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    """x over the root of its mean square over the axes from `axis` on."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    wide = x.astype(dt.float32) if x.dtype in (dt.float16, dt.bfloat16) else x
    y = F.div(wide, F.sqrt(F.add(F.mean(F.mul(wide, wide), axes, True), epsilon)))
    return F.mul(y.astype(x.dtype), scale)


@operator("MeanVarianceNormalization")
def mean_variance_normalization(x: Any, *, axes: Any = (0, 2, 3)) -> Any:
    """x less its mean, over its standard deviation."""
    chosen = tuple(a % x.ndim for a in axes)
    centred = F.sub(x, F.mean(x, chosen, True))
    return F.div(centred, F.add(F.sqrt(F.mean(F.mul(centred, centred), chosen, True)), 1e-9))


@operator("LRN")
def local_response(
    x: Any, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Any:
    """x / (bias + alpha / size * s) ** beta, s the squares summed over neighbouring channels."""
    before = (size - 1) // 2
    square = F.mul(x, x)
    pairs = ((0, 0), (before, size - 1 - before), *[(0, 0)] * (x.ndim - 2))
    wide = F.nn.pad(square, pairs)
    channels = x.shape[1]
    total = wide[:, 0:channels]
    for shift in range(1, size):
        total = F.add(total, wide[:, shift : shift + channels])
    return F.div(x, F.pow(F.add(F.mul(total, alpha / size), bias), beta))
