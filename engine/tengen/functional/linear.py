"""The linear map of functional.nn."""

import math

from ..base.errors import ArgumentError, ShapeError
from ..operands import floating, pair, ready
from ..ops.matmul import matmul
from ..ops.shape import reshape
from ..tensor import Tensor

__all__ = ["linear"]


def linear(
    inp: Tensor, weight: Tensor, bias: Tensor | None = None, compute_mode: str = "default"
) -> Tensor:
    """inp @ weight.T + bias: inp (..., in), weight (out, in), bias (out,), result (..., out)."""
    x, w = pair("linear", floating(ready(matmul, inp)), ready(matmul, weight))
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
        raise ShapeError(
            f"[linear] weight (out, in) takes inputs (..., in); got {w.shape} and {x.shape}"
        )
    if str(compute_mode).lower() not in ("default", "float32"):
        raise ArgumentError(f"[linear] compute_mode is default or float32; got {compute_mode!r}")
    rows = x if x.ndim == 2 else reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))
    operands = [rows, w]
    if bias is not None:
        bias = bias if bias.ndim == 1 else reshape(bias, shape=(bias.size,))
        operands.append(bias if bias.dtype == x.dtype else bias.astype(x.dtype))
    y = matmul(*operands, transpose_b=True)
    return y if x.ndim == 2 else reshape(y, shape=(*x.shape[:-1], w.shape[0]))  # type: ignore[no-any-return]
