"""Python's operators and the array methods of Tensor, put on the class by `install`.

Two tensors of one data type go straight to the operator; everything else passes the function of
the same meaning, which promotes. In-place operators give the handle a new value.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .base import dtype as dt
from .base.errors import ShapeError
from .functional import comparison, elemwise, indexing, math, tensor
from .graph.emit import emit
from .graph.opdef import OpDef
from .operands import pair
from .ops import arithmetic, bitwise, elementwise
from .ops import comparison as comparison_ops
from .ops.matmul import matmul as matmul_op
from .ops.shape import transpose as transpose_op
from .tensor import Tensor, constant

Binary = Callable[[Any, Any], Any]
NUMBERS = frozenset((bool, int, float))
_PRODUCTS = frozenset(matmul_op.dtypes)
OPERANDS = (Tensor, bool, int, float, complex, np.ndarray, np.generic, list, tuple)


def _binary(op: OpDef, function: Binary) -> Binary:
    """The method for `x op y`: the operator at once where nothing has to be converted."""
    direct = frozenset(op.dtypes)
    attrs = op.defaults

    def method(self: Any, other: Any) -> Any:
        buffer = self._buffer
        if isinstance(other, Tensor):
            another = other._buffer
            if buffer is not None and another is not None:
                dtype = buffer.type.dtype
                if dtype is another.type.dtype and dtype in direct:
                    return emit(op, attrs, (self, other))
        elif type(other) in NUMBERS and buffer is not None:
            type_ = buffer.type
            dtype = type_.dtype
            if dtype in direct and dt.weak_scalar(other, dtype) is dtype:
                return emit(op, attrs, (self, constant(other, dtype, type_.device)))
        elif not isinstance(other, OPERANDS):
            return NotImplemented
        return function(self, other)

    return method


def _general(function: Binary) -> Binary:
    """The method for `x op y` that always converts."""

    def method(self: Any, other: Any) -> Any:
        return function(self, other) if isinstance(other, OPERANDS) else NotImplemented

    return method


def _product(self: Any, other: Any) -> Any:
    """The method for `x @ y`: the operator at once for matrices of one data type."""
    if isinstance(other, Tensor):
        buffer, another = self._buffer, other._buffer
        if buffer is not None and another is not None:
            a, b = buffer.type, another.type
            if a.dtype is b.dtype and a.dtype in _PRODUCTS and len(a.shape) > 1 < len(b.shape):
                return emit(matmul_op, matmul_op.defaults, (self, other))
    elif not isinstance(other, OPERANDS):
        return NotImplemented
    return math.matmul(self, other)


def _reflected(function: Binary) -> Binary:
    """The method for `y op x` where y is no tensor."""

    def method(self: Any, other: Any) -> Any:
        return function(other, self) if isinstance(other, OPERANDS) else NotImplemented

    return method


def _in_place(method: Binary) -> Binary:
    """The method for `x op= y`: the handle takes over the result."""

    def replace(self: Any, other: Any) -> Any:
        result = method(self, other)
        if result is NotImplemented:
            return NotImplemented
        self._reset(result)
        return self

    return replace


def _bits(op: OpDef) -> Binary:
    return lambda x, y: op(*pair(op.name, x, y))


_and, _or, _xor = (
    _bits(op) for op in (bitwise.bitwise_and, bitwise.bitwise_or, bitwise.bitwise_xor)
)


class ArrayMethods:
    """The operators and methods that `install` puts on Tensor."""

    __add__ = _binary(elementwise.add, elemwise.add)
    __radd__ = _reflected(elemwise.add)
    __iadd__ = _in_place(__add__)
    __sub__ = _binary(elementwise.sub, elemwise.sub)
    __rsub__ = _reflected(elemwise.sub)
    __isub__ = _in_place(__sub__)
    __mul__ = _binary(elementwise.mul, elemwise.mul)
    __rmul__ = _reflected(elemwise.mul)
    __imul__ = _in_place(__mul__)
    __truediv__ = _binary(elementwise.div, elemwise.div)
    __rtruediv__ = _reflected(elemwise.div)
    __itruediv__ = _in_place(__truediv__)
    __floordiv__ = _binary(arithmetic.floor_div, elemwise.floor_div)
    __rfloordiv__ = _reflected(elemwise.floor_div)
    __ifloordiv__ = _in_place(__floordiv__)
    __mod__ = _binary(arithmetic.mod, elemwise.mod)
    __rmod__ = _reflected(elemwise.mod)
    __imod__ = _in_place(__mod__)
    __pow__ = _general(elemwise.pow)
    __rpow__ = _reflected(elemwise.pow)
    __ipow__ = _in_place(__pow__)
    __matmul__ = _product
    __rmatmul__ = _reflected(math.matmul)
    __imatmul__ = _in_place(__matmul__)
    __lshift__ = _general(comparison.left_shift)
    __rlshift__ = _reflected(comparison.left_shift)
    __ilshift__ = _in_place(__lshift__)
    __rshift__ = _general(comparison.right_shift)
    __rrshift__ = _reflected(comparison.right_shift)
    __irshift__ = _in_place(__rshift__)
    __and__ = _general(_and)
    __rand__ = _reflected(_and)
    __iand__ = _in_place(__and__)
    __or__ = _general(_or)
    __ror__ = _reflected(_or)
    __ior__ = _in_place(__or__)
    __xor__ = _general(_xor)
    __rxor__ = _reflected(_xor)
    __ixor__ = _in_place(__xor__)

    __eq__ = _binary(comparison_ops.equal, comparison.equal)
    __ne__ = _binary(comparison_ops.not_equal, comparison.not_equal)
    __lt__ = _binary(comparison_ops.less, comparison.less)
    __le__ = _binary(comparison_ops.less_equal, comparison.less_equal)
    __gt__ = _binary(comparison_ops.greater, comparison.greater)
    __ge__ = _binary(comparison_ops.greater_equal, comparison.greater_equal)

    def __neg__(self: Any) -> Tensor:
        return elemwise.neg(self)

    def __pos__(self: Any) -> Tensor:
        return self

    def __abs__(self: Any) -> Tensor:
        return elemwise.abs(self)

    def __invert__(self: Any) -> Tensor:
        return bitwise.bitwise_not(self)

    def __round__(self: Any, digits: int | None = None) -> Tensor:
        if not digits:
            return elemwise.round(self)
        scale = 10.0**digits
        return elemwise.div(elemwise.round(elemwise.mul(self, scale)), scale)

    def __floor__(self: Any) -> Tensor:
        return elemwise.floor(self)

    def __ceil__(self: Any) -> Tensor:
        return elemwise.ceil(self)

    def __trunc__(self: Any) -> Tensor:
        return elemwise.trunc(self)

    def __getitem__(self: Any, index: Any) -> Tensor:
        return indexing.getitem(self, index)

    def __setitem__(self: Any, index: Any, value: Any) -> None:
        indexing.assign(self, index, value)

    def __iter__(self: Any) -> Iterator[Tensor]:
        if not self.ndim:
            raise ShapeError("[iter] a 0-d tensor has no elements to go through")
        return (self[i] for i in range(len(self)))

    def __contains__(self: Any, value: Any) -> bool:
        return bool(self.size) and bool(math.max(comparison.equal(self, value)))

    def __dlpack__(self: Any, **request: Any) -> Any:
        return self.numpy().__dlpack__(**request)

    def __dlpack_device__(self: Any) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()

    def reshape(self: Any, *shape: Any) -> Tensor:
        """The same elements, in C order, under another shape; one dimension may be -1."""
        return tensor.reshape(self, shape[0] if len(shape) == 1 else shape)

    def flatten(self: Any) -> Tensor:
        """The elements, in C order, as a vector."""
        return tensor.flatten(self)

    def transpose(self: Any, *pattern: Any) -> Tensor:
        """The axes in another order, by default reversed; "x" in the pattern adds an axis."""
        if not pattern:
            return self.T
        given = pattern[0]
        several = len(pattern) > 1 or isinstance(given, (int, str))
        return tensor.transpose(self, pattern if several else given)

    @property
    def T(self: Any) -> Tensor:
        """The tensor with its axes reversed."""
        return transpose_op(self, pattern=tuple(range(self.ndim))[::-1])  # type: ignore[no-any-return]

    def sum(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The sum over axes; see `functional.sum`."""
        return math.sum(self, axis, keepdims)

    def prod(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The product over axes; see `functional.prod`."""
        return math.prod(self, axis, keepdims)

    def mean(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean over axes; see `functional.mean`."""
        return math.mean(self, axis, keepdims)

    def var(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The variance over axes; see `functional.var`."""
        return math.var(self, axis, keepdims)

    def max(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The largest element over axes; see `functional.max`."""
        return math.max(self, axis, keepdims)

    def min(self: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The smallest element over axes; see `functional.min`."""
        return math.min(self, axis, keepdims)


def install() -> None:
    """Put every operator and array method on Tensor."""
    for name, member in vars(ArrayMethods).items():
        if callable(member) or isinstance(member, property):
            setattr(Tensor, name, member)


install()
