"""ATen's activation functions."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...ops.gelu_tanh import gelu_tanh
from .arrangement import axes_of, axis_of
from .promotion import real
from .table import aten


@aten("relu", "relu_")
def relu(x: Any) -> Any:
    """max(x, 0)."""
    return F.relu(x) if dt.is_float(x.dtype) else F.maximum(x, 0)


for _name, _function in {
    "relu6": F.relu6, "hardsigmoid": F.hsigmoid, "hardswish": F.hswish, "silu": F.silu,
    "log_sigmoid": F.logsigmoid,
}.items():  # fmt: skip
    aten(_name)(_function)


@aten("hardtanh")
def hardtanh(x: Any, low: Any = -1.0, high: Any = 1.0) -> Any:
    """x within two bounds."""
    return F.relu6(x) if (low, high) == (0, 6) else F.clip(x, low, high)


@aten("leaky_relu")
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x, multiplied by a slope where it is negative."""
    return F.leaky_relu(x, slope)


@aten("gelu")
def gelu(x: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function, or its approximation by tanh."""
    return gelu_tanh(x) if approximate == "tanh" else F.gelu(x)


@aten("elu")
def elu(x: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """scale * x, below zero scale * alpha * (exp(input_scale * x) - 1)."""
    below = F.mul(F.expm1(F.mul(F.minimum(x, 0), input_scale)), alpha * scale)
    return F.where(F.greater(x, 0), F.mul(x, scale), below)


@aten("selu")
def selu(x: Any) -> Any:
    """The self-normalising elu."""
    return elu(x, 1.6732632423543772, 1.0507009873554805)


@aten("celu")
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x, below zero alpha * (exp(x / alpha) - 1)."""
    return elu(x, alpha, 1.0, 1 / alpha)


@aten("mish")
def mish(x: Any) -> Any:
    """x * tanh(softplus(x))."""
    return F.mul(x, F.tanh(F.softplus(x)))


@aten("softplus")
def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta * x)) / beta; x itself above the threshold."""
    made = F.softplus(x) if beta == 1 else F.div(F.softplus(F.mul(x, beta)), beta)
    return F.where(F.greater(F.mul(x, beta), threshold), x, made)


@aten("softsign")
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return F.div(x, F.add(F.abs(x), 1))


@aten("threshold")
def threshold(x: Any, bound: Any, value: Any) -> Any:
    """x where it is above a bound, a value elsewhere."""
    return F.where(F.greater(x, bound), x, F.full((), value, dtype=x.dtype))


@aten("hardshrink")
def hardshrink(x: Any, bound: float = 0.5) -> Any:
    """x, but 0 within the bound."""
    return F.where(F.greater(F.abs(x), bound), x, F.zeros((), dtype=x.dtype))


@aten("softshrink")
def softshrink(x: Any, bound: float = 0.5) -> Any:
    """x moved towards 0 by the bound."""
    return F.sub(x, F.clip(x, -bound, bound))


@aten("prelu", "_prelu_kernel")
def prelu(x: Any, weight: Any) -> Any:
    """x, multiplied by a slope of its channel where it is negative."""
    if weight.size > 1 and x.ndim > 1 and weight.ndim == 1:
        weight = F.reshape(weight, (1, -1, *[1] * (x.ndim - 2)))
    return F.where(F.greater(x, 0), x, F.mul(x, weight))


@aten("glu")
def glu(x: Any, axis: int = -1) -> Any:
    """The first half times the sigmoid of the second."""
    first, second = F.split(x, 2, axis_of(axis, x.ndim))
    return F.mul(first, F.sigmoid(second))


@aten("softmax", "_softmax", "special_softmax")
def softmax(x: Any, axis: int, *given: Any) -> Any:
    """Softmax along an axis, first cast if a data type is given."""
    kind = next((g for g in given if not isinstance(g, (bool, type(None)))), None)
    x = real(x) if kind is None else x.astype(kind)
    return F.softmax(x, axis_of(axis, x.ndim)) if x.ndim else F.ones_like(x)


@aten("log_softmax", "_log_softmax", "special_log_softmax")
def log_softmax(x: Any, axis: int, *given: Any) -> Any:
    """The logarithm of softmax."""
    kind = next((g for g in given if not isinstance(g, (bool, type(None)))), None)
    x = real(x) if kind is None else x.astype(kind)
    return F.logsoftmax(x, axes_of(axis, x.ndim)) if x.ndim else F.zeros_like(x)
