"""Normalisation over axes: batch norm, and layer norm, which group and instance norm share.

Both give the result, the mean and the biased variance; the statistics keep the normalised axes
with length 1 and are float32 where x is float16 or bfloat16. Ioffe and Szegedy, "Batch
Normalization" (2015); Ba, Kiros and Hinton, "Layer Normalization" (2016).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .arithmetic import sqrt
from .elementwise import add, affine, div, mul, neg, reduced_to, same_dtype, sub
from .reduce import reduced_shape
from .reduce import sum as reduce_sum
from .sampling import draw, strided
from .shape import broadcast_to, cast


class _Norm(OpDef):
    """What the normalisations share: `over` says which axes are normalised."""

    attrs: dict[str, Any] = {"eps": 1e-5}
    dtypes = dt.FLOATS
    backward: "_NormBackward"

    def over(self, ndim: int, attrs: dict[str, Any]) -> Shape:
        """The normalised axes of an input with `ndim` axes."""
        raise NotImplementedError

    def cases(self, rng: np.random.Generator) -> "_Cases":
        """x, weight or None, and attributes, for the samples."""
        raise NotImplementedError

    def check(self, x: TensorType, weight: TensorType | None, attrs: dict[str, Any]) -> TensorType:
        """The type of the statistics. Raises if x or the weight does not fit."""
        require_dtypes(self.name, self.dtypes, x)
        axes = self.over(x.ndim, attrs)
        if weight is not None:
            fits = weight.ndim <= x.ndim and all(
                w in (1, n) for w, n in zip(weight.shape[::-1], x.shape[::-1], strict=False)
            )
            if not fits:
                raise ShapeError(
                    f"[{self.name}] weight of shape {weight.shape} does not stretch to x of shape"
                    f" {x.shape}"
                )
        return x.make(reduced_shape(self.name, x, axes, True), dt.accumulator(x.dtype))


class _NormForward(_Norm):
    """(x - mean) / sqrt(variance + eps) * weight + bias; the affine part is optional."""

    single = False

    def infer(
        self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None,
        **attrs: Any,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        statistic = self.check(x, weight, attrs)
        same_dtype(self.name, *[t for t in (x, weight, bias) if t is not None])
        given = [None if t is None else t.shape for t in (weight, bias)]
        if given[0] != given[1]:
            raise ShapeError(
                f"[{self.name}] weight and bias go together in one shape; got {given[0]} and"
                f" {given[1]}"
            )
        return x.with_shape(x.shape), statistic, statistic

    def kernel(self, xp: Any, x: Any, weight: Any = None, bias: Any = None, **attrs: Any) -> Any:
        axes = self.over(x.ndim, attrs)
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        mean = _average(xp, wide, axes)
        variance = _average(xp, xp.square(wide - mean), axes)
        y = (wide - mean) / xp.sqrt(variance + wide.dtype.type(attrs["eps"]))
        if weight is not None:
            y = y * weight.astype(wide.dtype) + bias.astype(wide.dtype)
        return y.astype(x.dtype, copy=False), mean, variance

    def grad(self, call: Call, dy: Any, dmean: Any, dvariance: Any) -> tuple[Any, ...]:
        x, weight, bias = (*call.inputs, None, None)[:3]
        _, mean, variance = call.outputs
        attrs = vars(call.attrs)
        dx = dweight = dbias = None
        if dy is not None:
            dx, dweight, dbias = self.backward(x, dy, mean, variance, weight, **attrs)
        dtype, wide = x.type.dtype, mean.type.dtype
        share = 1.0 / max(_count(x.type, mean.type), 1)
        if dmean is not None:
            even = broadcast_to(affine(dmean, scale=share), shape=x.type.shape)
            dx = _plus(dx, cast(even, dtype=dtype))
        if dvariance is not None:
            slope = mul(sub(cast(x, dtype=wide), mean), affine(dvariance, scale=2.0 * share))
            dx = _plus(dx, cast(slope, dtype=dtype))
        grads = (dx, dweight if weight is not None else None, dbias if bias is not None else None)
        return grads[: len(call.inputs)]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, weight, attrs in self.cases(rng):
            affine_parts = () if weight is None else (weight, draw(rng, weight.shape, weight.dtype))
            yield Sample((x, *affine_parts), attrs)


class _NormBackward(_Norm):
    """Gradients of x, weight and bias, from x, dy, the statistics and the weight."""

    single = False

    def infer(
        self, x: TensorType, dy: TensorType, mean: TensorType, variance: TensorType,
        weight: TensorType | None = None, **attrs: Any,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        statistic = self.check(x, weight, attrs)
        same_dtype(self.name, x, dy)
        if dy.shape != x.shape:
            raise ShapeError(f"[{self.name}] dy must have shape {x.shape}; got {dy.shape}")
        for given in (mean, variance):
            if given.shape != statistic.shape:
                raise ShapeError(
                    f"[{self.name}] statistics must have shape {statistic.shape}; got {given.shape}"
                )
            if given.dtype not in (dt.float32, dt.float64) or given.dtype != mean.dtype:
                raise DTypeError(
                    f"[{self.name}] statistics must both be {statistic.dtype.name};"
                    f" got {mean.dtype.name} and {variance.dtype.name}"
                )
        parts = statistic.with_dtype(x.dtype) if weight is None else weight
        return x.with_shape(x.shape), parts, parts

    def kernel(
        self, xp: Any, x: Any, dy: Any, mean: Any, variance: Any, weight: Any = None, **attrs: Any
    ) -> Any:
        axes = self.over(x.ndim, attrs)
        wide = mean.dtype
        inverse = 1 / xp.sqrt(variance + wide.type(attrs["eps"]))
        hat = (x.astype(wide, copy=False) - mean) * inverse
        given = dy.astype(wide, copy=False)
        shape = mean.shape if weight is None else weight.shape
        dweight, dbias = _sum_to(xp, given * hat, shape), _sum_to(xp, given, shape)
        scaled = given if weight is None else given * weight.astype(wide, copy=False)
        dx = scaled - _average(xp, scaled, axes)
        dx -= hat * _average(xp, scaled * hat, axes)
        dx *= inverse
        return tuple(a.astype(x.dtype, copy=False) for a in (dx, dweight, dbias))

    def grad(self, call: Call, u: Any, v: Any, t: Any) -> tuple[Any, ...]:
        """u, v, t: gradients of dx, dweight and dbias. h is x normalised, g is dy * weight."""
        x, dy, mean, variance, weight = (*call.inputs, None)[:5]
        dtype, wide = x.type.dtype, mean.type.dtype
        axes = self.over(x.type.ndim, vars(call.attrs))
        share = 1.0 / max(_count(x.type, mean.type), 1)

        def up(value: Any) -> Any:
            return None if value is None else cast(value, dtype=wide)

        def total(value: Any) -> Any:
            return reduce_sum(value, axis=axes, keepdims=True)

        def average(value: Any) -> Any:
            return affine(total(value), scale=share)

        moved = affine(variance, shift=call.attrs.eps)
        inverse = div(sqrt(moved), moved)
        centred = sub(up(x), mean)
        h = mul(centred, inverse)
        dy_wide, w = up(dy), up(weight)
        g = dy_wide if w is None else mul(dy_wide, w)
        dg = dh = dinverse = ddy = dweight = None
        if u is not None:
            u = up(u)
            mean_gh, mean_uh = average(mul(g, h)), average(mul(u, h))
            dg = mul(inverse, sub(sub(u, average(u)), mul(h, mean_uh)))
            dh = neg(mul(inverse, add(mul(u, mean_gh), mul(g, mean_uh))))
            rest = sub(sub(g, average(g)), mul(h, mean_gh))
            dinverse = total(mul(u, rest))
            dweight = None if w is None else mul(dg, dy_wide)
            ddy = dg if w is None else mul(dg, w)
        if v is not None:
            ddy, dh = _plus(ddy, mul(up(v), h)), _plus(dh, mul(up(v), dy_wide))
        if t is not None:
            ddy = _plus(ddy, broadcast_to(up(t), shape=x.type.shape))
        dx = dmean = dvariance = None
        if dh is not None:
            dx = mul(inverse, dh)
            dmean = neg(total(dx))
            dinverse = _plus(dinverse, total(mul(dh, centred)))
            cube = mul(inverse, mul(inverse, inverse))
            dvariance = affine(mul(dinverse, cube), scale=-0.5)
        if dweight is not None:
            dweight = cast(reduced_to(dweight, weight.type.shape), dtype=dtype)
        grads = (_down(dx, dtype), _down(ddy, dtype), dmean, dvariance, dweight)
        return grads[: len(call.inputs)]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, weight, attrs in self.cases(rng):
            wide = x.astype(dt.accumulator(x.dtype))
            axes = self.over(x.ndim, {**self.attrs, **attrs})
            mean = _average(np, wide, axes)
            variance = _average(np, np.square(wide - mean), axes)
            rest = () if weight is None else (weight,)
            wrt = () if x.dtype == dt.bfloat16 else None  # too coarse for numeric differences
            yield Sample((x, draw(rng, x.shape, x.dtype), mean, variance, *rest), attrs, wrt)


def _average(xp: Any, value: Any, axes: Shape) -> Any:
    """The mean over axes, which stay with length 1; 0 for the mean of nothing."""
    total = xp.sum(value, axis=axes, keepdims=True)
    return total / value.dtype.type(max(value.size // max(total.size, 1), 1))


def _sum_to(xp: Any, value: Any, shape: Shape) -> Any:
    """The sum over the axes along which `shape` stretches."""
    lead = tuple(range(value.ndim - len(shape)))
    axes = tuple(
        i + len(lead) for i, n in enumerate(shape) if n == 1 and value.shape[i + len(lead)] != 1
    )
    return xp.sum(value, axis=lead + axes).reshape(shape)


def _count(x: TensorType, statistic: TensorType) -> int:
    return x.size // max(statistic.size, 1)


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else add(a, b)


def _down(value: Any, dtype: Any) -> Any:
    return None if value is None else cast(value, dtype=dtype)


_Cases = Iterator[tuple[Any, Any, dict[str, Any]]]


class _Batch(_Norm):
    """Statistics of each channel: over every axis but axis 1; weight and bias (1, C, 1...)."""

    without = {"0-d": "there is a channel axis"}

    def over(self, ndim: int, attrs: dict[str, Any]) -> Shape:
        if ndim < 2:
            raise ShapeError(f"[{self.name}] x needs a batch and a channel axis; got {ndim} axes")
        return (0, *range(2, ndim))

    def cases(self, rng: np.random.Generator) -> _Cases:
        for dtype in self.dtypes:
            yield draw(rng, (4, 3, 2, 3), dtype), draw(rng, (1, 3, 1, 1), dtype, 0.5), {}
        for shape in ((6, 3), (3, 2, 5), (2, 20, 3, 2), (2, 2, 3, 2, 2), (0, 3, 2)):
            weight = draw(rng, (1, shape[1], *[1] * (len(shape) - 2)), low=0.5)
            yield draw(rng, shape), weight, {"eps": 1e-3}
        yield draw(rng, (4, 3, 2)), None, {}
        yield strided(draw(rng, (4, 3, 2, 5))), draw(rng, (1, 3, 1, 1)), {}

    def bad_samples(self) -> Iterator[BadSample]:
        yield from _bad_calls(self, np.ones((2, 3, 4), "float32"), np.ones((1, 2, 1), "float32"))


class _Layer(_Norm):
    """Statistics over `axes` of each remaining place; weight and bias broadcast to x."""

    attrs = {"axes": (-1,), **_Norm.attrs}
    without = {"0-d": "there is an axis to normalise"}

    def over(self, ndim: int, attrs: dict[str, Any]) -> Shape:
        return tuple(attrs["axes"])

    def cases(self, rng: np.random.Generator) -> _Cases:
        for dtype in self.dtypes:
            yield draw(rng, (3, 8), dtype), draw(rng, (8,), dtype, 0.5), {}
        yield draw(rng, (2, 3, 4)), draw(rng, (3, 4), low=0.5), {"axes": (1, 2)}
        yield draw(rng, (2, 3, 4, 2)), draw(rng, (3, 1, 1)), {"axes": (2, 3), "eps": 1e-3}
        yield draw(rng, (2, 3, 4)), draw(rng, (4,)), {"axes": (2,)}
        yield draw(rng, (2, 3, 4)), None, {"axes": (0, 2)}
        yield draw(rng, (64, 80)), draw(rng, (80,)), {}
        yield draw(rng, (16, 20, 16)), draw(rng, (20, 16)), {"axes": (1, 2), "eps": 1e-3}
        yield draw(rng, (40, 120)), None, {}
        yield draw(rng, (0, 4)), draw(rng, (4,)), {}
        yield strided(draw(rng, (4, 6))), draw(rng, (6,)), {}

    def bad_samples(self) -> Iterator[BadSample]:
        yield from _bad_calls(self, np.ones((2, 3, 4), "float32"), np.ones((3,), "float32"))


class BatchNorm(_Batch, _NormForward):
    """Batch norm in training: y, mean, variance (biased) of each channel."""

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        return ((0, 0),)


class BatchNormBackward(_Batch, _NormBackward):
    """The gradients of batch_norm."""

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        return (1, 0), (0, 0)


class LayerNorm(_Layer, _NormForward):
    """Layer norm: y, mean, variance (biased) over `axes`."""


class LayerNormBackward(_Layer, _NormBackward):
    """The gradients of layer_norm."""


def _bad_calls(op: _Norm, x: Any, weight: Any) -> Iterator[BadSample]:
    """Calls with a weight that does not fit, and of an integer type."""
    if isinstance(op, _NormForward):
        yield BadSample((x, weight, weight), "does not stretch to x")
        yield BadSample((x, np.ones(1, "float32")), "weight and bias go together")
        yield BadSample((x.astype("int32"),), "takes float16")
    else:
        axes = op.over(x.ndim, op.attrs)
        mean = x.mean(axis=axes, keepdims=True)
        yield BadSample((x, x, mean, mean, weight), "does not stretch to x")
        yield BadSample((x, x[:1], mean, mean), "dy must have shape")
        yield BadSample((x, x, x, mean), "statistics must have shape")
        yield BadSample((x, x, mean.astype("float64"), mean), "statistics must both be float32")


batch_norm_backward = BatchNormBackward("batch_norm_backward")
batch_norm = BatchNorm("batch_norm", backward=batch_norm_backward)
layer_norm_backward = LayerNormBackward("layer_norm_backward")
layer_norm = LayerNorm("layer_norm", backward=layer_norm_backward)
