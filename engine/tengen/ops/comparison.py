"""Comparisons, tests of floats, and logic: elementwise operators whose result is bool."""

from typing import Any

from ..base import dtype as dt
from .elementwise import Elementwise, ufunc


class Comparison(Elementwise):
    """A test of elements, by the array function of the same meaning."""

    result = dt.bool_
    why_no_grad = "its result is bool"

    def __init__(self, name: str, function: str, dtypes: Any = dt.REAL, **fields: Any):
        super().__init__(name, ufunc(function), dtypes, **fields)


equal = Comparison("equal", "equal", dt.ALL, arity=2, low=0, high=3)
not_equal = Comparison("not_equal", "not_equal", dt.ALL, arity=2, low=0, high=3)
less = Comparison("less", "less", arity=2)
less_equal = Comparison("less_equal", "less_equal", arity=2)
greater = Comparison("greater", "greater", arity=2)
greater_equal = Comparison("greater_equal", "greater_equal", arity=2)

isnan = Comparison("isnan", "isnan", dt.FLOATS + dt.COMPLEX)
isinf = Comparison("isinf", "isinf", dt.FLOATS + dt.COMPLEX)

BOOL = (dt.bool_,)

logical_and = Comparison("logical_and", "logical_and", BOOL, arity=2)
logical_or = Comparison("logical_or", "logical_or", BOOL, arity=2)
logical_xor = Comparison("logical_xor", "logical_xor", BOOL, arity=2)
logical_not = Comparison("logical_not", "logical_not", BOOL)
