"""GELU by its tanh formula (Hendrycks and Gimpel, 2016), as GPT-2 and its successors use it."""

import math
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Call
from .arithmetic import square
from .elementwise import Elementwise, add, affine, mul, widened
from .transcendental import tanh

K = math.sqrt(2 / math.pi)
C = 0.044715


def _tanh_of(xp: Any, x: Any) -> Any:
    return xp.tanh(x * (K + K * C * (x * x)))


def _forward(xp: Any, x: Any, out: Any = None) -> Any:
    return 0.5 * x * (1 + _tanh_of(xp, x))


def _backward(xp: Any, dy: Any, x: Any, out: Any = None) -> Any:
    t = _tanh_of(xp, x)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (K + 3 * K * C * (x * x)))


def _bend(x: Any) -> Any:
    """The derivative of the slope by x: t' + x t'' / 2 for t = tanh(u(x))."""
    x2 = square(x)
    t = tanh(mul(x, affine(x2, scale=K * C, shift=K)))
    rest = affine(square(t), scale=-1.0, shift=1.0)  # 1 - t^2
    du = affine(x2, scale=3 * K * C, shift=K)
    first = mul(rest, du)
    second = add(affine(mul(t, mul(first, du)), scale=-2.0), mul(rest, affine(x, scale=6 * K * C)))
    return add(first, mul(affine(x, scale=0.5), second))


def _backward_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    dy, x = call.inputs
    again = gelu_tanh_backward(dz, x) if call.needs(0) else None
    return again, mul(mul(dz, dy), _bend(x)) if call.needs(1) else None


gelu_tanh = Elementwise(
    "gelu_tanh",
    widened(_forward),
    dt.FLOATS,
    rule=lambda call, dy: (gelu_tanh_backward(dy, call.inputs[0]),),
    keeps_zero=True,
    destination=False,
)
gelu_tanh_backward: Elementwise = Elementwise(
    "gelu_tanh_backward",
    widened(_backward),
    dt.FLOATS,
    rule=_backward_rule,
    arity=2,
    keeps_zero=True,
    destination=False,
)
