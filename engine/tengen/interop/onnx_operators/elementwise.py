"""ONNX's elementwise operators."""

import functools
from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from ...functional.elemwise import trunc
from ...ops import bitwise
from ...ops.gelu_tanh import gelu_tanh
from ..aten import activation
from .table import as_tensor, is_whole, operator


def _wide(function: Any) -> Any:
    """A function of floats for integers too, rounded back."""

    def apply(x: Any) -> Any:
        return function(x.astype(dt.float64)).astype(x.dtype) if is_whole(x) else function(x)

    return apply


_UNARY: dict[str, Any] = {
    "Acos": F.acos, "Acosh": F.acosh, "Asin": F.asin, "Asinh": F.asinh,
    "Atan": F.atan, "Atanh": F.atanh, "Ceil": F.ceil, "Cos": F.cos, "Cosh": F.cosh,
    "Erf": _wide(F.erf), "Exp": F.exp, "Floor": F.floor, "Log": F.log, "Neg": F.neg, "Abs": F.abs,
    "Reciprocal": lambda x: F.div(F.ones_like(x), x), "Round": F.round, "Sigmoid": F.sigmoid,
    "Sign": F.sign, "Sin": F.sin, "Sinh": F.sinh, "Sqrt": F.sqrt, "Tan": F.tan, "Tanh": F.tanh,
    "HardSwish": F.hswish, "Mish": activation.mish, "Softplus": F.softplus,
    "Softsign": activation.softsign, "Not": F.logical_not, "Relu": activation.relu,
    "BitwiseNot": bitwise.bitwise_not, "IsNaN": F.isnan, "Identity": lambda x: x,
}  # fmt: skip
for _name, _function in _UNARY.items():
    operator(_name)(functools.partial(_function))


_BINARY: dict[str, Any] = {
    "Add": F.add, "Sub": F.sub, "Mul": F.mul, "And": F.logical_and, "Or": F.logical_or,
    "Xor": F.logical_xor, "Equal": F.equal, "Less": F.less, "LessOrEqual": F.less_equal,
    "Greater": F.greater, "GreaterOrEqual": F.greater_equal,
    "BitwiseAnd": bitwise.bitwise_and, "BitwiseOr": bitwise.bitwise_or,
    "BitwiseXor": bitwise.bitwise_xor,
}  # fmt: skip
for _name, _function in _BINARY.items():
    operator(_name)(functools.partial(_function))


@operator("Div")
def div(x: Any, y: Any) -> Any:
    """The quotient; of integers cut towards zero."""
    if not is_whole(x):
        return F.div(x, y)
    if x.dtype.kind == "u":
        return F.floor_div(x, y)
    signs = F.mul(F.sign(x), F.sign(y))
    return F.mul(F.floor_div(F.abs(x), F.abs(y)), signs)


@operator("Mod")
def mod(x: Any, y: Any, *, fmod: int = 0) -> Any:
    """The remainder with the sign of y, or with `fmod` that of x."""
    if not fmod:
        return F.mod(x, y)
    if x.dtype.kind == "u":
        return F.mod(x, y)
    left = F.mod(F.abs(x), F.abs(y))
    return F.mul(left, F.sign(x))


@operator("Pow", raw=(1,))
def power(x: Any, y: Any) -> Any:
    """x to the power y, in the type of x."""
    if isinstance(y, np.ndarray) and y.size == 1 and y.ndim <= x.ndim and not is_whole(x):
        return F.pow(x, float(y.reshape(-1)[0]))
    y = as_tensor(y)
    wide = dt.float64 if is_whole(x) or is_whole(y) else dt.promote(x.dtype, y.dtype)
    made = F.pow(x.astype(wide), y.astype(wide))
    return F.round(made).astype(x.dtype) if is_whole(x) else made.astype(x.dtype)


@operator("BitShift")
def bit_shift(x: Any, y: Any, *, direction: str) -> Any:
    """x shifted by y bits, "LEFT" or "RIGHT"."""
    return F.left_shift(x, y) if direction == "LEFT" else F.right_shift(x, y)


def _folded(name: str, function: Any) -> None:
    @operator(name)
    def fold(*inputs: Any) -> Any:
        made = inputs[0]
        for value in inputs[1:]:
            made = function(made, value)
        return made


_folded("Max", F.maximum)
_folded("Min", F.minimum)
_folded("Sum", F.add)


@operator("Mean")
def mean(*inputs: Any) -> Any:
    """The mean of the inputs."""
    made = inputs[0]
    for value in inputs[1:]:
        made = F.add(made, value)
    return F.div(made, len(inputs))


@operator("Clip")
def clip(x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """x within bounds; the upper one wins."""
    low = min if low is None else low
    high = max if high is None else high
    if low is not None:
        x = F.maximum(x, low)
    return x if high is None else F.minimum(x, high)


@operator("Where")
def where(mask: Any, x: Any, y: Any) -> Any:
    """x where the mask holds, y elsewhere."""
    return F.where(mask, x, y)


@operator("IsInf")
def is_infinite(x: Any, *, detect_negative: int = 1, detect_positive: int = 1) -> Any:
    """True where x is infinite with a sign that counts."""
    found = F.isinf(x)
    if not detect_negative:
        found = F.logical_and(found, F.greater(x, 0))
    return found if detect_positive else F.logical_and(found, F.less(x, 0))


@operator("Cast")
def cast(x: Any, *, to: Any, saturate: int = 1, round_mode: str = "up") -> Any:
    """x in another data type; floats are cut to integers."""
    if to == dt.bool_:
        return F.not_equal(x, 0) if x.dtype != dt.bool_ else x
    if dt.is_float(x.dtype) and dt.is_integer(to):
        return trunc(x).astype(to)
    return x.astype(to)


@operator("CastLike")
def cast_like(x: Any, like: Any, *, saturate: int = 1, round_mode: str = "up") -> Any:
    """x in another's data type."""
    return cast(x, to=like.dtype)


@operator("Elu")
def elu(x: Any, *, alpha: float = 1.0) -> Any:
    """x, below zero alpha * (exp(x) - 1)."""
    return activation.elu(x, alpha)


@operator("Celu")
def celu(x: Any, *, alpha: float = 1.0) -> Any:
    """x, below zero alpha * (exp(x / alpha) - 1)."""
    return activation.celu(x, alpha)


@operator("Selu")
def selu(x: Any, *, alpha: float = 1.67326319217681884765625,
         gamma: float = 1.05070102214813232421875) -> Any:  # fmt: skip
    """The scaled elu."""
    return activation.elu(x, alpha, gamma)


@operator("LeakyRelu")
def leaky_relu(x: Any, *, alpha: float = 0.01) -> Any:
    """x, multiplied by alpha below zero."""
    return F.leaky_relu(x, alpha)


@operator("PRelu")
def prelu(x: Any, slope: Any) -> Any:
    """x, multiplied by a slope below zero."""
    return F.where(F.less(x, 0), F.mul(x, slope), x)


@operator("ThresholdedRelu")
def thresholded_relu(x: Any, *, alpha: float = 1.0) -> Any:
    """x above alpha, 0 elsewhere."""
    return F.where(F.greater(x, alpha), x, F.zeros((), dtype=x.dtype))


@operator("HardSigmoid")
def hard_sigmoid(x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    """alpha * x + beta within 0 and 1."""
    return F.clip(F.add(F.mul(x, alpha), beta), 0.0, 1.0)


@operator("Shrink")
def shrink(x: Any, *, bias: float = 0.0, lambd: float = 0.5) -> Any:
    """x moved towards 0 by the bias, 0 within lambd."""
    kind = x.dtype
    x = x.astype(dt.float32) if is_whole(x) else x
    zero = F.zeros((), dtype=x.dtype)
    low = F.where(F.less(x, -lambd), F.add(x, bias), zero)
    return F.where(F.greater(x, lambd), F.sub(x, bias), low).astype(kind)


@operator("Gelu")
def gelu(x: Any, *, approximate: str = "none") -> Any:
    """x times the normal distribution function."""
    return gelu_tanh(x) if approximate == "tanh" else F.gelu(x)


@operator("Swish")
def swish(x: Any, *, alpha: float = 1.0) -> Any:
    """x * sigmoid(alpha * x)."""
    return F.mul(x, F.sigmoid(F.mul(x, alpha)))


@operator("Dropout", host=(1, 2))
def dropout(
    x: Any, share: Any = None, training: Any = None, *, seed: Any = None, ratio: float = 0.5,
    outputs: int = 1,
) -> Any:  # fmt: skip
    """x itself, or in training mode with elements dropped; and the mask."""
    drop = bool(training.item()) if training is not None else False
    rate = float(share.item()) if share is not None else ratio
    if drop and rate:
        kept = F.not_equal(F.nn.dropout(F.ones_like(x), rate), 0)
        return F.where(kept, F.mul(x, 1 / (1 - rate)), F.zeros_like(x)), kept
    return (x, F.full(x.shape, True, dtype="bool")) if outputs > 1 else x
