"""Linear algebra on stacks of matrices: inverse and singular value decomposition."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .arithmetic import div_or_zero
from .elementwise import add, conjugated, mul, neg, sub
from .matmul import matmul
from .sampling import draw, strided
from .shape import reshape, transpose
from .slicing import sliced

NO_SCALAR = {"0-d": "a matrix has two axes"}


def computed(x: Any) -> Any:
    """`x` in a type that LAPACK takes."""
    return x.astype(dt.accumulator(x.dtype), copy=False)


class Inverse(OpDef):
    """The inverse of each matrix (..., n, n). Raises ArgumentError for a singular one."""

    dtypes = dt.FLOATS + dt.COMPLEX
    without = NO_SCALAR

    def infer(self, x: TensorType) -> TensorType:
        require_dtypes("matinv", self.dtypes, x)
        if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
            raise ShapeError(f"[matinv] takes square matrices (..., n, n); got shape {x.shape}")
        return x

    def kernel(self, xp: Any, x: Any) -> Any:
        try:
            return xp.linalg.inv(computed(x)).astype(x.dtype, copy=False)
        except np.linalg.LinAlgError:
            raise ArgumentError("[matinv] a matrix is singular") from None

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        y = conjugated(call.outputs[0])
        return (neg(matmul(matmul(y, dy, transpose_a=True), y, transpose_b=True)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        def regular(shape: tuple[int, ...], dtype: Any = dt.float32) -> Any:
            return (draw(rng, shape, dt.float64, -0.3, 0.3) + 2 * np.eye(shape[-1])).astype(dtype)

        for dtype in self.dtypes:
            yield Sample((regular((3, 3), dtype),))
        yield Sample((regular((2, 2, 4, 4)),))
        yield Sample((np.zeros((0, 3, 3), "float32"),))
        yield Sample((strided(regular((4, 4))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "takes square matrices")
        yield BadSample((np.zeros((2, 2), "float32"),), "a matrix is singular")


class SVD(OpDef):
    """U (..., m, k), S (..., k), Vh (..., k, n) with x = U diag(S) Vh; k = min(m, n), S falling.

    `full_matrices` completes U to (..., m, m) and Vh to (..., n, n). The gradient is that of
    Townsend, "Differentiating the singular value decomposition" (2016), with the completed parts
    turning only as far as they must; equal singular values do not turn into each other in it.
    """

    attrs = {"full_matrices": False}
    dtypes = dt.FLOATS
    single = False
    choices = {"full_matrices": (False, True)}
    without = NO_SCALAR

    def infer(self, x: TensorType, *, full_matrices: bool) -> tuple[TensorType, ...]:
        require_dtypes("svd", self.dtypes, x)
        if x.ndim < 2:
            raise ShapeError(f"[svd] takes matrices (..., m, n); got shape {x.shape}")
        *batch, m, n = x.shape
        k = min(m, n)
        u = (*batch, m, m if full_matrices else k)
        vh = (*batch, n if full_matrices else k, n)
        return x.with_shape(u), x.with_shape((*batch, k)), x.with_shape(vh)

    def kernel(self, xp: Any, x: Any, *, full_matrices: bool) -> tuple[Any, ...]:
        try:
            parts = xp.linalg.svd(computed(x), full_matrices=full_matrices)
        except np.linalg.LinAlgError:
            raise ArgumentError("[svd] did not converge: NaN or infinity in a matrix") from None
        return tuple(part.astype(x.dtype, copy=False) for part in parts)

    def grad(self, call: Call, *dys: Any) -> tuple[Any, ...]:
        u, s, vh = call.outputs
        du, ds, dvh = dys
        *batch, m, n = call.inputs[0].type.shape
        k = min(m, n)
        row, column = (*batch, 1, k), (*batch, k, 1)
        s_row, s_column = reshape(s, shape=row), reshape(s, shape=column)
        gaps = sub(mul(s_row, s_row), mul(s_column, s_column))
        u1, v1 = _columns(u, 0, k), _columns(_turned(vh), 0, k)
        inner = None
        terms = []
        if du is not None:
            turn, outside = _subspace(u, u1, du, k, m, gaps)
            inner = mul(turn, s_row)
            if outside is not None:
                scaled = div_or_zero(outside, s_row)
                terms.append(matmul(scaled, v1, transpose_b=True))
        if dvh is not None:
            turn, outside = _subspace(_turned(vh), v1, _turned(dvh), k, n, gaps)
            turn = mul(s_column, turn)
            inner = turn if inner is None else add(inner, turn)
            if outside is not None:
                scaled = div_or_zero(u1, s_row)
                terms.append(matmul(scaled, outside, transpose_b=True))
        left = None if inner is None else matmul(u1, inner)
        if ds is not None:
            stretch = mul(u1, reshape(ds, shape=row))
            left = stretch if left is None else add(left, stretch)
        if left is not None:
            terms.append(matmul(left, v1, transpose_b=True))
        total = terms[0]
        for term in terms[1:]:
            total = add(total, term)
        return (total,)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        def spread(shape: tuple[int, ...], dtype: Any = dt.float32) -> Any:
            middle = np.eye(shape[-2], shape[-1]) * (1.0 + np.arange(shape[-1]))
            return (draw(rng, shape, dt.float64, -0.3, 0.3) + middle).astype(dtype)

        for dtype in self.dtypes:
            yield Sample((spread((3, 3), dtype),), tolerance=1e-4)
        for full in (False, True):
            attrs = {"full_matrices": full}
            yield Sample((spread((4, 3)),), attrs, tolerance=1e-4)
            yield Sample((spread((2, 3, 4)),), attrs, tolerance=1e-4)
            yield Sample((np.zeros((0, 2, 3), "float32"),), attrs)
        yield Sample((spread((5, 2)),), tolerance=1e-4)
        yield Sample((strided(spread((4, 4))),), tolerance=1e-4)

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),), "takes matrices")
        yield BadSample((np.full((2, 2), np.nan, "float32"),), "did not converge")


def _turned(x: Any) -> Any:
    """The matrices transposed."""
    ndim = x.type.ndim
    return transpose(x, pattern=(*range(ndim - 2), ndim - 1, ndim - 2))


def _columns(x: Any, start: int, stop: int) -> Any:
    """Columns start to stop of the matrices."""
    if (start, stop) == (0, x.type.shape[-1]):
        return x
    whole = ((None, None, None),) * (x.type.ndim - 1)
    return sliced(x, index=(*whole, (start, stop, 1)))


def _subspace(basis: Any, first: Any, grad: Any, k: int, size: int, gaps: Any) -> Any:
    """How a gradient of singular vectors turns them among the k, and out of their span."""
    d1 = _columns(grad, 0, k)
    mixed = matmul(first, d1, transpose_a=True)
    turn = div_or_zero(sub(mixed, _turned(mixed)), gaps)
    if size == k:
        return turn, None
    outside = sub(d1, matmul(first, mixed))
    if basis.type.shape[-1] > k:
        second, d2 = _columns(basis, k, size), _columns(grad, k, size)
        outside = sub(outside, matmul(second, matmul(d2, first, transpose_a=True)))
    return turn, outside


inverse = Inverse("matinv")
svd = SVD()
