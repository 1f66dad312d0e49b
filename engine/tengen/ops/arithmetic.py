"""Elementwise arithmetic beyond the four operations: powers, remainders, extremes, rounding.

Where the operands of maximum or minimum are equal, and where a value lies on a bound of clip, each
gets the whole gradient. abs has the gradient 0 at 0.
"""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Call
from .elementwise import Elementwise, affine, div, mul, neg, quiet, ufunc, widened

REAL_NUMBERS = dt.INTEGERS + dt.FLOATS


def _quiet_ufunc(name: str) -> Any:
    return quiet(ufunc(name))


@widened
@quiet
def _log_or_zero(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.where(x == 0, x.dtype.type(0), xp.log(x))


@widened
@quiet
def _div_or_zero(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.where(y == 0, x.dtype.type(0), xp.true_divide(x, y))


def _pass_at_least(xp: Any, dy: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.where(x >= y, dy, dy.dtype.type(0))


def _pass_equal(xp: Any, dy: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.where(x == y, dy, dy.dtype.type(0))


def _clip(xp: Any, x: Any, out: Any = None, *, low: Any, high: Any) -> Any:
    if high is None:
        return xp.maximum(x, x.dtype.type(-xp.inf if low is None else low), out=out)
    if low is None:
        return xp.minimum(x, x.dtype.type(high), out=out)
    made = xp.maximum(x, x.dtype.type(low), out=out)
    target = made if out is not None or x.ndim else None  # a 0-d result without out is no array
    return xp.minimum(made, x.dtype.type(high), out=target)


def _clip_backward(xp: Any, dy: Any, x: Any, out: Any = None, *, low: Any, high: Any) -> Any:
    inside = xp.ones(x.shape, bool) if low is None else x >= x.dtype.type(low)
    if high is not None:
        inside = inside & (x <= x.dtype.type(high))
    return xp.where(inside, dy, dy.dtype.type(0))


@quiet
def _pow_slope(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.where(y == 0, x.dtype.type(0), y * xp.power(x, y - 1))


def _pow_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    return (
        mul(dz, pow_slope(x, y)) if call.needs(0) else None,
        mul(mul(dz, call.outputs[0]), log_or_zero(x)) if call.needs(1) else None,
    )


def _pow_slope_rule(call: Call, dz: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    less = affine(y, shift=-1.0)
    growth = affine(mul(y, log_or_zero(x)), shift=1.0)
    return (
        mul(dz, mul(y, pow_slope(x, less))) if call.needs(0) else None,
        mul(dz, mul(pow(x, less), growth)) if call.needs(1) else None,
    )


def _div_or_zero_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    y = call.inputs[1]
    dx = div_or_zero(dy, y)
    return dx, neg(mul(dx, div_or_zero(call.inputs[0], y))) if call.needs(1) else None


def _mod_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    return dy, neg(mul(dy, floor_div(*call.inputs))) if call.needs(1) else None


def _extreme_rule(first: int) -> Any:
    def rule(call: Call, dy: Any) -> tuple[Any, ...]:
        pairs = (call.inputs, call.inputs[::-1])
        return tuple(
            pass_at_least(dy, *pairs[first ^ i]) if call.needs(i) else None for i in range(2)
        )

    return rule


def _bounds_hold_zero(low: Any, high: Any) -> bool:
    return (low is None or low <= 0) and (high is None or high >= 0)


abs = Elementwise(
    "abs",
    ufunc("absolute"),
    REAL_NUMBERS,
    rule=lambda call, dy: (mul(dy, sign(call.inputs[0])),),
    keeps_zero=True,
)
sign: Elementwise = Elementwise("sign", ufunc("sign"), REAL_NUMBERS, keeps_zero=True)
square = Elementwise(
    "square",
    ufunc("square"),
    REAL_NUMBERS,
    rule=lambda call, dy: (affine(mul(dy, call.inputs[0]), scale=2.0),),
    keeps_zero=True,
)
sqrt = Elementwise(
    "sqrt",
    _quiet_ufunc("sqrt"),
    dt.FLOATS,
    rule=lambda call, dy: (div(affine(dy, scale=0.5), call.outputs[0]),),
    low=0.5,
    keeps_zero=True,
)
root = Elementwise(
    "root",
    _quiet_ufunc("sqrt"),
    dt.FLOATS,
    rule=lambda call, dy: (div_or_zero(affine(dy, scale=0.5), call.outputs[0]),),
    low=0.5,
    keeps_zero=True,
)
"""The square root with the gradient 0 at 0, as the length of a vector has it."""

reciprocal = Elementwise(
    "reciprocal",
    _quiet_ufunc("reciprocal"),
    dt.FLOATS,
    rule=lambda call, dy: (neg(mul(dy, square(call.outputs[0]))),),
    low=0.5,
)
pow = Elementwise(
    "pow", _quiet_ufunc("power"), dt.FLOATS, arity=2, rule=_pow_rule, low=0.5, high=2.5
)
pow_slope = Elementwise(
    "pow_slope",
    widened(_pow_slope),
    dt.FLOATS,
    arity=2,
    destination=False,
    rule=_pow_slope_rule,
    low=0.5,
    high=2.5,
)
"""y * x ** (y - 1), and 0 where y is 0."""

div_or_zero: Elementwise = Elementwise(
    "div_or_zero",
    _div_or_zero,
    dt.FLOATS,
    arity=2,
    destination=False,
    rule=_div_or_zero_rule,
    low=0.5,
    high=2.5,
    keeps_zero=True,
)
"""The quotient, but 0 where the divisor is 0."""

log_or_zero = Elementwise(
    "log_or_zero",
    _log_or_zero,
    dt.FLOATS,
    destination=False,
    rule=lambda call, dy: (div_or_zero(dy, call.inputs[0]),),
    low=0.5,
)
"""The logarithm, but 0 at 0: the gradient of 0 ** y by a positive y is 0."""

floor_div = Elementwise(
    "floor_div", _quiet_ufunc("floor_divide"), REAL_NUMBERS, arity=2, low=1.0, high=6.0
)
mod = Elementwise(
    "mod", _quiet_ufunc("remainder"), REAL_NUMBERS, arity=2, rule=_mod_rule, low=1.0, high=6.0
)
maximum = Elementwise(
    "maximum",
    ufunc("maximum"),
    dt.REAL,
    arity=2,
    rule=_extreme_rule(0),
    keeps_zero=True,
)
minimum = Elementwise(
    "minimum",
    ufunc("minimum"),
    dt.REAL,
    arity=2,
    rule=_extreme_rule(1),
    keeps_zero=True,
)
pass_at_least: Elementwise = Elementwise(
    "pass_at_least",
    _pass_at_least,
    dt.FLOATS,
    arity=3,
    destination=False,
    rule=lambda call, dz: (pass_at_least(dz, *call.inputs[1:]), None, None),
)
"""The first operand where the second is at least the third, else 0."""

pass_equal: Elementwise = Elementwise(
    "pass_equal",
    _pass_equal,
    dt.FLOATS,
    arity=3,
    destination=False,
    rule=lambda call, dz: (pass_equal(dz, *call.inputs[1:]), None, None),
)
"""The first operand where the second equals the third, else 0."""

BOUNDS = {"low": None, "high": None}
BOUND_VARIANTS = ({"low": -1.0, "high": 0.5}, {"low": 0.25}, {"high": 0.25})

clip = Elementwise(
    "clip",
    _clip,
    dt.FLOATS,
    attrs=BOUNDS,
    variants=BOUND_VARIANTS,
    rule=lambda call, dy: (clip_backward(dy, call.inputs[0], **vars(call.attrs)),),
    keeps_zero=_bounds_hold_zero,
)
clip_backward: Elementwise = Elementwise(
    "clip_backward",
    _clip_backward,
    dt.FLOATS,
    arity=2,
    destination=False,
    attrs=BOUNDS,
    variants=BOUND_VARIANTS,
    rule=lambda call, dz: (clip_backward(dz, call.inputs[1], **vars(call.attrs)), None),
    keeps_zero=True,
)
floor = Elementwise("floor", ufunc("floor"), dt.FLOATS, keeps_zero=True)
ceil = Elementwise("ceil", ufunc("ceil"), dt.FLOATS, keeps_zero=True)
trunc = Elementwise("trunc", ufunc("trunc"), dt.FLOATS, keeps_zero=True)
round = Elementwise("round", ufunc("rint"), dt.FLOATS, keeps_zero=True)
"""To the nearest whole number, halves to the even one."""
