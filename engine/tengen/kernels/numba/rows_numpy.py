"""The row kernels in plain NumPy, computed in float64: their judge and their stand-in."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def _sum(x: Array) -> Array:
    return x.sum(-1, keepdims=True)


def _shifted(x: Array) -> Array:
    """Each row less its largest element, in float64; a row of no columns stays."""
    wide = x.astype(np.float64)
    return wide - wide.max(-1, keepdims=True) if x.size else wide


def softmax(x: Array, out: Array) -> None:
    e = np.exp(_shifted(x))
    out[...] = e / _sum(e)


def softmax_backward(y: Array, gradient: Array, dx: Array) -> None:
    g = gradient.astype(np.float64)
    dx[...] = y * (g - _sum(g * y))


def log_softmax(x: Array, out: Array) -> None:
    shifted = _shifted(x)
    out[...] = shifted - np.log(_sum(np.exp(shifted)))


def log_softmax_backward(y: Array, gradient: Array, dx: Array) -> None:
    g = gradient.astype(np.float64)
    dx[...] = g - np.exp(y.astype(np.float64)) * _sum(g)


def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float, out: Array, mean: Array, inverse: Array
) -> None:
    wide = x.astype(np.float64)
    center = wide.mean(-1, keepdims=True)
    scale = 1 / np.sqrt(wide.var(-1, keepdims=True) + eps)
    out[...] = (wide - center) * scale * weight + bias
    mean[...] = center.reshape(mean.shape)
    inverse[...] = scale.reshape(inverse.shape)


def layer_norm_backward(
    x: Array,
    gradient: Array,
    weight: Array,
    mean: Array,
    inverse: Array,
    dx: Array,
    dweight: Array,
    dbias: Array,
) -> None:
    columns = x.shape[-1]
    scale = inverse.reshape(*x.shape[:-1], 1).astype(np.float64)
    normal = (x - mean.reshape(*x.shape[:-1], 1).astype(np.float64)) * scale
    g = gradient.astype(np.float64)
    h = g * weight
    dweight[...] = (g * normal).reshape(-1, columns).sum(0)
    dbias[...] = g.reshape(-1, columns).sum(0)
    dx[...] = scale * (h - _sum(h) / columns - normal * _sum(h * normal) / columns)


def cross_entropy(
    x: Array, labels: NDArray[np.int64], loss: Array, dx: Array, scale: float
) -> None:
    columns = x.shape[-1]
    shifted = _shifted(x).reshape(-1, columns)
    chosen = labels.reshape(-1)
    e = np.exp(shifted)
    total = e.sum(-1, keepdims=True)
    valid = (chosen >= 0) & (chosen < columns)
    one = np.zeros_like(shifted)
    one[np.nonzero(valid)[0], chosen[valid]] = 1
    result = np.where(valid, np.log(total[:, 0]) - (shifted * one).sum(-1), 0)
    loss[...] = result.reshape(loss.shape)
    dx[...] = (np.where(valid[:, None], e / total - one, 0) * scale).reshape(dx.shape)
