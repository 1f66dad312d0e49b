"""Tensors made from nothing: filled, progressions, identity matrices."""

import math
from typing import Any

from ..base import dtype as dt
from ..base.device import as_device
from ..base.errors import ArgumentError
from ..operands import as_tensor, shape_tuple
from ..ops import creation
from ..tensor import Tensor, constant

__all__ = [
    "arange", "eye", "full", "full_like", "linspace", "ones", "ones_like", "zeros", "zeros_like",
]  # fmt: skip


def _filled(name: str, shape: Any, value: Any, dtype: Any, device: Any) -> Tensor:
    one = constant(value, dt.as_dtype(dtype), as_device(device))
    return creation.fill(one, shape=shape_tuple(name, shape))  # type: ignore[no-any-return]


def full(shape: Any, value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of `shape` (an int or several) in which every element is `value`.

    Without `dtype` it is what the value asks for: bool, int32 or float32.
    """
    if isinstance(value, (bool, int, float, complex)):
        kind = as_tensor(value).dtype if dtype is None else dtype
        return _filled("full", shape, value, kind, device)
    one = as_tensor(value) if device is None else as_tensor(value).to(device)
    if dtype is not None:
        one = one.astype(dtype)
    return creation.fill(one, shape=shape_tuple("full", shape))  # type: ignore[no-any-return]


def zeros(shape: Any, *, dtype: Any = "float32", device: Any = None) -> Tensor:
    """A tensor of zeros."""
    return _filled("zeros", shape, 0, dtype, device)


def ones(shape: Any, *, dtype: Any = "float32", device: Any = None) -> Tensor:
    """A tensor of ones."""
    return _filled("ones", shape, 1, dtype, device)


def full_like(inp: Tensor, value: int | float) -> Tensor:
    """A tensor of the shape, data type and device of `inp` filled with `value`."""
    x = as_tensor(inp)
    return _filled("full_like", x.shape, value, x.dtype, x.device)


def zeros_like(inp: Tensor) -> Tensor:
    """Zeros in the shape, data type and device of `inp`."""
    return full_like(inp, 0)


def ones_like(inp: Tensor) -> Tensor:
    """Ones in the shape, data type and device of `inp`."""
    return full_like(inp, 1)


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def arange(
    start: int | float = 0,
    stop: int | float | None = None,
    step: int | float = 1,
    *,
    dtype: Any = "float32",
    device: Any = None,
) -> Tensor:
    """start, start + step ... before `stop`; `arange(n)` counts from 0.

    Raises ArgumentError for a step of 0.
    """
    start, stop, step = _number(start), _number(stop), _number(step)
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError("[arange] a step of 0 never arrives; got step=0")
    count = math.ceil((stop - start) / step)
    return creation.progression(  # type: ignore[no-any-return]
        start=start,
        step=step,
        count=count if count > 0 else 0,
        dtype=dt.as_dtype(dtype),
        device=as_device(device),
    )


def linspace(
    start: int | float,
    stop: int | float,
    num: int,
    *,
    dtype: Any = "float32",
    device: Any = None,
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, both included.

    Raises ArgumentError unless `num` is at least 1.
    """
    start, stop, num = _number(start), _number(stop), _number(num)
    if num < 1:
        raise ArgumentError(f"[linspace] at least one number is expected; got num={num}")
    return creation.progression(  # type: ignore[no-any-return]
        start=float(start),
        step=(stop - start) / (num - 1) if num > 1 else 0.0,
        count=int(num),
        last=float(stop) if num > 1 else None,
        dtype=dt.as_dtype(dtype),
        device=as_device(device),
    )


def eye(N: int, M: int | None = None, *, dtype: Any = "float32", device: Any = None) -> Tensor:
    """The N by M matrix (N by N without M) with ones on its diagonal and zeros elsewhere."""
    rows = int(_number(N))
    columns = rows if M is None else int(_number(M))
    return creation.eye(  # type: ignore[no-any-return]
        rows=rows, columns=columns, dtype=dt.as_dtype(dtype), device=as_device(device)
    )
