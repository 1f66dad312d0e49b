"""Complex numbers: made from two real ones, taken apart, and their modulus.

The gradient of a real value by a complex number z is d/dRe z + i d/dIm z.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError
from ..graph.opdef import BadSample, Call
from ..graph.types import TensorType
from .arithmetic import div_or_zero
from .elementwise import Elementwise, affine, mul, ufunc
from .shape import cast

REAL_OF = {dt.complex64: dt.float32, dt.complex128: dt.float64}
COMPLEX_OF = {real: wide for wide, real in REAL_OF.items()}


class RealPart(Elementwise):
    """A complex array in, a real one out."""

    destination = False

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        (z,) = types
        if z.dtype not in REAL_OF:
            raise DTypeError(f"[{self.name}] takes complex64, complex128; got {z.dtype.name}")
        return z.with_dtype(REAL_OF[z.dtype])

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),), "takes complex64, complex128; got float32")


class FromReal(Elementwise):
    """Two real arrays in, a complex one out."""

    destination = False
    arity = 2

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        return super().infer(*types).with_dtype(COMPLEX_OF[types[0].dtype])


def _real(xp: Any, z: Any, out: Any = None) -> Any:
    return xp.array(z.real)


def _imag(xp: Any, z: Any, out: Any = None) -> Any:
    return xp.array(z.imag)


def _complex(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    made = xp.empty(xp.broadcast(x, y).shape, COMPLEX_OF[x.dtype])
    made.real, made.imag = x, y
    return made


def _real_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    return (cast(dy, dtype=call.inputs[0].type.dtype),)


def _imag_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    return (affine(cast(dy, dtype=call.inputs[0].type.dtype), scale=1j),)


def _modulus_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    (z,) = call.inputs
    part = div_or_zero(dy, call.outputs[0])
    return (mul(cast(part, dtype=z.type.dtype), z),)


real = RealPart("real", _real, dt.COMPLEX, rule=_real_rule)
imag = RealPart("imag", _imag, dt.COMPLEX, rule=_imag_rule)
modulus = RealPart("modulus", ufunc("absolute"), dt.COMPLEX, rule=_modulus_rule)
complex = FromReal(
    "complex",
    _complex,
    tuple(COMPLEX_OF),
    rule=lambda call, dz: (real(dz), imag(dz)),
)
