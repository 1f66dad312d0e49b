"""ATen's products of vectors and matrices."""

from typing import Any

from ... import functional as F
from .arithmetic import add, mul
from .promotion import pair
from .table import aten


@aten("linear")
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias."""
    if weight.ndim == 1:
        y = F.matmul(x, weight)
        return y if bias is None else F.add(y, bias)
    return F.nn.linear(x, weight, bias)


@aten("matmul", "mm", "bmm", "mv", "dot", "vdot")
def matmul(x: Any, y: Any) -> Any:
    """The matrix product; a vector is a row on the left and a column on the right."""
    return F.matmul(*pair(x, y))


@aten("addmm", "addmv", "addbmm", "baddbmm")
def addmm(bias: Any, x: Any, y: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta * bias + alpha * x @ y."""
    product = F.matmul(x, y)
    product = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return product
    return add(product, bias if beta == 1 else mul(bias, beta))


@aten("einsum")
def einsum(equation: str, operands: Any, **ignored: Any) -> Any:
    """The sum of products that an equation names."""
    return F.einsum(equation, *operands)


@aten("outer", "ger")
def outer(x: Any, y: Any) -> Any:
    """The products of all pairs."""
    return mul(F.expand_dims(x, 1), F.expand_dims(y, 0))


@aten("kron")
def kron(x: Any, y: Any) -> Any:
    """The Kronecker product of two matrices."""
    (a, b), (c, d) = x.shape, y.shape
    product = mul(F.reshape(x, (a, 1, b, 1)), F.reshape(y, (1, c, 1, d)))
    return F.reshape(product, (a * c, b * d))
