"""Activation functions, each with the operator of its gradient.

A gradient operator takes the output's gradient and what the derivative is formed from: the output
where that is enough (the input need not be kept), else the input. Where a function has a corner,
its derivative there is that of the flat side.
"""

import math
from collections.abc import Callable
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Call
from .arithmetic import square
from .elementwise import Elementwise, affine, mul, neg, widened
from .error_function import erf_of
from .transcendental import exp

Slope = Callable[[Any], Any]


def _activation(name: str, fn: Callable[..., Any], rule: Any, **fields: Any) -> Elementwise:
    fields.setdefault("keeps_zero", True)
    fields.setdefault("destination", False)
    return Elementwise(name, widened(fn), dt.FLOATS, rule=rule, **fields)


def _from_output(backward: Callable[[], Elementwise]) -> Any:
    return lambda call, dy: (backward()(dy, call.outputs[0], **vars(call.attrs)),)


def _from_input(backward: Callable[[], Elementwise]) -> Any:
    return lambda call, dy: (backward()(dy, call.inputs[0], **vars(call.attrs)),)


def _gradient(
    name: str, fn: Callable[..., Any], second: Slope | None = None, **fields: Any
) -> Elementwise:
    """The operator `fn(dy, s)`, linear in dy; `second(s)` is the derivative of the slope by s
    (None: piecewise constant)."""

    def rule(call: Call, dz: Any) -> tuple[Any, ...]:
        dy, s = call.inputs
        again = op(dz, s, **vars(call.attrs)) if call.needs(0) else None
        if second is None or not call.needs(1):
            return again, None
        return again, mul(mul(dz, dy), second(s))

    op = _activation(name, fn, rule, arity=2, **fields)
    return op


def sigmoid_of(xp: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)) without overflow."""
    z = xp.exp(-xp.absolute(x))
    return xp.where(x < 0, z, x.dtype.type(1)) / (1 + z)


def _density(xp: Any, x: Any) -> Any:
    return xp.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


def _cumulative(xp: Any, x: Any) -> Any:
    return 0.5 * (1 + erf_of(xp, x * math.sqrt(0.5)))


def _masked(xp: Any, dy: Any, keep: Any) -> Any:
    return xp.where(keep, dy, dy.dtype.type(0))


def _relu(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.maximum(x, x.dtype.type(0), out=out)


def _relu6(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.minimum(xp.maximum(x, 0), 6)


def _relu_backward(xp: Any, dy: Any, y: Any, out: Any = None) -> Any:
    return _masked(xp, dy, y > 0)


def _relu6_backward(xp: Any, dy: Any, y: Any, out: Any = None) -> Any:
    return _masked(xp, dy, (y > 0) & (y < 6))


def _sigmoid(xp: Any, x: Any, out: Any = None) -> Any:
    return sigmoid_of(xp, x)


def _sigmoid_backward(xp: Any, dy: Any, y: Any, out: Any = None) -> Any:
    return dy * y * (1 - y)


def _silu(xp: Any, x: Any, out: Any = None) -> Any:
    return x * sigmoid_of(xp, x)


def _silu_backward(xp: Any, dy: Any, x: Any, out: Any = None) -> Any:
    s = sigmoid_of(xp, x)
    return dy * s * (1 + x * (1 - s))


def _silu_second(x: Any) -> Any:
    s = sigmoid(x)
    slope = mul(s, affine(s, scale=-1.0, shift=1.0))
    inner = mul(x, affine(s, scale=-2.0, shift=1.0))
    return mul(slope, affine(inner, shift=2.0))


def _gelu(xp: Any, x: Any, out: Any = None) -> Any:
    return x * _cumulative(xp, x)


def _gelu_backward(xp: Any, dy: Any, x: Any, out: Any = None) -> Any:
    return dy * (_cumulative(xp, x) + x * _density(xp, x))


def _gelu_second(x: Any) -> Any:
    x2 = square(x)
    density = affine(exp(affine(x2, scale=-0.5)), scale=1 / math.sqrt(2 * math.pi))
    return mul(density, affine(x2, scale=-1.0, shift=2.0))


def _softplus(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.absolute(x)))


def _logsigmoid(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.absolute(x)))


def _hsigmoid(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.clip(x + 3, 0, 6) / 6


def _hsigmoid_backward(xp: Any, dy: Any, y: Any, out: Any = None) -> Any:
    return _masked(xp, dy / 6, (y > 0) & (y < 1))


def _hswish(xp: Any, x: Any, out: Any = None) -> Any:
    return x * xp.clip(x + 3, 0, 6) / 6


def _hswish_backward(xp: Any, dy: Any, x: Any, out: Any = None) -> Any:
    inner = dy * (x / 3 + 0.5)
    return xp.where(x >= 3, dy, _masked(xp, inner, x > -3))


def _hswish_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    dy, x = call.inputs
    bend = hsigmoid_backward(mul(dz, dy), hsigmoid(x)) if call.needs(1) else None
    return hswish_backward(dz, x), None if bend is None else affine(bend, scale=2.0)


def _leaky_relu(xp: Any, x: Any, out: Any = None, *, negative_slope: float) -> Any:
    return xp.where(x > 0, x, x * x.dtype.type(negative_slope))


def _leaky_relu_backward(
    xp: Any, dy: Any, x: Any, out: Any = None, *, negative_slope: float
) -> Any:
    return xp.where(x > 0, dy, dy * dy.dtype.type(negative_slope))


def _prelu(xp: Any, x: Any, weight: Any, out: Any = None) -> Any:
    return xp.where(x > 0, x, x * weight)


def _prelu_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    x, weight = call.inputs
    return (
        prelu_backward(dy, x, weight) if call.needs(0) else None,
        mul(dy, neg(relu(neg(x)))) if call.needs(1) else None,
    )


def _prelu_backward(xp: Any, dy: Any, x: Any, weight: Any, out: Any = None) -> Any:
    return xp.where(x > 0, dy, dy * weight)


def _prelu_backward_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    dy, x, weight = call.inputs
    return (
        prelu_backward(dz, x, weight) if call.needs(0) else None,
        None,
        mul(dz, negative_part_backward(dy, x)) if call.needs(2) else None,
    )


def _negative_part_backward(xp: Any, dy: Any, x: Any, out: Any = None) -> Any:
    return _masked(xp, dy, x <= 0)


relu = _activation("relu", _relu, _from_output(lambda: relu_backward), destination=True)
relu_backward: Elementwise = _gradient("relu_backward", _relu_backward)
relu6 = _activation("relu6", _relu6, _from_output(lambda: relu6_backward), low=-4.0, high=9.0)
relu6_backward: Elementwise = _gradient("relu6_backward", _relu6_backward, low=-4.0, high=9.0)
sigmoid = _activation("sigmoid", _sigmoid, _from_output(lambda: sigmoid_backward), keeps_zero=False)
sigmoid_backward: Elementwise = _gradient(
    "sigmoid_backward", _sigmoid_backward, lambda y: affine(y, scale=-2.0, shift=1.0)
)
silu = _activation("silu", _silu, _from_input(lambda: silu_backward))
silu_backward: Elementwise = _gradient("silu_backward", _silu_backward, _silu_second)
gelu = _activation("gelu", _gelu, _from_input(lambda: gelu_backward))
gelu_backward: Elementwise = _gradient("gelu_backward", _gelu_backward, _gelu_second)
softplus = _activation(
    "softplus",
    _softplus,
    lambda call, dy: (mul(dy, sigmoid(call.inputs[0])),),
    keeps_zero=False,
)
logsigmoid = _activation(
    "logsigmoid",
    _logsigmoid,
    lambda call, dy: (mul(dy, sigmoid(neg(call.inputs[0]))),),
    keeps_zero=False,
)
hsigmoid = _activation(
    "hsigmoid",
    _hsigmoid,
    _from_output(lambda: hsigmoid_backward),
    keeps_zero=False,
    low=-5.0,
    high=5.0,
)
hsigmoid_backward: Elementwise = _gradient("hsigmoid_backward", _hsigmoid_backward)
hswish = _activation("hswish", _hswish, _from_input(lambda: hswish_backward), low=-5.0, high=5.0)
hswish_backward: Elementwise = _activation(
    "hswish_backward", _hswish_backward, _hswish_rule, arity=2, low=-5.0, high=5.0
)
SLOPE = {"negative_slope": 0.01}
SLOPES: tuple[dict[str, float], ...] = ({}, {"negative_slope": 0.25})
leaky_relu = _activation(
    "leaky_relu",
    _leaky_relu,
    _from_input(lambda: leaky_relu_backward),
    attrs=SLOPE,
    variants=SLOPES,
)
leaky_relu_backward: Elementwise = _gradient(
    "leaky_relu_backward", _leaky_relu_backward, attrs=SLOPE, variants=SLOPES
)
prelu = _activation("prelu", _prelu, _prelu_rule, arity=2)
prelu_backward = _activation("prelu_backward", _prelu_backward, _prelu_backward_rule, arity=3)
negative_part_backward = _gradient("negative_part_backward", _negative_part_backward)
