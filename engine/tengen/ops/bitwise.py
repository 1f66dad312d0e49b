"""Bitwise logic and shifts of integers; a shift by the width or more gives what NumPy gives."""

from ..base import dtype as dt
from .elementwise import Elementwise, ufunc

BITS = (dt.bool_, *dt.INTEGERS)
WHY = "integers have no gradient"

bitwise_and = Elementwise("bitwise_and", ufunc("bitwise_and"), BITS, arity=2, why_no_grad=WHY)
bitwise_or = Elementwise("bitwise_or", ufunc("bitwise_or"), BITS, arity=2, why_no_grad=WHY)
bitwise_xor = Elementwise("bitwise_xor", ufunc("bitwise_xor"), BITS, arity=2, why_no_grad=WHY)
bitwise_not = Elementwise("bitwise_not", ufunc("invert"), BITS, why_no_grad=WHY)
left_shift = Elementwise(
    "left_shift", ufunc("left_shift"), dt.INTEGERS, arity=2, low=0, high=6, why_no_grad=WHY
)
right_shift = Elementwise(
    "right_shift", ufunc("right_shift"), dt.INTEGERS, arity=2, low=0, high=6, why_no_grad=WHY
)
