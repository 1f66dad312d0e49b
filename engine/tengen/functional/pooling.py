"""Pooling of functional.nn."""

from collections.abc import Sequence
from typing import Any

from ..base.errors import ShapeError
from ..operands import as_tensor, floating
from ..ops import pooling as ops
from ..tensor import Tensor
from .convolution import PerAxis, per_axis

__all__ = ["adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "max_pool2d"]


def _sizes(name: str, kernel_size: Any, stride: Any, padding: Any) -> dict[str, tuple[int, ...]]:
    kernel = per_axis(name, "kernel_size", kernel_size, 2)
    return {
        "kernel": kernel,
        "stride": kernel if stride is None else per_axis(name, "stride", stride, 2),
        "padding": per_axis(name, "padding", padding, 2),
    }


def max_pool2d(
    inp: Tensor, kernel_size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> Tensor:
    """The largest element of each window of inp (N, C, H, W); `stride` defaults to the kernel.

    Padding never counts. The gradient goes to the first of equal elements.
    """
    sizes = _sizes("max_pool2d", kernel_size, stride, padding)
    return ops.max_pool(floating(inp), **sizes)[0]  # type: ignore[no-any-return]


def avg_pool2d(
    inp: Tensor, kernel_size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0,
    mode: str = "average_count_exclude_padding",
) -> Tensor:  # fmt: skip
    """The mean of each window of inp (N, C, H, W); `stride` defaults to the kernel.

    mode "average" counts the padding zeros in, "average_count_exclude_padding" leaves them out.
    """
    sizes = _sizes("avg_pool2d", kernel_size, stride, padding)
    return ops.average_pool(floating(inp), mode=mode, **sizes)  # type: ignore[no-any-return]


def _adaptive(name: str, inp: Tensor, oshp: Any) -> dict[str, tuple[int, ...]]:
    """The window with which inp pools to `oshp`: stride H // OH, kernel H - (OH - 1) * stride."""
    if inp.ndim != 4:
        raise ShapeError(f"[{name}] input must be (N, C, H, W); got shape {inp.shape}")
    out = per_axis(name, "oshp", oshp, 2)
    size = inp.shape[2:]
    if any(o < 1 or o > n for o, n in zip(out, size, strict=True)):
        raise ShapeError(f"[{name}] an output of {out} cannot come from an input of size {size}")
    stride = tuple(n // o for n, o in zip(size, out, strict=True))
    kernel = tuple(n - (o - 1) * s for n, o, s in zip(size, out, stride, strict=True))
    return {"kernel": kernel, "stride": stride, "padding": (0, 0)}


def adaptive_max_pool2d(inp: Tensor, oshp: Sequence[int] | int | Tensor) -> Tensor:
    """Max pooling of inp (N, C, H, W) to `oshp` = (OH, OW), with windows of one size.

    The stride is H // OH and the kernel H - (OH - 1) * stride, along each axis.
    """
    x = floating(as_tensor(inp))
    return ops.max_pool(x, **_adaptive("adaptive_max_pool2d", x, oshp))[0]  # type: ignore[no-any-return]


def adaptive_avg_pool2d(inp: Tensor, oshp: Sequence[int] | int | Tensor) -> Tensor:
    """Average pooling of inp (N, C, H, W) to `oshp`, with windows as in adaptive_max_pool2d."""
    x = floating(as_tensor(inp))
    return ops.average_pool(x, **_adaptive("adaptive_avg_pool2d", x, oshp))  # type: ignore[no-any-return]
