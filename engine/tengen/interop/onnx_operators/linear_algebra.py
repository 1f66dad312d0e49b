"""ONNX's products of matrices."""

from typing import Any

import numpy as np

from ... import functional as F
from .table import is_whole, operator


@operator("MatMul")
def matmul(x: Any, y: Any) -> Any:
    """The matrix product."""
    return F.matmul(x, y)


@operator("Gemm")
def gemm(
    a: Any, b: Any, c: Any = None, *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0,
    transB: int = 0,
) -> Any:  # fmt: skip
    """alpha * a @ b + beta * c."""
    if c is not None and c.ndim == 1 and alpha == beta == 1 and transB and not transA:
        return F.nn.linear(a, b, c) if c.shape[0] == b.shape[0] else F.add(
            F.matmul(a, b, transpose_b=True), c
        )  # fmt: skip
    y = F.matmul(a, b, transpose_a=bool(transA), transpose_b=bool(transB))
    if alpha != 1:
        y = F.mul(y, int(alpha) if is_whole(y) else alpha)
    if c is None or beta == 0:
        return y
    return F.add(y, c if beta == 1 else F.mul(c, int(beta) if is_whole(c) else beta))


@operator("Einsum")
def einsum(*operands: Any, equation: str) -> Any:
    """The sum of products that an equation names."""
    return F.einsum(equation.replace(" ", ""), *operands)


@operator("Det", numpy=True)
def determinant(x: Any) -> Any:
    """The determinants of matrices."""
    return np.asarray(np.linalg.det(x)).astype(x.dtype)
