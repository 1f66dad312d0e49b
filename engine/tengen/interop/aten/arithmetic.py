"""Elementwise ATen operators: arithmetic, comparison, logic, rounding, transcendental functions."""

import math
from typing import Any

import ml_dtypes

from ... import functional as F
from ...base import dtype as dt
from ...base.errors import ArgumentError
from ...functional.elemwise import trunc
from ...operands import NUMBER
from ...ops import bitwise, elementwise
from ...tensor import Tensor
from .promotion import number, pair, real
from .table import aten


@aten("add", "add_")
def add(x: Any, y: Any, alpha: Any = 1) -> Any:
    """x + alpha * y; of bools their disjunction."""
    a, b = pair(x, y)
    if a.dtype == dt.bool_:
        return F.logical_or(a, b)
    return F.add(a, b if alpha == 1 else F.mul(b, alpha))


@aten("sub")
def sub(x: Any, y: Any, alpha: Any = 1) -> Any:
    """x - alpha * y."""
    a, b = pair(x, y)
    return F.sub(a, b if alpha == 1 else F.mul(b, alpha))


@aten("rsub")
def rsub(x: Any, y: Any, alpha: Any = 1) -> Any:
    """y - alpha * x."""
    return sub(y, x, alpha)


@aten("mul")
def mul(x: Any, y: Any) -> Any:
    """x * y; of bools their conjunction."""
    a, b = pair(x, y)
    return F.logical_and(a, b) if a.dtype == dt.bool_ else F.mul(a, b)


@aten("div", "true_divide")
def div(x: Any, y: Any, rounding_mode: str | None = None) -> Any:
    """x / y, as it is, cut towards zero ("trunc") or rounded down ("floor")."""
    a, b = pair(x, y)
    if rounding_mode is None:
        return F.div(a, b)
    if rounding_mode == "floor":
        return F.floor_div(a, b)
    if rounding_mode != "trunc":
        raise ArgumentError(f"[div] rounding_mode is floor or trunc; got {rounding_mode!r}")
    if dt.is_float(a.dtype):
        return trunc(F.div(a, b))
    return F.mul(F.floor_div(F.abs(a), F.abs(b)), F.mul(F.sign(a), F.sign(b)))


@aten("floor_divide")
def floor_divide(x: Any, y: Any) -> Any:
    """The quotient rounded down."""
    return F.floor_div(*pair(x, y))


@aten("remainder")
def remainder(x: Any, y: Any) -> Any:
    """The remainder with the sign of y."""
    return F.mod(*pair(x, y))


@aten("fmod")
def fmod(x: Any, y: Any) -> Any:
    """The remainder with the sign of x."""
    a, b = pair(x, y)
    return F.sub(a, F.mul(div(a, b, "trunc"), b))


@aten("pow")
def power(x: Any, y: Any) -> Any:
    """x to the power y; whole powers of integers stay whole."""
    whole = isinstance(y, int) and isinstance(x, Tensor) and dt.is_integer(x.dtype)
    if whole and y >= 0:
        made = F.ones_like(x)
        for _ in range(y):
            made = F.mul(made, x)
        return made
    if isinstance(y, NUMBER):
        return F.pow(real(x), y)
    a, b = pair(x, y)
    kept = a.dtype
    made = F.pow(real(a).astype(dt.float64) if dt.is_integer(kept) else a,
                 real(b).astype(dt.float64) if dt.is_integer(kept) else b)  # fmt: skip
    return made.astype(kept)


@aten("neg")
def neg(x: Any) -> Any:
    """-x."""
    return F.neg(x)


@aten("addcmul")
def addcmul(x: Any, a: Any, b: Any, value: Any = 1) -> Any:
    """x + value * a * b."""
    return add(x, mul(a, b), value)


@aten("addcdiv")
def addcdiv(x: Any, a: Any, b: Any, value: Any = 1) -> Any:
    """x + value * a / b."""
    return add(x, div(a, b), value)


@aten("lerp")
def lerp(x: Any, y: Any, weight: Any) -> Any:
    """x + weight * (y - x)."""
    return add(x, mul(sub(y, x), weight))


def _comparison(name: str, function: Any) -> None:
    @aten(name)
    def compare(x: Any, y: Any) -> Any:
        return function(*pair(x, y))


for _name, _function in {
    "eq": F.equal, "ne": F.not_equal, "lt": F.less, "le": F.less_equal, "gt": F.greater,
    "ge": F.greater_equal, "maximum": F.maximum, "minimum": F.minimum,
}.items():  # fmt: skip
    _comparison(_name, _function)

for _name, _function in {
    "max.other": F.maximum, "min.other": F.minimum, "greater": F.greater,
    "less": F.less, "not_equal": F.not_equal,
}.items():  # fmt: skip
    _comparison(_name, _function)


def _unary(name: str, function: Any, prepare: Any = real) -> None:
    @aten(name)
    def apply(x: Any) -> Any:
        return function(prepare(x))


for _name in (
    "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan",
    "asinh", "acosh", "atanh", "sqrt", "erf", "tanh",
):  # fmt: skip
    _unary(_name, getattr(F, _name))
for _name in ("floor", "ceil", "round.default", "abs", "sign", "square"):
    _unary(_name, getattr(F, _name.partition(".")[0]), number)
_unary("trunc", trunc, number)
_unary("sigmoid", F.sigmoid)
_unary("isnan", F.isnan, number)
_unary("isinf", F.isinf, number)
_unary("logical_not", lambda x: F.logical_not(_truth(x)), number)


@aten("rsqrt")
def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return F.div(1.0, F.sqrt(real(x)))


@aten("reciprocal")
def reciprocal(x: Any) -> Any:
    """1 / x."""
    return F.pow(real(x), -1)


@aten("exp2")
def exp2(x: Any) -> Any:
    """2 to the power x."""
    return F.exp(F.mul(real(x), math.log(2)))


@aten("log2")
def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return F.div(F.log(real(x)), math.log(2))


@aten("log10")
def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return F.div(F.log(real(x)), math.log(10))


@aten("erfc")
def erfc(x: Any) -> Any:
    """1 - erf(x)."""
    return F.sub(1.0, F.erf(real(x)))


@aten("frac")
def frac(x: Any) -> Any:
    """What trunc takes away."""
    return F.sub(x, trunc(x))


@aten("isfinite")
def isfinite(x: Any) -> Any:
    """True where x is neither infinite nor NaN."""
    return F.logical_not(F.logical_or(F.isnan(x), F.isinf(x)))


@aten("atan2")
def atan2(x: Any, y: Any) -> Any:
    """The angle of the point (y, x)."""
    a, b = pair(x, y)
    return F.atan2(real(a), real(b))


@aten("logaddexp")
def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y))."""
    return F.logaddexp(*pair(x, y))


@aten("clamp", "clip", "clamp.Tensor")
def clamp(x: Any, low: Any = None, high: Any = None, **bounds: Any) -> Any:
    """x within bounds that are numbers, tensors or None."""
    low, high = bounds.get("min", low), bounds.get("max", high)
    if not dt.is_float(x.dtype):
        made = x if low is None else F.maximum(*pair(x, low))
        return made if high is None else F.minimum(*pair(made, high))
    return F.clip(x, low, high)


@aten("clamp_min")
def clamp_min(x: Any, low: Any) -> Any:
    """x, but `low` where it is below."""
    return clamp(x, low)


@aten("clamp_max")
def clamp_max(x: Any, high: Any) -> Any:
    """x, but `high` where it is above."""
    return clamp(x, None, high)


def _truth(x: Any) -> Any:
    return x if x.dtype == dt.bool_ else F.not_equal(x, 0)


def _logical(name: str, function: Any) -> None:
    @aten(name)
    def apply(x: Any, y: Any) -> Any:
        return function(_truth(x), _truth(y))


for _name in ("logical_and", "logical_or", "logical_xor"):
    _logical(_name, getattr(F, _name))


def _bits(name: str, operator: Any, logical: Any) -> None:
    @aten(f"{name}.Tensor", f"{name}.Scalar", f"__{name.removeprefix('bitwise_')}__")
    def apply(x: Any, y: Any) -> Any:
        a, b = pair(x, y)
        return logical(a, b) if a.dtype == dt.bool_ else operator(a, b)


_bits("bitwise_and", bitwise.bitwise_and, F.logical_and)
_bits("bitwise_or", bitwise.bitwise_or, F.logical_or)
_bits("bitwise_xor", bitwise.bitwise_xor, F.logical_xor)


@aten("bitwise_not")
def bitwise_not(x: Any) -> Any:
    """Every bit the other way; of bools the negation."""
    return F.logical_not(x) if x.dtype == dt.bool_ else bitwise.bitwise_not(x)


@aten("where")
def where(mask: Any, x: Any, y: Any) -> Any:
    """x where the mask holds, y elsewhere."""
    return F.where(mask, *pair(x, y))


@aten("masked_fill")
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with `value` where the mask holds."""
    filling = F.full((), value, dtype=x.dtype) if not isinstance(value, Tensor) else value
    return F.where(mask, filling.astype(x.dtype), x)


@aten("nan_to_num")
def nan_to_num(x: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    """x with numbers in the place of NaN and the infinities."""
    largest = float(ml_dtypes.finfo(x.dtype).max)
    made = masked_fill(x, F.isnan(x), nan or 0.0)
    infinite = F.isinf(x)
    made = masked_fill(made, F.logical_and(infinite, F.greater(x, 0)), largest if posinf is None
                       else posinf)  # fmt: skip
    return masked_fill(made, F.logical_and(infinite, F.less(x, 0)), -largest if neginf is None
                       else neginf)  # fmt: skip


@aten("conj", "_conj", "resolve_conj", "resolve_neg")
def conj(x: Any) -> Any:
    """The complex conjugate."""
    return elementwise.conj(x) if dt.is_complex(x.dtype) else x
