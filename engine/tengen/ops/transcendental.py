"""Exponentials, logarithms, circular and hyperbolic functions and their inverses.

Outside its domain a function gives NaN, as NumPy's does, without a warning.
"""

import functools
import math
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Call
from .arithmetic import sqrt, square
from .elementwise import Elementwise, add, affine, div, mul, neg, quiet, sub, ufunc, widened
from .error_function import erf_of

_unary = functools.partial(Elementwise, dtypes=dt.FLOATS)


def _by_input(derivative: Any) -> Any:
    """A rule from the derivative as a function of the input."""
    return lambda call, dy: (mul(dy, derivative(call.inputs[0])),)


def _by_output(derivative: Any) -> Any:
    """A rule from the derivative as a function of the output."""
    return lambda call, dy: (mul(dy, derivative(call.outputs[0])),)


def _one_minus_square(value: Any) -> Any:
    return affine(square(value), scale=-1.0, shift=1.0)


def _one_plus_square(value: Any) -> Any:
    return affine(square(value), shift=1.0)


def _over_root(radicand: Any, scale: float = 1.0) -> Any:
    """The rule dy * scale / sqrt(radicand(x))."""
    return lambda call, dy: (div(dy if scale == 1.0 else neg(dy), sqrt(radicand(call.inputs[0]))),)


exp = _unary("exp", quiet(ufunc("exp")), rule=_by_output(lambda y: y))
expm1 = _unary(
    "expm1", quiet(ufunc("expm1")), rule=_by_output(lambda y: affine(y, shift=1.0)), keeps_zero=True
)
log = _unary("log", quiet(ufunc("log")), rule=lambda call, dy: (div(dy, call.inputs[0]),), low=0.5)
log1p = _unary(
    "log1p",
    quiet(ufunc("log1p")),
    rule=lambda call, dy: (div(dy, affine(call.inputs[0], shift=1.0)),),
    low=-0.5,
    keeps_zero=True,
)
sin = _unary("sin", quiet(ufunc("sin")), rule=_by_input(lambda x: cos(x)), keeps_zero=True)
cos: Elementwise = _unary("cos", quiet(ufunc("cos")), rule=_by_input(lambda x: neg(sin(x))))
tan = _unary(
    "tan", quiet(ufunc("tan")), rule=_by_output(_one_plus_square), low=-1.0, high=1.0,
    keeps_zero=True,
)  # fmt: skip
asin = _unary(
    "asin", quiet(ufunc("arcsin")), rule=_over_root(_one_minus_square), low=-0.9, high=0.9,
    keeps_zero=True,
)  # fmt: skip
acos = _unary(
    "acos", quiet(ufunc("arccos")), rule=_over_root(_one_minus_square, -1.0), low=-0.9, high=0.9
)
atan = _unary(
    "atan",
    ufunc("arctan"),
    rule=lambda call, dy: (div(dy, _one_plus_square(call.inputs[0])),),
    keeps_zero=True,
)
sinh = _unary("sinh", quiet(ufunc("sinh")), rule=_by_input(lambda x: cosh(x)), keeps_zero=True)
cosh: Elementwise = _unary("cosh", quiet(ufunc("cosh")), rule=_by_input(lambda x: sinh(x)))
tanh = _unary(
    "tanh",
    ufunc("tanh"),
    rule=lambda call, dy: (tanh_backward(dy, call.outputs[0]),),
    keeps_zero=True,
)
asinh = _unary("asinh", ufunc("arcsinh"), rule=_over_root(_one_plus_square), keeps_zero=True)
acosh = _unary(
    "acosh",
    quiet(ufunc("arccosh")),
    rule=_over_root(lambda x: affine(square(x), shift=-1.0)),
    low=1.25,
    high=3.0,
)
atanh = _unary(
    "atanh",
    quiet(ufunc("arctanh")),
    rule=lambda call, dy: (div(dy, _one_minus_square(call.inputs[0])),),
    low=-0.9,
    high=0.9,
    keeps_zero=True,
)


def _tanh_backward(xp: Any, dy: Any, y: Any, out: Any = None) -> Any:
    return dy * (1 - y * y)


def _tanh_backward_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    dy, y = call.inputs
    return tanh_backward(dz, y), affine(mul(mul(dz, dy), y), scale=-2.0)


tanh_backward: Elementwise = Elementwise(
    "tanh_backward",
    widened(_tanh_backward),
    dt.FLOATS,
    arity=2,
    destination=False,
    rule=_tanh_backward_rule,
    keeps_zero=True,
)


def _atan2_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    y, x = call.inputs
    part = div(dz, add(square(x), square(y)))
    return mul(part, x), neg(mul(part, y)) if call.needs(1) else None


atan2 = Elementwise(
    "atan2", ufunc("arctan2"), dt.FLOATS, arity=2, rule=_atan2_rule, low=0.5, high=2.5
)


def _logaddexp_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    (z,) = call.outputs
    return tuple(
        mul(dz, exp(sub(x, z))) if call.needs(i) else None for i, x in enumerate(call.inputs)
    )


logaddexp = Elementwise(
    "logaddexp", quiet(ufunc("logaddexp")), dt.FLOATS, arity=2, rule=_logaddexp_rule
)


def _erf(xp: Any, x: Any, out: Any = None) -> Any:
    return erf_of(xp, x)


def _erf_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    slope = affine(exp(neg(square(call.inputs[0]))), scale=2.0 / math.sqrt(math.pi))
    return (mul(dy, slope),)


erf = _unary("erf", widened(_erf), rule=_erf_rule, destination=False, keeps_zero=True)
