"""Complex tensors: made from real ones and taken apart."""

from ..operands import floating
from ..ops import complex_numbers
from ..tensor import Tensor
from .elemwise import cos, floats, mul, sin

__all__ = ["complex", "imag", "polar", "real"]


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + i * imag: complex64 from float32 parts, complex128 from float64 ones."""
    return complex_numbers.complex(*floats("complex", real, imag))


def real(complex: Tensor) -> Tensor:
    """The real part. Raises DTypeError for a tensor that is not complex."""
    return complex_numbers.real(floating(complex))


def imag(complex: Tensor) -> Tensor:
    """The imaginary part. Raises DTypeError for a tensor that is not complex."""
    return complex_numbers.imag(floating(complex))


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """The complex numbers of modulus `abs` and of an angle in radians."""
    radius, turn = floats("polar", abs, angle)
    return complex_numbers.complex(mul(radius, cos(turn)), mul(radius, sin(turn)))
