"""Depthwise convolution of normalised and activated data, which is never written to memory.

Arrays are blocked: data (N, groups, H, W, lanes), weights (groups, k, k, lanes), numbers of the
channels (groups * lanes,). Kernels are there once `ready` says so; the caller has another way
until then.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import depthwise_source, service
from .depthwise_source import Shape
from .flat import parts

Array = NDArray[np.floating]

_SOURCES = {
    "forward": depthwise_source.forward,
    "backward": depthwise_source.backward,
    "finish": depthwise_source.finish,
}


@cache
def _text(part: str, shape: Shape) -> tuple[str, str]:
    return f"depthwise_{part}_{shape.name}", _SOURCES[part](shape)


def _kernel(part: str, shape: Shape) -> service.Kernel:
    return service.request(*_text(part, shape))


def ready(shape: Shape, *names: str) -> bool:
    """Whether these parts ("forward", "backward", "finish") are compiled; asks for them."""
    kernels = [_kernel(name, shape) for name in names]
    return all(kernel.ready for kernel in kernels)


def _sizes(x: Array, other: Array) -> tuple[int, ...]:
    return (*x.shape[:4], other.shape[2], other.shape[3])


def _threads(x: Array) -> int:
    return min(parts(x.size), x.shape[0] * x.shape[1])


def forward(
    shape: Shape, x: Array, mean: Array, scale: Array, bias: Array, weights: Array, out: Array
) -> None:
    """Writes conv(activation((x - mean) * scale + bias)) into `out`."""
    threads = _threads(x)
    line = (x.shape[3] + 2 * shape.padding) * shape.lanes
    ring = np.zeros(threads * (shape.kernel + 1) * line, x.dtype)
    flats = [a.reshape(-1) for a in (x, mean, scale, bias, weights, out)]
    _kernel("forward", shape)(*flats, ring, *_sizes(x, out), threads)


def backward(
    shape: Shape,
    x: Array,
    gradient: Array,
    mean: Array,
    inverse: Array,
    weight: Array,
    bias: Array,
    weights: Array,
    dx: Array,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Writes the gradient of x into `dx`; gives those of weight, bias and the weights, in float64.

    `inverse`, `weight` and `bias` are those of the normalisation, whose statistics are x's own.
    """
    threads = _threads(x)
    images, groups, _, _, lanes = x.shape
    taps = shape.kernel**2
    line = (gradient.shape[3] + 2 * shape.kernel) * lanes
    ring = np.zeros(threads * (shape.kernel + 1) * line, x.dtype)
    table = np.zeros((groups, images, taps + 2, lanes))
    scale = weight * inverse
    sizes = _sizes(x, gradient)
    given = [a.reshape(-1) for a in (x, gradient, mean, scale, bias, weights, dx, table)]
    _kernel("backward", shape)(*given, ring, *sizes, threads)
    total = table.sum(1)
    dbias, along = total[:, 0].reshape(-1), total[:, 1].reshape(-1)
    wide = inverse.astype(np.float64)
    factor = weight * wide
    count = images * x.shape[2] * x.shape[3]
    factors = (factor, -factor * wide * wide * along / count, -factor * dbias / count)
    k0, k1, k2 = (k.astype(x.dtype) for k in factors)
    _kernel("finish", shape)(x.reshape(-1), mean, k0, k1, k2, dx.reshape(-1), *sizes, threads)
    return along * wide, dbias, total[:, 2:]
