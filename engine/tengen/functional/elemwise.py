"""Elementwise functions: arithmetic, powers and logarithms, circular and hyperbolic functions.

Arguments are tensors, arrays or Python numbers and broadcast as NumPy's do; mixed data types are
promoted (bool < integer < float, Python numbers are weak). Functions of real analysis turn integers
into float32; the four operations and their like keep them, and count with bool as int32.
"""

from typing import Any

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..operands import as_tensor, floating, pair
from ..ops import arithmetic, complex_numbers, elementwise, transcendental
from ..tensor import Tensor

__all__ = [
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clip", "cos",
    "cosh", "div", "erf", "exp", "expm1", "floor", "floor_div", "log", "log1p", "logaddexp",
    "maximum", "minimum", "mod", "mul", "neg", "pow", "round", "sign", "sin", "sinh", "sqrt",
    "square", "sub", "tan", "tanh",
]  # fmt: skip

Operand = Any
"""A tensor, an array, a (nested) list or a number."""


def number(value: Any) -> Tensor:
    """The operand as a number: bool becomes int32."""
    x = as_tensor(value)
    return x.astype(dt.int32) if x.dtype == dt.bool_ else x


def numbers(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands of one numeric type."""
    a, b = pair(name, x, y)
    return (number(a), number(b)) if a.dtype == dt.bool_ else (a, b)


def floats(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands of one float type."""
    a, b = pair(name, x, y)
    return floating(a), floating(b)


def add(x: Operand, y: Operand) -> Tensor:
    """The sum x + y."""
    return elementwise.add(*numbers("add", x, y))


def sub(x: Operand, y: Operand) -> Tensor:
    """The difference x - y."""
    return elementwise.sub(*numbers("sub", x, y))


def mul(x: Operand, y: Operand) -> Tensor:
    """The product x * y."""
    return elementwise.mul(*numbers("mul", x, y))


def div(x: Operand, y: Operand) -> Tensor:
    """The quotient x / y; integers give float32. x / 0 is infinite, 0 / 0 is NaN."""
    return elementwise.div(*floats("div", x, y))


def floor_div(x: Operand, y: Operand) -> Tensor:
    """The quotient rounded down, as Python's `//`; an integer divided by 0 gives 0."""
    return arithmetic.floor_div(*numbers("floor_div", x, y))


def mod(x: Operand, y: Operand) -> Tensor:
    """The remainder with the sign of y, as Python's `%`: x - floor_div(x, y) * y."""
    return arithmetic.mod(*numbers("mod", x, y))


def neg(x: Operand) -> Tensor:
    """-x; unsigned integers wrap around."""
    return elementwise.neg(number(x))


def abs(x: Operand) -> Tensor:
    """The absolute value, of a complex number the (real) modulus. Its gradient at 0 is 0."""
    value = number(x)
    if dt.is_complex(value.dtype):
        return complex_numbers.modulus(value)
    return arithmetic.abs(value)


def sign(x: Operand) -> Tensor:
    """-1, 0 or 1, in the data type of x; NaN stays."""
    return arithmetic.sign(number(x))


def pow(x: Operand, y: Operand) -> Tensor:
    """x to the power y, in floats (integers become float32).

    A negative x with a broken y gives NaN. Python's exponents -1, 0.5, 1, 2 and 3 are computed
    without a logarithm.
    """
    if isinstance(y, (int, float)) and not isinstance(x, (int, float)):
        base = floating(x)
        short = _powers.get(y)
        if short is not None and dt.is_float(base.dtype):
            return short(base)
    return arithmetic.pow(*floats("pow", x, y))


_powers: dict[float, Any] = {
    -1: arithmetic.reciprocal,
    0.5: arithmetic.sqrt,
    1: elementwise.affine,
    2: arithmetic.square,
    3: lambda x: elementwise.mul(arithmetic.square(x), x),
}


def square(x: Operand) -> Tensor:
    """x * x."""
    return arithmetic.square(number(x))


def sqrt(x: Operand) -> Tensor:
    """The square root; NaN of a negative number."""
    return arithmetic.sqrt(floating(x))


def exp(x: Operand) -> Tensor:
    """e to the power x."""
    return transcendental.exp(floating(x))


def expm1(x: Operand) -> Tensor:
    """exp(x) - 1, exact near 0."""
    return transcendental.expm1(floating(x))


def log(x: Operand) -> Tensor:
    """The natural logarithm; -infinity of 0 and NaN of a negative number."""
    return transcendental.log(floating(x))


def log1p(x: Operand) -> Tensor:
    """log(1 + x), exact near 0."""
    return transcendental.log1p(floating(x))


def logaddexp(x: Operand, y: Operand) -> Tensor:
    """log(exp(x) + exp(y)) without overflow."""
    return transcendental.logaddexp(*floats("logaddexp", x, y))


def erf(x: Operand) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x."""
    return transcendental.erf(floating(x))


def sin(x: Operand) -> Tensor:
    """The sine of an angle in radians."""
    return transcendental.sin(floating(x))


def cos(x: Operand) -> Tensor:
    """The cosine of an angle in radians."""
    return transcendental.cos(floating(x))


def tan(x: Operand) -> Tensor:
    """The tangent of an angle in radians."""
    return transcendental.tan(floating(x))


def asin(x: Operand) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1]."""
    return transcendental.asin(floating(x))


def acos(x: Operand) -> Tensor:
    """The angle in [0, pi] whose cosine is x; NaN outside [-1, 1]."""
    return transcendental.acos(floating(x))


def atan(x: Operand) -> Tensor:
    """The angle in [-pi/2, pi/2] whose tangent is x."""
    return transcendental.atan(floating(x))


def atan2(y: Operand, x: Operand) -> Tensor:
    """The angle in [-pi, pi] of the point (x, y)."""
    return transcendental.atan2(*floats("atan2", y, x))


def sinh(x: Operand) -> Tensor:
    """The hyperbolic sine."""
    return transcendental.sinh(floating(x))


def cosh(x: Operand) -> Tensor:
    """The hyperbolic cosine."""
    return transcendental.cosh(floating(x))


def tanh(x: Operand) -> Tensor:
    """The hyperbolic tangent."""
    return transcendental.tanh(floating(x))


def asinh(x: Operand) -> Tensor:
    """The number whose hyperbolic sine is x."""
    return transcendental.asinh(floating(x))


def acosh(x: Operand) -> Tensor:
    """The non-negative number whose hyperbolic cosine is x; NaN below 1."""
    return transcendental.acosh(floating(x))


def atanh(x: Operand) -> Tensor:
    """The number whose hyperbolic tangent is x; NaN outside [-1, 1]."""
    return transcendental.atanh(floating(x))


def floor(x: Operand) -> Tensor:
    """The largest whole number not above x, in the data type of x."""
    return _rounded(arithmetic.floor, x)


def ceil(x: Operand) -> Tensor:
    """The smallest whole number not below x, in the data type of x."""
    return _rounded(arithmetic.ceil, x)


def round(x: Operand) -> Tensor:
    """The nearest whole number, halves to the even one, in the data type of x."""
    return _rounded(arithmetic.round, x)


def trunc(x: Operand) -> Tensor:
    """x without its fraction, in the data type of x."""
    return _rounded(arithmetic.trunc, x)


def _rounded(op: Any, x: Any) -> Tensor:
    value = number(x)
    return op(value) if dt.is_float(value.dtype) else value.detach()


def maximum(x: Operand, y: Operand) -> Tensor:
    """The larger of x and y; NaN wins. Equal operands each get the whole gradient."""
    return arithmetic.maximum(*pair("maximum", x, y))


def minimum(x: Operand, y: Operand) -> Tensor:
    """The smaller of x and y; NaN wins. Equal operands each get the whole gradient."""
    return arithmetic.minimum(*pair("minimum", x, y))


def clip(x: Operand, lower: Any = None, upper: Any = None) -> Tensor:
    """x, but `lower` where it is below and `upper` where it is above; one of them may be None.

    Bounds are numbers or tensors; where they cross, the result is `upper`. The gradient passes
    where x is within the bounds or on one. Raises ArgumentError without any bound.
    """
    if lower is None and upper is None:
        raise ArgumentError("[clip] a lower or an upper bound is expected; got neither")
    value = as_tensor(x)
    plain = all(b is None or type(b) in (int, float) for b in (lower, upper))
    if plain and dt.is_float(value.dtype):
        return arithmetic.clip(value, low=lower, high=upper)
    if lower is not None:
        value = maximum(value, lower)
    return value if upper is None else minimum(value, upper)
