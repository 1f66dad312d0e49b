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
from .ops import arithmetic, bitwise, elementwise
from .ops import comparison as comparison_ops
from .ops.shape import transpose as transpose_op
from .operands import pair
from .tensor import Tensor, constant

Binary = Callable[[Any, Any], Any]
NUMBERS = frozenset((bool, int, float))
OPERANDS = (Tensor, bool, int, float, complex, np.ndarray, np.generic, list, tuple)


def _binary(op: OpDef, function: Binary) -> Binary:
    """The method for `x op y`: the operator at once where nothing has to be converted."""
    direct = frozenset(op.dtypes)
    attrs = op.defaults

    def method(self: Tensor, other: Any) -> Any:
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

    def method(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, OPERANDS) else NotImplemented

    return method


def _reflected(function: Binary) -> Binary:
    """The method for `y op x` where y is no tensor."""

    def method(self: Tensor, other: Any) -> Any:
        return function(other, self) if isinstance(other, OPERANDS) else NotImplemented

    return method


def _in_place(method: Binary) -> Binary:
    """The method for `x op= y`: the handle takes over the result."""

    def replace(self: Tensor, other: Any) -> Any:
        result = method(self, other)
        if result is NotImplemented:
            return NotImplemented
        self._reset(result)
        return self

    return replace


def _bits(op: OpDef) -> Binary:
    return lambda x, y: op(*pair(op.name, x, y))


ARITHMETIC: dict[str, tuple[Binary, Binary]] = {
    "add": (_binary(elementwise.add, elemwise.add), elemwise.add),
    "sub": (_binary(elementwise.sub, elemwise.sub), elemwise.sub),
    "mul": (_binary(elementwise.mul, elemwise.mul), elemwise.mul),
    "truediv": (_binary(elementwise.div, elemwise.div), elemwise.div),
    "floordiv": (_binary(arithmetic.floor_div, elemwise.floor_div), elemwise.floor_div),
    "mod": (_binary(arithmetic.mod, elemwise.mod), elemwise.mod),
    "pow": (_general(elemwise.pow), elemwise.pow),
    "matmul": (_general(math.matmul), math.matmul),
    "lshift": (_general(comparison.left_shift), comparison.left_shift),
    "rshift": (_general(comparison.right_shift), comparison.right_shift),
    "and": (_general(_bits(bitwise.bitwise_and)), _bits(bitwise.bitwise_and)),
    "or": (_general(_bits(bitwise.bitwise_or)), _bits(bitwise.bitwise_or)),
    "xor": (_general(_bits(bitwise.bitwise_xor)), _bits(bitwise.bitwise_xor)),
}
"""The method and the function of each operator that has a reflected and an in-place form."""

COMPARISONS: dict[str, Binary] = {
    "eq": _binary(comparison_ops.equal, comparison.equal),
    "ne": _binary(comparison_ops.not_equal, comparison.not_equal),
    "lt": _binary(comparison_ops.less, comparison.less),
    "le": _binary(comparison_ops.less_equal, comparison.less_equal),
    "gt": _binary(comparison_ops.greater, comparison.greater),
    "ge": _binary(comparison_ops.greater_equal, comparison.greater_equal),
}


class ArrayMethods:
    """The methods that `install` puts on Tensor."""

    def __neg__(self: Tensor) -> Tensor:
        return elemwise.neg(self)

    def __pos__(self: Tensor) -> Tensor:
        return self

    def __abs__(self: Tensor) -> Tensor:
        return elemwise.abs(self)

    def __invert__(self: Tensor) -> Tensor:
        return bitwise.bitwise_not(self)

    def __round__(self: Tensor, digits: int | None = None) -> Tensor:
        if not digits:
            return elemwise.round(self)
        scale = 10.0**digits
        return elemwise.div(elemwise.round(elemwise.mul(self, scale)), scale)

    def __floor__(self: Tensor) -> Tensor:
        return elemwise.floor(self)

    def __ceil__(self: Tensor) -> Tensor:
        return elemwise.ceil(self)

    def __trunc__(self: Tensor) -> Tensor:
        return elemwise.trunc(self)

    def __getitem__(self: Tensor, index: Any) -> Tensor:
        return indexing.getitem(self, index)

    def __setitem__(self: Tensor, index: Any, value: Any) -> None:
        self._reset(indexing.setitem(self, index, value))

    def __iter__(self: Tensor) -> Iterator[Tensor]:
        if not self.ndim:
            raise ShapeError("[iter] a 0-d tensor has no elements to go through")
        return (self[i] for i in range(len(self)))

    def __contains__(self: Tensor, value: Any) -> bool:
        return bool(self.size) and bool(math.max(comparison.equal(self, value)))

    def __dlpack__(self: Tensor, **request: Any) -> Any:
        return self.numpy().__dlpack__(**request)

    def __dlpack_device__(self: Tensor) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()  # type: ignore[return-value]

    def reshape(self: Tensor, *shape: Any) -> Tensor:
        """The same elements, in C order, under another shape; one dimension may be -1."""
        return tensor.reshape(self, shape[0] if len(shape) == 1 else shape)

    def flatten(self: Tensor) -> Tensor:
        """The elements, in C order, as a vector."""
        return tensor.flatten(self)

    def transpose(self: Tensor, *pattern: Any) -> Tensor:
        """The axes in another order, by default reversed; "x" in the pattern adds an axis."""
        if not pattern:
            return self.T
        given = pattern[0]
        several = len(pattern) > 1 or isinstance(given, (int, str))
        return tensor.transpose(self, pattern if several else given)

    @property
    def T(self: Tensor) -> Tensor:
        """The tensor with its axes reversed."""
        return transpose_op(self, pattern=tuple(range(self.ndim))[::-1])  # type: ignore[no-any-return]

    def sum(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The sum over axes; see `functional.sum`."""
        return math.sum(self, axis, keepdims)

    def prod(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The product over axes; see `functional.prod`."""
        return math.prod(self, axis, keepdims)

    def mean(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean over axes; see `functional.mean`."""
        return math.mean(self, axis, keepdims)

    def var(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The variance over axes; see `functional.var`."""
        return math.var(self, axis, keepdims)

    def max(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The largest element over axes; see `functional.max`."""
        return math.max(self, axis, keepdims)

    def min(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The smallest element over axes; see `functional.min`."""
        return math.min(self, axis, keepdims)


def install() -> None:
    """Put every operator and array method on Tensor."""
    for name, (method, function) in ARITHMETIC.items():
        setattr(Tensor, f"__{name}__", method)
        setattr(Tensor, f"__r{name}__", _reflected(function))
        setattr(Tensor, f"__i{name}__", _in_place(method))
    for name, method in COMPARISONS.items():
        setattr(Tensor, f"__{name}__", method)
    for name, member in vars(ArrayMethods).items():
        if callable(member) or isinstance(member, property):
            setattr(Tensor, name, member)


install()
