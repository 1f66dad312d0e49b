"""Comparisons, logic and shifts, element by element.

Comparisons and logic give bool; `logical_*` take anything that is not 0 as true.
"""

from typing import Any

from ..base import dtype as dt
from ..operands import as_tensor, pair
from ..ops import bitwise, comparison
from ..tensor import Tensor

__all__ = [
    "equal", "greater", "greater_equal", "isinf", "isnan", "left_shift", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal", "right_shift",
]  # fmt: skip


def equal(x: Any, y: Any) -> Tensor:
    """True where x == y. NaN equals nothing."""
    return comparison.equal(*pair("equal", x, y))


def not_equal(x: Any, y: Any) -> Tensor:
    """True where x != y."""
    return comparison.not_equal(*pair("not_equal", x, y))


def less(x: Any, y: Any) -> Tensor:
    """True where x < y."""
    return comparison.less(*pair("less", x, y))


def less_equal(x: Any, y: Any) -> Tensor:
    """True where x <= y."""
    return comparison.less_equal(*pair("less_equal", x, y))


def greater(x: Any, y: Any) -> Tensor:
    """True where x > y."""
    return comparison.greater(*pair("greater", x, y))


def greater_equal(x: Any, y: Any) -> Tensor:
    """True where x >= y."""
    return comparison.greater_equal(*pair("greater_equal", x, y))


def isnan(inp: Tensor) -> Tensor:
    """True where the element is not a number."""
    return _float_test(comparison.isnan, inp)


def isinf(inp: Tensor) -> Tensor:
    """True where the element is infinite."""
    return _float_test(comparison.isinf, inp)


def _float_test(op: Any, inp: Any) -> Tensor:
    x = as_tensor(inp)
    # Whole numbers and bool are always finite: nothing differs from itself.
    return op(x) if dt.is_differentiable(x.dtype) else comparison.not_equal(x, x)


def truth(value: Any) -> Tensor:
    """The operand as bool: True where it is not 0."""
    x = as_tensor(value)
    return x if x.dtype == dt.bool_ else not_equal(x, 0)


def logical_and(x: Any, y: Any) -> Tensor:
    """True where both are true."""
    return comparison.logical_and(truth(x), truth(y))


def logical_or(x: Any, y: Any) -> Tensor:
    """True where at least one is true."""
    return comparison.logical_or(truth(x), truth(y))


def logical_xor(x: Any, y: Any) -> Tensor:
    """True where exactly one is true."""
    return comparison.logical_xor(truth(x), truth(y))


def logical_not(x: Any) -> Tensor:
    """True where x is not true."""
    return comparison.logical_not(truth(x))


def left_shift(x: Any, y: Any) -> Tensor:
    """The bits of the integer x moved up by y. Raises DTypeError for floats."""
    return bitwise.left_shift(*pair("left_shift", x, y))


def right_shift(x: Any, y: Any) -> Tensor:
    """The bits of the integer x moved down by y, the sign kept. Raises DTypeError for floats."""
    return bitwise.right_shift(*pair("right_shift", x, y))
