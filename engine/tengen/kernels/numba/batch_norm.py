"""Batch normalisation, fused with a residual addition, an activation and a sum of gradients.

Arrays are C-contiguous and come in one of three forms, told apart by their number of axes:
(M, C) channels last, (N, C, S) plain, (N, groups, S, b) blocked with C <= groups * b, whose padded
channels stay zero. Results go into arrays that the caller gives; writing onto an input is allowed.
Statistics are summed in float64. Until a kernel is compiled, NumPy does the same in float64.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import batch_norm_numpy, batch_norm_source, service
from .batch_norm_source import ACTIVATIONS, Variant
from .flat import flat, flat_output
from .flat import parts as thread_parts

Array = NDArray[np.floating]

_FORMS = {2: "channels_last", 3: "plain", 4: "blocked"}
_WIDEST = 16  # lanes of the widest vector; sums are padded by two


def bn_statistics(x: Array, eps: float, mean: Array, variance: Array, inverse: Array) -> None:
    """Writes each channel's mean, biased variance and `1 / sqrt(variance + eps)`.

    The three results are (C,) of x's dtype. One pass over memory.
    """
    kernel = _kernel("statistics", _variant(x))
    if not kernel.ready:
        return batch_norm_numpy.statistics(x, eps, mean, variance, inverse)
    _launch(kernel, x, [flat(x), eps, mean, variance, inverse], mean.size, x.dtype)


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
    arrays = [flat(x), scale, shift, flat_output(out)]
    if residual is not None:
        arrays.append(flat(residual))
    _launch(kernel, x, arrays, scale.size, None)


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
    arrays = [flat(x), weight, bias, flat_output(out)]
    if residual is not None:
        arrays.append(flat(residual))
    _launch(kernel, x, [*arrays, eps, mean, variance, inverse], mean.size, x.dtype)


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
    arrays: list[Any] = [flat(x), *[flat(gradient) for gradient in gradients]]
    if y is not None:
        arrays.append(flat(y))
    if masked is not None:
        arrays.append(flat_output(masked))
    arrays += [mean, inverse, weight, bias, flat_output(dx), dweight, dbias, training]
    channels = mean.size
    factors = np.zeros((3, channels), x.dtype)
    _launch(kernel, x, [*arrays, *factors], channels, None, sums=True)


def _variant(
    x: Array,
    activation: str = "none",
    residual: bool = False,
    gradients: int = 1,
    masked: bool = False,
) -> Variant:
    lanes = x.shape[3] if x.ndim == 4 else None
    return _cached_variant(x.ndim, x.dtype.char, lanes, activation, residual, gradients, masked)


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


@cache
def _text(part: str, variant: Variant) -> tuple[str, str]:
    return f"bn_{part}_{variant.name}", _SOURCES[part](variant)


def _kernel(part: str, variant: Variant) -> service.Kernel:
    return service.request(*_text(part, variant))


def _launch(
    kernel: service.Kernel,
    x: Array,
    arguments: list[Any],
    channels: int,
    shift: np.dtype | None,
    sums: bool = False,
) -> None:
    """Runs a kernel in one launch, or in two where threads share a channel group.

    A thread takes whole groups, so that a group is still in cache when it is read again; where
    groups are too few for that, threads divide the images, and sums meet between two launches.
    """
    if x.ndim == 2:
        images, groups, positions = x.shape[0], 1, 1
    else:
        images, groups, positions = x.shape[0], x.shape[1], x.shape[2]
    parts = thread_parts(x.size)
    by_group = x.ndim > 2 and (groups % parts == 0 or groups >= 4 * parts or images < parts)
    parts = max(1, min(parts, groups if by_group else images))
    length = (channels + 2 * _WIDEST) * (1 if by_group else parts)
    if shift is not None:
        arguments.append(np.zeros(length, shift))
        sums = True
    if sums:
        arguments.extend(np.zeros((2, length)))
    geometry = (by_group, images, groups, positions, channels, parts)
    if sums and not by_group and parts > 1:
        kernel(*arguments, 0, *geometry)
        kernel(*arguments, 1, *geometry)
    else:
        kernel(*arguments, 2, *geometry)
