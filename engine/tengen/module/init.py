"""Filling tensors with initial values: constants, uniform and normal numbers, and the schemes that
scale them by the number of inputs and outputs.

Every function gives the tensor a new value and keeps its shape, data type and device.
"""

import math
from typing import Any

from ..base.errors import ArgumentError
from ..functional import full
from ..random import normal, uniform
from ..tensor import Tensor

_LINEAR = (
    "linear", "sigmoid", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
)  # fmt: skip


def fill_(tensor: Tensor, val: float | int) -> None:
    """Fill with one value."""
    tensor._reset(full(tensor.shape, val, dtype=tensor.dtype, device=tensor.device))


def zeros_(tensor: Tensor) -> None:
    """Fill with zeros."""
    fill_(tensor, 0)


def ones_(tensor: Tensor) -> None:
    """Fill with ones."""
    fill_(tensor, 1)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> None:
    """Fill with numbers drawn evenly from [a, b)."""
    _take(tensor, uniform(low=a, high=b, size=tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> None:
    """Fill with numbers of the normal distribution with this mean and standard deviation."""
    _take(tensor, normal(mean=mean, std=std, size=tensor.shape))


def _take(tensor: Tensor, values: Any) -> None:
    tensor._reset(values.astype(tensor.dtype).to(tensor.device))


def calculate_gain(nonlinearity: str, param: int | float | None = None) -> float:
    """The factor by which weights before a nonlinearity are widened to keep the variance.

    1 for linear layers and "sigmoid", 5/3 for "tanh", sqrt(2) for "relu",
    sqrt(2 / (1 + param^2)) for "leaky_relu" (param: its slope, 0.01 if None). Raises
    ArgumentError for another name or a slope that is no number.
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ArgumentError(f"[calculate_gain] the slope is a number; got {slope!r}")
        return math.sqrt(2.0 / (1 + slope**2))
    known = ", ".join((*_LINEAR, "tanh", "relu", "leaky_relu"))
    raise ArgumentError(f"[calculate_gain] nonlinearity is one of {known}; got {nonlinearity!r}")


def calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[float, float]:
    """How many inputs each output reads, and outputs each input feeds, for a weight.

    A weight is (out, in), or (out, in, kernel...) up to four dimensions; from five on the first
    dimension is taken for the groups. Raises ArgumentError for fewer than two.
    """
    shape = tensor.shape
    if len(shape) < 2:
        raise ArgumentError(f"[init] a fan needs at least 2 dimensions; got shape {shape}")
    if len(shape) >= 5:
        shape = shape[1:]
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_correct_fan(tensor: Tensor, mode: str) -> float:
    """One of the two fans: `mode` is "fan_in" or "fan_out"."""
    chosen = mode.lower()
    if chosen not in ("fan_in", "fan_out"):
        raise ArgumentError(f"[init] mode is fan_in or fan_out; got {mode!r}")
    fan_in, fan_out = calculate_fan_in_and_fan_out(tensor)
    return fan_in if chosen == "fan_in" else fan_out


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> None:
    """Fill evenly from [-a, a), a = gain sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio, 2010)."""
    bound = gain * math.sqrt(6.0 / sum(calculate_fan_in_and_fan_out(tensor)))
    uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> None:
    """Fill with normal numbers of standard deviation gain sqrt(2 / (fan_in + fan_out))."""
    normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(calculate_fan_in_and_fan_out(tensor))))


def msra_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> None:
    """Fill evenly from [-b, b), b = gain sqrt(3 / fan) (He et al., 2015); `a` is the slope."""
    bound = math.sqrt(3.0) * _msra_std(tensor, a, mode, nonlinearity)
    uniform_(tensor, -bound, bound)


def msra_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> None:
    """Fill with normal numbers of standard deviation gain / sqrt(fan) (He et al., 2015)."""
    normal_(tensor, 0.0, _msra_std(tensor, a, mode, nonlinearity))


def _msra_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    return calculate_gain(nonlinearity, a) / math.sqrt(calculate_correct_fan(tensor, mode))
