"""Reductions, products of vectors and matrices, norms, running sums.

`axis` is an axis, a sequence of axes or None for all; with `keepdims` reduced axes stay as 1.
"""

from collections.abc import Sequence
from typing import Any

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, axis_tuple, floating, ready
from ..ops import arg_extreme, arithmetic, complex_numbers, elementwise, product, reduce, scan
from ..ops.matmul import matmul as product_of_matrices
from ..ops.shape import reshape, transpose
from ..tensor import Tensor
from .comparison import not_equal
from .elemwise import abs, clip, div, number, numbers, pow

__all__ = [
    "argmax", "argmin", "cumsum", "dot", "matmul", "max", "mean", "min", "norm", "normalize",
    "prod", "std", "sum", "var",
]  # fmt: skip

Axis = int | Sequence[int] | None


def sum(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over axes, in the data type of `inp` (bool: int32); the sum of nothing is 0."""
    return _reduce(reduce.sum, as_tensor(inp), axis, keepdims)


def mean(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over axes; of integers and bool in float32, of nothing NaN."""
    return _reduce(reduce.mean, as_tensor(inp), axis, keepdims)


def var(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over axes: the mean squared distance from the mean (not n - 1)."""
    return _reduce(reduce.variance, floating(inp), axis, keepdims)


def std(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation over axes, the root of `var`; its gradient where it is 0 is 0."""
    return arithmetic.root(var(inp, axis, keepdims))


def prod(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product over axes, in the data type of `inp` (bool: int32); of nothing it is 1."""
    return _reduce(product.prod, as_tensor(inp), axis, keepdims)


def max(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element over axes; NaN wins. Equal largest ones each get the whole gradient.

    Raises ShapeError where there are no elements to choose from.
    """
    return _reduce(reduce.max, as_tensor(inp), axis, keepdims)


def min(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element over axes; NaN wins. Equal smallest ones each get the whole gradient.

    Raises ShapeError where there are no elements to choose from.
    """
    return _reduce(reduce.min, as_tensor(inp), axis, keepdims)


def _reduce(op: Any, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    if axis is not None:
        axis = axis_tuple(op.name, axis, x.ndim)
    return op(x, axis=axis, keepdims=bool(keepdims))  # type: ignore[no-any-return]


def argmax(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The int32 position of the largest element, the first of equal ones; NaN counts as largest.

    Along one axis it is the place on it; over several axes, or all (None), it is the place in
    the C order of those axes.
    """
    return _position(arg_extreme.argmax, as_tensor(inp), axis, keepdims)


def argmin(inp: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The int32 position of the smallest element; as `argmax` otherwise."""
    return _position(arg_extreme.argmin, as_tensor(inp), axis, keepdims)


def _position(op: Any, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    axes = axis_tuple(op.name, axis, x.ndim)
    if axes is None or len(axes) == 1:
        return op(x, axis=None if axes is None else axes[0], keepdims=bool(keepdims))
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    turned = transpose(x, pattern=kept + axes)
    rows = tuple(x.shape[a] for a in kept)
    count = 1
    for a in axes:
        count *= x.shape[a]
    found = op(reshape(turned, shape=(*rows, count)), axis=-1)
    if not keepdims:
        return found  # type: ignore[no-any-return]
    shape = tuple(1 if a in axes else d for a, d in enumerate(x.shape))
    return reshape(found, shape=shape)  # type: ignore[no-any-return]


def cumsum(inp: Tensor, axis: int) -> Tensor:
    """The running sum along `axis`, in the data type of `inp` (bool: int32)."""
    x = number(inp)
    (place,) = axis_tuple("cumsum", int(axis), x.ndim) or ()
    return scan.cumsum(x, axis=place)  # type: ignore[no-any-return]


def dot(inp1: Tensor, inp2: Tensor) -> Tensor:
    """The inner product of two vectors, a 0-d tensor; a number counts as a vector of one.

    Raises ShapeError for more dimensions or unlike lengths.
    """
    x, y = numbers("dot", inp1, inp2)
    if x.ndim > 1 or y.ndim > 1 or (x.ndim and y.ndim and x.shape != y.shape):
        raise ShapeError(f"[dot] two vectors of one length are expected; got {x.shape}, {y.shape}")
    return reduce.sum(elementwise.mul(x, y))  # type: ignore[no-any-return]


def matmul(
    inp1: Tensor,
    inp2: Tensor,
    transpose_a: bool = False,
    transpose_b: bool = False,
    compute_mode: str = "default",
) -> Tensor:
    """The matrix product of (..., M, K) and (..., K, N): (..., M, N); leading axes broadcast.

    A vector counts as one row on the left and as one column on the right, and its axis is gone
    from the result: two vectors give their inner product. `transpose_a` and `transpose_b`
    exchange the last two axes of a matrix first. float16 and bfloat16 are summed in float32
    in either `compute_mode`, "default" or "float32". Raises ShapeError for inner sizes that differ.
    """
    if compute_mode not in ("default", "float32"):
        raise ArgumentError(f"[matmul] compute_mode is default or float32; got {compute_mode!r}")
    a, b = (ready(product_of_matrices, x) for x in (inp1, inp2))
    a, b = numbers("matmul", a, b)
    left, right = a.ndim, b.ndim
    if left > 1 and right > 1:
        return product_of_matrices(a, b, transpose_a=transpose_a, transpose_b=transpose_b)  # type: ignore[no-any-return]
    if not left or not right:
        raise ShapeError(f"[matmul] a number has no rows: shapes {a.shape} and {b.shape}")
    row, column = left == 1, right == 1
    a = reshape(a, shape=(1, *a.shape)) if row else a
    b = reshape(b, shape=(*b.shape, 1)) if column else b
    made = product_of_matrices(
        a, b, transpose_a=transpose_a and not row, transpose_b=transpose_b and not column
    )
    if not row and not column:
        return made  # type: ignore[no-any-return]
    shape = made.shape[:-2] + (() if row else (made.shape[-2],))
    return reshape(made, shape=shape if column else (*shape, made.shape[-1]))  # type: ignore[no-any-return]


def norm(inp: Tensor, ord: float | None = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The length of vectors along `axis`: the `ord`-th root of the sum of |x| ** ord.

    `ord` is 2 by default; 0 counts what is not 0, infinity takes the largest |x|, -infinity the
    smallest. A vector needs no axis, anything else does: ArgumentError says so. The gradient of
    the Euclidean norm at 0 is 0.
    """
    x = floating(inp)
    if axis is None and x.ndim != 1:
        raise ArgumentError(f"[norm] axis is needed unless x is a vector; x has shape {x.shape}")
    order = 2.0 if ord is None else float(ord)
    if order == 2.0:
        return arithmetic.root(sum(_squared_modulus(x), axis, keepdims))
    if order == 0.0:
        return sum(not_equal(x, 0).astype(abs(x).dtype), axis, keepdims)
    if order == float("inf"):
        return max(abs(x), axis, keepdims)
    if order == -float("inf"):
        return min(abs(x), axis, keepdims)
    if order == 1.0:
        return sum(abs(x), axis, keepdims)
    return pow(sum(pow(abs(x), order), axis, keepdims), 1.0 / order)


def _squared_modulus(x: Tensor) -> Tensor:
    if not dt.is_complex(x.dtype):
        return arithmetic.square(x)  # type: ignore[no-any-return]
    return complex_numbers.real(elementwise.mul(x, elementwise.conj(x)))  # type: ignore[no-any-return]


def normalize(
    inp: Tensor, ord: float | None = None, axis: int | None = None, eps: float = 1e-12
) -> Tensor:
    """`inp` divided by its norm along `axis`, or by `eps` where the norm is smaller.

    Without an axis `inp` has to be a vector.
    """
    length = norm(inp, ord, axis, keepdims=axis is not None)
    return div(inp, clip(length, lower=eps))
