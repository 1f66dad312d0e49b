"""Batch normalisation in plain NumPy: the judge of the compiled kernels, and their stand-in.

Arrays come as (M, C), (N, C, S) or (N, C/b, S, b); everything is computed in float64.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def reduced_axes(x: Array) -> tuple[int, ...]:
    """The axes of the array that are not channels."""
    return {2: (0,), 3: (0, 2), 4: (0, 2)}[x.ndim]


def over_channels(values: Array, x: Array) -> Array:
    """Per-channel values in float64, shaped to broadcast against x; padded channels get zero."""
    wide = np.asarray(values, np.float64)
    if x.ndim == 2:
        return wide
    if x.ndim == 3:
        return wide[:, None]
    padded = np.zeros(x.shape[1] * x.shape[3])
    padded[: wide.size] = wide
    return padded.reshape(x.shape[1], 1, x.shape[3])


def per_channel(values: Array, channels: int) -> Array:
    """A reduced array flattened to one number a channel, without the padding."""
    return values.reshape(-1)[:channels]


def activate(v: Array, activation: str) -> Array:
    """The activation, with NaN kept."""
    if activation == "relu":
        return np.maximum(v, 0)
    if activation == "relu6":
        return np.minimum(np.maximum(v, 0), 6)
    return v


def statistics(x: Array, eps: float, mean: Array, variance: Array, inverse: Array) -> None:
    axes, wide = reduced_axes(x), x.astype(np.float64)
    mean[...] = per_channel(wide.mean(axes), mean.size)
    variance[...] = per_channel(wide.var(axes), mean.size)
    inverse[...] = 1.0 / np.sqrt(per_channel(wide.var(axes), mean.size) + eps)


def normalised(x: Array, weight: Array, bias: Array, mean: Array, inverse: Array) -> Array:
    """`(x - mean) * weight * inverse + bias`, with the scale rounded as the kernels round it."""
    scale = over_channels(weight * inverse, x)
    return (x - over_channels(mean, x)) * scale + over_channels(bias, x)


def apply(
    x: Array, scale: Array, shift: Array, out: Array, residual: Array | None, activation: str
) -> None:
    v = x * over_channels(scale, x) + over_channels(shift, x)
    out[...] = activate(v if residual is None else v + residual, activation)


def backward(
    x: Array,
    gradients: Sequence[Array],
    mean: Array,
    inverse: Array,
    weight: Array,
    bias: Array,
    dx: Array,
    dweight: Array,
    dbias: Array,
    y: Array | None,
    masked: Array | None,
    activation: str,
    training: bool,
) -> None:
    g = np.sum([np.asarray(gradient, np.float64) for gradient in gradients], axis=0)
    v = normalised(x, weight, bias, mean, inverse) if y is None else y
    if activation == "relu":
        g = np.where(v > 0, g, 0)
    elif activation == "relu6":
        g = np.where((v > 0) & (v < 6), g, 0)
    axes = reduced_axes(x)
    d = x - over_channels(mean, x)
    a = per_channel(g.sum(axes), mean.size)
    b = per_channel((g * d).sum(axes), mean.size)
    wide = inverse.astype(np.float64)
    count = x.size // (g.sum(axes).size)
    factor = over_channels(weight * wide, x)
    result = g * factor
    if training:
        result = result - factor * over_channels(wide * wide * b / count, x) * d
        result = result - factor * over_channels(a / count, x)
    dx[...] = result
    dweight[...] = b * wide
    dbias[...] = a
    if masked is not None:
        masked[...] = g
