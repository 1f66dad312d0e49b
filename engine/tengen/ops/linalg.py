"""Linear algebra on stacks of matrices: inverse and singular value decomposition."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import add, div, mul, neg, sub
from .matmul import matmul
from .sampling import draw, strided
from .selection import where
from .shape import broadcast_to, reshape

NO_SCALAR = {"0-d": "a matrix has two axes"}
MATRICES = dt.FLOATS


def computed(x: Any) -> Any:
    """`x` in a type that LAPACK takes."""
    return x.astype(dt.accumulator(x.dtype), copy=False)


class Inverse(OpDef):
    """The inverse of each matrix (..., n, n). Raises ArgumentError for a singular one."""

    dtypes = (*MATRICES, *dt.COMPLEX)
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
        y = conjugate(call.outputs[0])
        inner = matmul(y, dy, transpose_a=True)
        return (neg(matmul(inner, y, transpose_b=True)),)

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


def conjugate(x: Any) -> Any:
    """The complex conjugate (a real value itself)."""
    if not dt.is_complex(x.type.dtype):
        return x
    from .elementwise import conjugated

    return conjugated(x)


def identity_mask(x: Any, size: int) -> Any:
    """A bool matrix, True on the diagonal, made of a value `x` (..., size) by comparing places."""
    raise NotImplementedError


inverse = Inverse("matinv")
__all__ = ["add", "broadcast_to", "div", "inverse", "mul", "reshape", "sub", "where"]
