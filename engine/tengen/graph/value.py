"""Value: what operators take and give. Eager values hold a buffer, traced ones only a Var.

The interface's Tensor extends it; `wrap` makes results of whichever class was installed.
"""

from typing import Any

from .node import Var
from .types import Shape, TensorType


class Value:
    """A handle on an immutable value: `_buffer` (None while tracing) and `_var` (its place in a
    graph or on the tape, None for a constant)."""

    __slots__ = ("_buffer", "_var")

    _buffer: Any
    _var: Var | None

    @property
    def type(self) -> TensorType:
        """The logical TensorType."""
        if self._buffer is None:
            assert self._var is not None
            return self._var.type
        return self._buffer.type.logical  # type: ignore[no-any-return]


_cls: list[type[Value]] = [Value]


def install_value(cls: type[Value]) -> None:
    """Make results of this class from now on."""
    _cls[0] = cls


def wrap(buffer: Any, var: Var | None) -> Any:
    """A new value of the installed class."""
    cls = _cls[0]
    made = cls.__new__(cls)
    made._buffer = buffer
    made._var = var
    return made


def shape_of(value: Any) -> Shape:
    """The logical shape of a value."""
    return value.type.shape  # type: ignore[no-any-return]


def dtype_of(value: Any) -> Any:
    """The data type of a value."""
    return value.type.dtype
