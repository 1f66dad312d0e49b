"""Matrix products, single or batched, with an optional bias over the last axis."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import conjugated, reduced_to, same_dtype
from .sampling import draw, strided


class MatMul(OpDef):
    """a @ b (+ bias): the last two axes multiply, the others broadcast.

    a (..., M, K), b (..., K, N), each with its last two axes exchanged if so asked; bias (N,).
    float16 and bfloat16 are multiplied in float32.
    """

    attrs = {"transpose_a": False, "transpose_b": False}
    choices = {"transpose_a": (False, True), "transpose_b": (False, True)}
    dtypes = dt.INTEGERS + dt.FLOATS + dt.COMPLEX
    without = {"0-d": "a matrix has two axes"}
    destination = True

    def infer(
        self, a: TensorType, b: TensorType, bias: TensorType | None = None, *,
        transpose_a: bool, transpose_b: bool,
    ) -> TensorType:  # fmt: skip
        require_dtypes("matmul", self.dtypes, a)
        same_dtype("matmul", *[t for t in (a, b, bias) if t is not None])
        if a.ndim < 2 or b.ndim < 2:
            raise ShapeError(f"[matmul] two axes at least are needed; got {a.shape} and {b.shape}")
        m, k = a.shape[:-3:-1] if transpose_a else a.shape[-2:]
        k2, n = b.shape[:-3:-1] if transpose_b else b.shape[-2:]
        if k != k2:
            raise ShapeError(
                f"[matmul] inner sizes differ, {k} and {k2}: shapes {a.shape}"
                f"{' transposed' if transpose_a else ''} and {b.shape}"
                f"{' transposed' if transpose_b else ''}"
            )
        try:
            batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        except ValueError:
            raise ShapeError(
                f"[matmul] batch axes of {a.shape} and {b.shape} do not broadcast"
            ) from None
        if bias is not None and bias.shape != (n,):
            raise ShapeError(f"[matmul] bias must have shape {(n,)}; got {bias.shape}")
        return a.with_shape((*batch, m, n))

    def kernel(
        self, xp: Any, a: Any, b: Any, bias: Any = None, *, out: Any = None,
        transpose_a: bool, transpose_b: bool,
    ) -> Any:  # fmt: skip
        dtype, work = a.dtype, dt.accumulator(a.dtype)
        a = xp.swapaxes(a, -1, -2) if transpose_a else a
        b = xp.swapaxes(b, -1, -2) if transpose_b else b
        if work is not dtype:
            made = xp.matmul(a.astype(work), b.astype(work))
            if bias is not None:
                made += bias
            if out is None:
                return made.astype(dtype)
            out[...] = made
            return out
        made = xp.matmul(a, b, out=out)
        if bias is not None:
            made += bias
        return made

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        a, b = call.inputs[:2]
        ta, tb = call.attrs.transpose_a, call.attrs.transpose_b
        da = db = None
        if call.needs(0):
            b = conjugated(b)
            if ta:
                da = matmul(b, dy, transpose_a=tb, transpose_b=True)
            else:
                da = matmul(dy, b, transpose_b=not tb)
            da = reduced_to(da, a.type.shape)
        if call.needs(1):
            a = conjugated(a)
            if tb:
                db = matmul(dy, a, transpose_a=True, transpose_b=ta)
            else:
                db = matmul(a, dy, transpose_a=not ta)
            db = reduced_to(db, b.type.shape)
        if len(call.inputs) == 2:
            return da, db
        bias = call.inputs[2]
        return da, db, reduced_to(dy, bias.type.shape) if call.needs(2) else None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype), draw(rng, (4, 2), dtype)))
        for dtype in dt.FLOATS:
            parts = draw(rng, (3, 4), dtype), draw(rng, (4, 2), dtype), draw(rng, (2,), dtype)
            yield Sample(parts)
        for ta in (False, True):
            for tb in (False, True):
                attrs = {"transpose_a": ta, "transpose_b": tb}
                a = draw(rng, (2, 4, 3) if ta else (2, 3, 4))
                b = draw(rng, (2, 5, 4) if tb else (2, 4, 5))
                yield Sample((a, b), attrs)
                yield Sample((a[0], b[0]), attrs)
        yield Sample((draw(rng, (2, 1, 3, 4)), draw(rng, (5, 4, 2)), draw(rng, (2,))))
        yield Sample((draw(rng, (3, 4)), draw(rng, (2, 4, 5))))
        yield Sample((draw(rng, (48, 40)), draw(rng, (40, 48)), draw(rng, (48,))))
        wide = draw(rng, (3, 1, 32, 40)), draw(rng, (2, 32, 40))
        yield Sample(wide, {"transpose_b": True})
        yield Sample((strided(draw(rng, (2, 32, 40))), draw(rng, (40, 64))))
        yield Sample((draw(rng, (0, 4)), draw(rng, (4, 2))))
        yield Sample((draw(rng, (3, 0)), draw(rng, (0, 2)), draw(rng, (2,))))
        yield Sample((strided(draw(rng, (4, 6))), strided(draw(rng, (6, 3)))))
        yield Sample((strided(draw(rng, (2, 4, 6))), strided(draw(rng, (2, 6, 3)))))

    def bad_samples(self) -> Iterator[BadSample]:
        one = np.ones((2, 3), "float32")
        yield BadSample((one, one), "inner sizes differ, 3 and 2")
        yield BadSample((one, np.ones(3, "float32")), "two axes at least")
        yield BadSample(
            (np.ones((2, 2, 3), "float32"), np.ones((3, 3, 2), "float32")), "batch axes"
        )
        yield BadSample((one, one.T, np.ones(3, "float32")), "bias must have shape (2,)")
        yield BadSample((one, one.T.astype("float64")), "operands have the types")


matmul = MatMul()
