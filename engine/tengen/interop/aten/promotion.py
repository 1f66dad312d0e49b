"""PyTorch's data-type promotion: 0-d tensors are weak beside tensors with axes of their kind."""

from typing import Any

from ...base import dtype as dt
from ...operands import NUMBER, as_tensor
from ...tensor import Tensor, constant

_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}


def rank(dtype: dt.DType) -> int:
    """0 for bool, 1 for integers, 2 for floats, 3 for complex numbers."""
    return 2 if dt.is_float(dtype) else _RANK[dtype.kind]


def pair(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands in the data type that PyTorch computes in."""
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        a, b = x.dtype, y.dtype
        if a is b or a == b:
            return x, y
        if (x.ndim == 0) != (y.ndim == 0):
            weak, strong = (a, b) if x.ndim == 0 else (b, a)
            common = strong if rank(weak) <= rank(strong) else dt.promote(a, b)
        else:
            common = dt.promote(a, b)
        return x.astype(common), y.astype(common)
    if isinstance(x, Tensor):
        return _beside(x, y)
    if isinstance(y, Tensor):
        b, a = _beside(y, x)
        return a, b
    return pair(number(x), number(y))


def _beside(x: Tensor, scalar: Any) -> tuple[Tensor, Tensor]:
    kind = dt.weak_scalar(scalar, x.dtype)
    if kind == dt.int32 and x.dtype == dt.bool_:
        kind = dt.int64
    return x.astype(kind), constant(scalar, kind, x.device)


def number(scalar: Any) -> Tensor:
    """A tensor for a Python number in PyTorch's default data type."""
    if isinstance(scalar, Tensor):
        return scalar
    if isinstance(scalar, bool):
        return Tensor(scalar)
    if isinstance(scalar, int):
        return Tensor(scalar, dtype=dt.int64)
    return as_tensor(scalar)


def summed(x: Tensor) -> Tensor:
    """The operand of a sum: bool and integers count in int64."""
    return x if rank(x.dtype) > 1 or x.dtype == dt.int64 else x.astype(dt.int64)


def real(x: Any) -> Tensor:
    """The operand of a function of real analysis: integers become float32."""
    value = number(x) if isinstance(x, NUMBER) else x
    return value if rank(value.dtype) > 1 else value.astype(dt.float32)
