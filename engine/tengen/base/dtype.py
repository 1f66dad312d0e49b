"""Data types: their canonical NumPy form, the rules for mixing them, and the defaults for data.

bfloat16 comes from ml_dtypes; the other types are NumPy's own.
"""

import functools
from typing import Any

import ml_dtypes
import numpy as np

from .errors import DTypeError

DType = np.dtype[Any]

bool_ = np.dtype(np.bool_)
int8, int16, int32, int64 = (np.dtype(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (np.dtype(f"float{n}") for n in (16, 32, 64))
bfloat16 = np.dtype(ml_dtypes.bfloat16)
complex64, complex128 = np.dtype(np.complex64), np.dtype(np.complex128)

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
INTEGERS = SIGNED + UNSIGNED
FLOATS = (float16, bfloat16, float32, float64)
COMPLEX = (complex64, complex128)
REAL = (bool_, *INTEGERS, *FLOATS)
ALL = (*REAL, *COMPLEX)

_BY_NAME = {d.name: d for d in ALL} | {"bool": bool_, "float": float32, "int": int32}
_PYTHON = {bool: bool_, int: int32, float: float32, complex: complex64}
_KIND = dict.fromkeys((bool_,), 0) | dict.fromkeys(INTEGERS, 1) | dict.fromkeys(FLOATS, 2)
_KIND |= dict.fromkeys(COMPLEX, 3)


@functools.lru_cache(maxsize=512)
def _canonical(spec: Any) -> DType:
    if isinstance(spec, str) and spec in _BY_NAME:
        return _BY_NAME[spec]
    if spec in _PYTHON:
        return _PYTHON[spec]
    try:
        found = np.dtype(spec)
    except TypeError:
        found = None
    if found is None or found not in _KIND:
        names = ", ".join(d.name for d in ALL)
        raise DTypeError(f"[dtype] {spec!r} is not a supported data type; supported: {names}")
    return found.newbyteorder("=")


def as_dtype(spec: Any) -> DType:
    """The canonical data type for a name, a Python type, a NumPy type or a dtype.

    Raises DTypeError for anything the framework does not compute with.
    """
    if isinstance(spec, np.dtype) and spec in _KIND and spec.isnative:
        return spec
    return _canonical(spec)


def is_float(dtype: DType) -> bool:
    """True for float16, bfloat16, float32 and float64."""
    return _KIND.get(dtype) == 2


def is_integer(dtype: DType) -> bool:
    """True for the signed and unsigned integers (bool is not one)."""
    return _KIND.get(dtype) == 1


def is_complex(dtype: DType) -> bool:
    """True for complex64 and complex128."""
    return _KIND.get(dtype) == 3


def is_differentiable(dtype: DType) -> bool:
    """True for the types through which gradients flow: floats and complex numbers."""
    return _KIND.get(dtype, 0) >= 2


@functools.lru_cache(maxsize=4096)
def promote(a: DType, b: DType) -> DType:
    """The type of a mixed operation: bool < integer < float < complex, the wider within a kind.

    An integer with a float gives the float's type; float16 with bfloat16 gives float32; a signed
    with an unsigned integer gives a signed one that holds both (int64 at the most).
    """
    if a == b:
        return a
    ka, kb = _KIND[a], _KIND[b]
    if 3 in (ka, kb) and 2 in (ka, kb):
        wide = float64 in (a, b) or complex128 in (a, b)
        return complex128 if wide else complex64
    if ka != kb:
        return a if ka > kb else b
    if {a, b} == {float16, bfloat16}:
        return float32
    if ka == 1 and a.kind != b.kind:
        unsigned, signed = (a, b) if a.kind == "u" else (b, a)
        size = max(signed.itemsize, min(2 * unsigned.itemsize, 8))
        return np.dtype(f"int{8 * size}")
    return a if a.itemsize >= b.itemsize else b


def weak_scalar(scalar: bool | int | float | complex, other: DType) -> DType:
    """The type a Python scalar takes beside a tensor of type `other`.

    A scalar of the tensor's kind or a lower one takes the tensor's type; a float beside an
    integer tensor gives float32, a complex number beside a real one complex64 or complex128.
    """
    kind = {bool: 0, int: 1, float: 2, complex: 3}[type(scalar)]
    if kind <= _KIND[other]:
        return other
    if kind == 3:
        return complex128 if other == float64 else complex64
    return float32 if kind == 2 else int32


def default_dtype(dtype: DType) -> DType:
    """The type a tensor takes when made from host data: float64 gives float32, int64 int32."""
    if dtype == float64:
        return float32
    if dtype == int64:
        return int32
    if dtype == complex128:
        return complex64
    return as_dtype(dtype)


_ACCUMULATORS = {float16: float32, bfloat16: float32}


def accumulator(dtype: DType) -> DType:
    """The type in which sums of `dtype` are formed before rounding back."""
    return _ACCUMULATORS.get(dtype, dtype)


def mean_dtype(dtype: DType) -> DType:
    """The type of a mean or a true division: the type itself for floats, else float32."""
    return dtype if is_differentiable(dtype) else float32
