"""Scaled dot-product attention as one operator, which keeps no matrix of weights.

The gradient forms the weights again from q and k (Dao et al., "FlashAttention", 2022, section 3).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import add, affine, mul, same_dtype, sub
from .matmul import matmul
from .reduce import sum as reduce_sum
from .sampling import draw, strided
from .softmax import softmax, softmax_backward


class HideLater(OpDef):
    """x (..., T, S) with `value` where a column lies behind its row, the last of both level."""

    attrs: dict[str, Any] = {"value": 0.0}
    dtypes = dt.FLOATS
    without = {"0-d": "there are rows and columns"}

    def infer(self, x: TensorType, *, value: float) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        if x.ndim < 2:
            raise ShapeError(f"[{self.name}] two axes at least are needed; got shape {x.shape}")
        return x.with_shape(x.shape)

    def kernel(self, xp: Any, x: Any, *, value: float) -> Any:
        return xp.where(later(xp, *x.shape[-2:]), x.dtype.type(value), x)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (hide_later(dy),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),))
        for shape in ((2, 4, 3), (0, 3), (1, 1)):
            yield Sample((draw(rng, shape),), {"value": -2.0})
        yield Sample((strided(draw(rng, (4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),), "two axes at least")


def later(xp: Any, rows: int, columns: int) -> Any:
    """True where a column lies behind the row, the last of both being level."""
    return xp.arange(columns) > xp.arange(rows)[:, None] + (columns - rows)


class _Attention(OpDef):
    """Attributes and checks of both directions."""

    attrs: dict[str, Any] = {"scale": 1.0, "causal": False}
    choices = {"causal": (False, True)}
    dtypes = dt.FLOATS
    without = {"0-d": "there are positions and features"}

    def result(self, q: TensorType, k: TensorType, v: TensorType) -> Shape:
        """The shape of the result, checked."""
        require_dtypes(self.name, self.dtypes, q)
        same_dtype(self.name, q, k, v)
        fits = (
            q.ndim == k.ndim == v.ndim == 4
            and q.shape[:2] == k.shape[:2] == v.shape[:2]
            and q.shape[3] == k.shape[3]
            and k.shape[2] == v.shape[2]
        )
        if not fits:
            raise ShapeError(
                f"[{self.name}] q (B, H, T, d), k (B, H, S, d) and v (B, H, S, e) are needed;"
                f" got {q.shape}, {k.shape}, {v.shape}"
            )
        return (*q.shape[:3], v.shape[3])

    def cases(self, rng: np.random.Generator) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """q, k, v and attributes."""
        for dtype in self.dtypes:
            yield tuple(draw(rng, (1, 2, 3, 4), dtype) for _ in range(3)), {"scale": 0.5}
        for causal in (False, True):
            shapes = (2, 2, 4, 3), (2, 2, 5, 3), (2, 2, 5, 2)
            parts = tuple(draw(rng, s) for s in shapes)
            yield parts, {"scale": 0.7, "causal": causal}
            large = tuple(draw(rng, (2, 3, 24, 16)) for _ in range(3))
            yield large, {"scale": 0.25, "causal": causal}
        yield tuple(draw(rng, (0, 2, 3, 4)) for _ in range(3)), {}
        yield tuple(strided(draw(rng, (2, 3, 24, 16))) for _ in range(3)), {"scale": 0.25}

    def bad_samples(self) -> Iterator[BadSample]:
        q = np.ones((1, 2, 3, 4), "float32")
        rest = (q,) if self.name.endswith("backward") else ()
        yield BadSample((q, q[..., :2], q, *rest), "are needed; got")
        yield BadSample((q[0], q[0], q[0], *rest), "are needed; got")


def _weights(xp: Any, q: Any, k: Any, scale: float, causal: bool) -> Any:
    scores = xp.matmul(q, xp.swapaxes(k, -1, -2)) * q.dtype.type(scale)
    if causal:
        scores = xp.where(later(xp, *scores.shape[-2:]), -np.inf, scores)
    return softmax.kernel(xp, scores, axis=(-1,))


class Attention(_Attention):
    """softmax(scale * q k^T) v; `causal` hides the keys behind each query."""

    def infer(self, q: TensorType, k: TensorType, v: TensorType, **attrs: Any) -> TensorType:
        return q.with_shape(self.result(q, k, v))

    def kernel(self, xp: Any, q: Any, k: Any, v: Any, *, scale: float, causal: bool) -> Any:
        work = dt.accumulator(q.dtype)
        dtype = q.dtype
        q, k, v = (a.astype(work, copy=False) for a in (q, k, v))
        return xp.matmul(_weights(xp, q, k, scale, causal), v).astype(dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return attention_backward(*call.inputs, dy, **vars(call.attrs))  # type: ignore[no-any-return]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for parts, attrs in self.cases(rng):
            yield Sample(parts, attrs)


class AttentionBackward(_Attention):
    """The gradients of q, k and v."""

    single = False

    def infer(
        self, q: TensorType, k: TensorType, v: TensorType, dy: TensorType, **attrs: Any
    ) -> tuple[TensorType, ...]:
        expected = q.with_shape(self.result(q, k, v))
        if dy is not expected:
            raise ShapeError(f"[{self.name}] dy must be {expected}; got {dy}")
        return q, k, v

    def kernel(
        self, xp: Any, q: Any, k: Any, v: Any, dy: Any, *, scale: float, causal: bool
    ) -> Any:
        dtype, work = q.dtype, dt.accumulator(q.dtype)
        q, k, v, dy = (a.astype(work, copy=False) for a in (q, k, v, dy))
        weights = _weights(xp, q, k, scale, causal)
        slope = xp.matmul(dy, xp.swapaxes(v, -1, -2))
        slope = softmax_backward.kernel(xp, weights, slope, axis=(-1,)) * work.type(scale)
        grads = (
            xp.matmul(slope, k),
            xp.matmul(xp.swapaxes(slope, -1, -2), q),
            xp.matmul(xp.swapaxes(weights, -1, -2), dy),
        )
        return tuple(g.astype(dtype, copy=False) for g in grads)

    def grad(self, call: Call, u: Any, w: Any, z: Any) -> tuple[Any, ...]:
        """u, w, z: gradients of dq, dk, dv. p: weights, a: their gradient, s: the scores'."""
        q, k, v, dy = call.inputs
        scale, causal = call.attrs.scale, call.attrs.causal
        scores = affine(matmul(q, k, transpose_b=True), scale=scale)
        p = softmax(hide_later(scores, value=-np.inf) if causal else scores, axis=(-1,))
        a = matmul(dy, v, transpose_b=True)
        s = affine(softmax_backward(p, a, axis=(-1,)), scale=scale)
        e = None if u is None else matmul(u, k, transpose_b=True)
        e = e if w is None else _plus(e, matmul(q, w, transpose_b=True))
        dp = None if z is None else matmul(dy, z, transpose_b=True)
        ddy = None if z is None else matmul(p, z)
        dq = dk = dv = None
        if e is not None:
            e = affine(e, scale=scale)
            ea = softmax_backward(p, e, axis=(-1,))
            centred = mul(e, sub(a, _total(mul(a, p))))
            dp = _plus(dp, sub(centred, mul(a, _total(mul(e, p)))))
            dv = matmul(ea, dy, transpose_a=True)
            ddy = _plus(ddy, matmul(ea, v))
        if dp is not None:
            ds = affine(softmax_backward(p, dp, axis=(-1,)), scale=scale)
            dq, dk = matmul(ds, k), matmul(ds, q, transpose_a=True)
        if w is not None:
            dq = _plus(dq, matmul(s, w))
        if u is not None:
            dk = _plus(dk, matmul(s, u, transpose_a=True))
        return dq, dk, dv, ddy

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for (q, k, v), attrs in self.cases(rng):
            yield Sample((q, k, v, draw(rng, (*q.shape[:3], v.shape[3]), q.dtype)), attrs)


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else add(a, b)


def _total(value: Any) -> Any:
    return reduce_sum(value, axis=(-1,), keepdims=True)


hide_later = HideLater("hide_later")
attention = Attention("attention")
attention_backward = AttentionBackward("attention_backward")
