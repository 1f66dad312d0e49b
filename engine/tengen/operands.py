"""Turning what users write into operands: Python numbers, arrays and mixed data types."""

from typing import Any

import numpy as np

from .base import dtype as dt
from .base.errors import ArgumentError
from .graph.state import state
from .tensor import Tensor, constant

NUMBER = (bool, int, float, complex)


def as_tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """A tensor for a tensor, array, list or number (a number takes its weak type beside `like`)."""
    if isinstance(value, Tensor):
        return value
    if like is not None and isinstance(value, NUMBER):
        return constant(value, dt.weak_scalar(value, like.dtype), like.device)  # type: ignore[no-any-return]
    if like is None:
        return Tensor(value)
    # An array as wide as the tensor beside it keeps its width.
    dtype = like.dtype if getattr(value, "dtype", None) == like.dtype else None
    return Tensor(value, dtype=dtype, device=like.device)


def pair(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands of one data type. Python numbers are weak; see `dtype.promote` for the rest."""
    if isinstance(x, Tensor):
        if isinstance(y, Tensor):
            a, b = x.dtype, y.dtype
            if a is b:
                return x, y
            common = dt.promote(a, b)
            return x.astype(common), y.astype(common)
        if isinstance(y, np.generic):
            y = y.item()
        other = as_tensor(y, x)
        return pair(name, x, other)
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(y, Tensor):
        return pair(name, as_tensor(x, y), y)
    if isinstance(x, NUMBER) and isinstance(y, NUMBER):
        return pair(name, Tensor(x), Tensor(y))
    return pair(name, as_tensor(x), as_tensor(y))


def floating(x: Any) -> Tensor:
    """The operand as floats: integers and bool become float32."""
    value = as_tensor(x)
    return value if dt.is_differentiable(value.dtype) else value.astype(dt.float32)


def ready(op: Any, x: Any) -> Any:
    """The operand in the type that autocast, where one is on, wants for `op`; else as it is.

    For functions that settle data types before they call the operator.
    """
    precision = state.precision
    if precision is None or not isinstance(x, Tensor):
        return x
    return precision.operand(op, x)


def axis_tuple(name: str, axis: Any, ndim: int) -> tuple[int, ...] | None:
    """Axes as a tuple of non-negative ints (None stays None). Raises on axes that do not exist."""
    if axis is None:
        return None
    items = [axis] if isinstance(axis, (int, np.integer, Tensor)) else list(axis)
    found = []
    for item in items:
        number = int(item)
        if not -ndim <= number < ndim:
            raise ArgumentError(f"[{name}] axis {number} does not exist in {ndim} dimension(s)")
        found.append(number % ndim)
    return tuple(found)


def shape_tuple(name: str, shape: Any) -> tuple[int, ...]:
    """A shape from an int, a sequence of ints or tensors, or a 1-d integer tensor."""
    if isinstance(shape, Tensor):
        shape = shape.tolist()
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    try:
        return tuple([int(d) for d in shape])
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"[{name}] {shape!r} is not a shape: whole numbers needed") from error
