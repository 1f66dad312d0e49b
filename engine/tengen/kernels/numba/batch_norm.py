"""Batch normalisation, fused with a residual addition, an activation and a sum of gradients.

Arrays are C-contiguous and come in one of three forms, told apart by their number of axes:
(M, C) channels last, (N, C, S) plain, (N, groups, S, b) blocked with C <= groups * b, whose padded
channels stay zero. Results go into arrays that the caller gives; writing onto an input is allowed.
Statistics are summed in float64. Until a kernel is compiled, NumPy does the same in float64.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import batch_norm_numpy, batch_norm_source, library, service
from .batch_norm_source import ACTIVATIONS, Variant

Array = NDArray[np.floating]

_FORMS = {2: "channels_last", 3: "plain", 4: "blocked"}
_SERIAL = 16384  # elements below which starting threads costs more than it saves


def bn_statistics(x: Array, eps: float, mean: Array, variance: Array, inverse: Array) -> None:
    """Writes each channel's mean, biased variance and `1 / sqrt(variance + eps)`.

    The three results are (C,) of x's dtype. One pass over memory.
    """
    kernel = _kernel("statistics", _variant(x))
    if not kernel.ready:
        return batch_norm_numpy.statistics(x, eps, mean, variance, inverse)
    kernel(x.reshape(-1), eps, mean, variance, inverse, *_geometry(x, mean.size))


def bn_apply(
    x: Array,
    scale: Array,
    shift: Array,
    out: Array,
    residual: Array | None = None,
    activation: str = "none",
) -> None:
    """Writes `activation(x * scale + shift + residual)`; scale and shift are (C,)."""
    kernel = _kernel("apply", _variant(x, activation, residual is not None))
    if not kernel.ready:
        return batch_norm_numpy.apply(x, scale, shift, out, residual, activation)
    arrays = [x.reshape(-1), scale, shift, out.reshape(-1)]
    if residual is not None:
        arrays.append(residual.reshape(-1))
    kernel(*arrays, *_geometry(x, scale.size))


def bn_forward(
    x: Array,
    weight: Array,
    bias: Array,
    eps: float,
    out: Array,
    mean: Array,
    variance: Array,
    inverse: Array,
    residual: Array | None = None,
    activation: str = "none",
) -> None:
    """Statistics and normalisation in one launch, a group's second pass reading it from cache.

    Writes `activation((x - mean) * inverse * weight + bias + residual)` into `out`, and the
    statistics as `bn_statistics` does.
    """
    kernel = _kernel("forward", _variant(x, activation, residual is not None))
    if not kernel.ready:
        batch_norm_numpy.statistics(x, eps, mean, variance, inverse)
        v = batch_norm_numpy.normalised(x, weight, bias, mean, inverse)
        v = v if residual is None else v + residual
        out[...] = batch_norm_numpy.activate(v, activation)
        return
    flat = x.reshape(-1)
    arrays = [flat, weight, bias, eps, out.reshape(-1), mean, variance, inverse]
    if residual is not None:
        arrays.append(residual.reshape(-1))
    kernel(*arrays, *_geometry(x, mean.size))


def bn_backward(
    x: Array,
    gradients: Sequence[Array],
    mean: Array,
    inverse: Array,
    weight: Array,
    bias: Array,
    dx: Array,
    dweight: Array,
    dbias: Array,
    y: Array | None = None,
    masked: Array | None = None,
    activation: str = "none",
    training: bool = True,
) -> None:
    """Writes the gradients of x, weight and bias for the sum of one to three incoming gradients.

    The activation's mask comes from x; where a residual was added before the activation, from the
    output `y`, which must then be given. `masked` also receives the summed gradient behind the
    activation: the residual's. With `training` false the statistics count as constants.
    """
    if activation == "none":
        y = None
    variant = _variant(x, activation, y is not None, len(gradients), masked is not None)
    kernel = _kernel("backward", variant)
    if not kernel.ready:
        return batch_norm_numpy.backward(
            x, gradients, mean, inverse, weight, bias, dx, dweight, dbias, y, masked, activation,
            training,
        )  # fmt: skip
    arrays = [x.reshape(-1), *[gradient.reshape(-1) for gradient in gradients]]
    arrays += [a.reshape(-1) for a in (y, masked) if a is not None]
    kernel(
        *arrays, mean, inverse, weight, bias, dx.reshape(-1), dweight, dbias, training,
        *_geometry(x, mean.size),
    )  # fmt: skip


def _variant(
    x: Array,
    activation: str = "none",
    residual: bool = False,
    gradients: int = 1,
    masked: bool = False,
) -> Variant:
    lanes = x.shape[3] if x.ndim == 4 else None
    return _cached_variant(
        x.ndim, x.dtype.char, lanes, activation, residual, gradients, masked
    )


@cache
def _cached_variant(
    axes: int,
    code: str,
    lanes: int | None,
    activation: str,
    residual: bool,
    gradients: int,
    masked: bool,
) -> Variant:
    dtype = np.dtype(code).name
    if axes not in _FORMS or dtype not in ("float32", "float64"):
        raise ValueError(
            "[batch_norm] expected a float32 or float64 array of 2, 3 or 4 axes; "
            f"{dtype} of {axes} axes came"
        )
    if activation not in ACTIVATIONS:
        raise ValueError(f"[batch_norm] expected one of {ACTIVATIONS}; {activation!r} came")
    return Variant(_FORMS[axes], dtype, lanes, activation, residual, gradients, masked)


_SOURCES = {
    "statistics": batch_norm_source.statistics,
    "apply": batch_norm_source.apply,
    "forward": batch_norm_source.forward,
    "backward": batch_norm_source.backward,
}
_source = cache(lambda part, variant: _SOURCES[part](variant))


def _kernel(part: str, variant: Variant) -> service.Kernel:
    return service.request(f"bn_{part}_{variant.name}", _source(part, variant))


def _geometry(x: Array, channels: int) -> tuple[int, int, int, int, int, bool]:
    """N, G, S, C, the number of parts, and whether parts divide groups or images.

    Dividing groups lets each be finished while it is in cache; with few groups, images are divided.
    """
    if x.ndim == 2:
        images, groups, positions = x.shape[0], 1, 1
    else:
        images, groups, positions = x.shape[0], x.shape[1], x.shape[2]
    parts = 1 if x.size < _SERIAL else library.threads()
    by_group = x.ndim > 2 and (
        groups % parts == 0 or groups >= 4 * parts or images < parts
    )
    parts = max(1, min(parts, groups if by_group else images))
    return images, groups, positions, channels, parts, by_group
