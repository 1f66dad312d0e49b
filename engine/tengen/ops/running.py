"""Batch norm with running statistics: their update in training, and their use in inference."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .arithmetic import sqrt
from .convolution import channel_sum
from .elementwise import affine, div, mul, neg, same_dtype, sub
from .sampling import draw, strided
from .shape import cast, reshape


class RunningStatistics(OpDef):
    """The running mean and variance after one more batch of `count` elements a channel.

    momentum * running + (1 - momentum) * batch, where the batch's variance, given biased, counts
    unbiased: times count / (count - 1).
    """

    attrs = {"momentum": 0.9, "count": 2}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "running statistics are kept beside the graph"
    without = {"broadcast": "all four are of one shape"}

    def infer(self, *types: TensorType, momentum: float, count: int) -> tuple[TensorType, ...]:
        require_dtypes(self.name, self.dtypes, *types)
        shapes = {t.shape for t in types}
        if len(shapes) > 1:
            names = ", ".join(str(t.shape) for t in types)
            raise ShapeError(f"[{self.name}] running and batch statistics differ: shapes {names}")
        return types[0], types[1]

    def kernel(
        self, xp: Any, running_mean: Any, running_var: Any, mean: Any, variance: Any, *,
        momentum: float, count: int,
    ) -> Any:  # fmt: skip
        share = 1 - momentum
        unbiased = share * count / max(count - 1, 1)
        made = []
        for old, new, part in ((running_mean, mean, share), (running_var, variance, unbiased)):
            work = dt.accumulator(old.dtype).type
            moved = old.astype(work, copy=False) * work(momentum) + new * work(part)
            made.append(moved.astype(old.dtype))
        return tuple(made)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            wide = dt.accumulator(dtype)
            running = draw(rng, (1, 3), dtype), draw(rng, (1, 3), dtype, 0.5)
            yield Sample((*running, draw(rng, (1, 3), wide), draw(rng, (1, 3), wide, 0.5)))
        for shape in ((3,), (0,), ()):
            four = tuple(draw(rng, shape) for _ in range(4))
            yield Sample(four, {"momentum": 0.5, "count": 7})
        yield Sample(tuple(strided(draw(rng, (3, 4))) for _ in range(4)), {"count": 1})

    def bad_samples(self) -> Iterator[BadSample]:
        a, b = np.ones((1, 3), "float32"), np.ones(3, "float32")
        yield BadSample((a, a, b, b), "statistics differ")


class BatchNormInference(OpDef):
    """(x - mean) / sqrt(variance + eps) * weight + bias with given statistics (1, C, 1...)."""

    attrs = {"eps": 1e-5}
    dtypes = dt.FLOATS
    without = {"0-d": "there is a channel axis"}

    def infer(
        self, x: TensorType, mean: TensorType, variance: TensorType,
        weight: TensorType | None = None, bias: TensorType | None = None, *, eps: float,
    ) -> TensorType:  # fmt: skip
        require_dtypes(self.name, self.dtypes, x)
        if x.ndim < 2:
            raise ShapeError(f"[{self.name}] two axes at least are needed; got shape {x.shape}")
        expected = (1, x.shape[1], *[1] * (x.ndim - 2))
        given = {"mean": mean, "variance": variance, "weight": weight, "bias": bias}
        for what, part in given.items():
            if part is not None and part.shape != expected:
                raise ShapeError(
                    f"[{self.name}] {what} must have shape {expected}; got {part.shape}"
                )
        same_dtype(self.name, *[t for t in (x, weight, bias) if t is not None])
        if mean.dtype != variance.dtype or mean.dtype not in self.dtypes:
            raise DTypeError(
                f"[{self.name}] mean and variance must be floats of one type; got"
                f" {mean.dtype.name} and {variance.dtype.name}"
            )
        if (weight is None) != (bias is None):
            raise ShapeError(f"[{self.name}] weight and bias go together")
        return x.with_shape(x.shape)

    def kernel(
        self, xp: Any, x: Any, mean: Any, variance: Any, weight: Any = None, bias: Any = None, *,
        eps: float,
    ) -> Any:  # fmt: skip
        scale, shift = scale_and_shift(xp, x.dtype, mean, variance, weight, bias, eps)
        y = x.astype(scale.dtype, copy=False) * scale + shift
        return y.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, mean, variance, weight, bias = (*call.inputs, None, None)[:5]
        dtype, wide = x.type.dtype, dt.promote(dt.accumulator(x.type.dtype), mean.type.dtype)

        def up(value: Any) -> Any:
            return cast(value, dtype=wide)

        def per_channel(value: Any) -> Any:
            return reshape(channel_sum(value), shape=mean.type.shape)

        moved = affine(up(variance), shift=call.attrs.eps)
        inverse = div(sqrt(moved), moved)
        scale = inverse if weight is None else mul(inverse, up(weight))
        dy = up(dy)
        dx = cast(mul(dy, scale), dtype=dtype) if call.needs(0) else None
        dmean = dvariance = dweight = dbias = None
        total = per_channel(dy)
        if call.needs(1):
            dmean = cast(neg(mul(total, scale)), dtype=mean.type.dtype)
        if call.needs(2) or (weight is not None and call.needs(3)):
            along = per_channel(mul(dy, sub(up(x), up(mean))))
            slope = affine(mul(mul(along, scale), mul(inverse, inverse)), scale=-0.5)
            dvariance = cast(slope, dtype=mean.type.dtype)
            dweight = None if weight is None else cast(mul(along, inverse), dtype=dtype)
        if bias is not None:
            dbias = cast(total, dtype=dtype)
        return (dx, dmean, dvariance, dweight, dbias)[: len(call.inputs)]

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self.sample(rng, (2, 3, 4), dtype, True)
        for shape in ((5, 3), (2, 3, 2, 4), (0, 3, 2)):
            for affine_parts in (False, True):
                yield self.sample(rng, shape, dt.float32, affine_parts, eps=1e-3)
        parts = self.sample(rng, (4, 3, 6), dt.float32, True).inputs
        yield Sample((strided(parts[0]), *parts[1:]))

    def sample(
        self, rng: np.random.Generator, shape: Any, dtype: Any, affine_parts: bool, **attrs: Any
    ) -> Sample:
        """A call on random data with positive variances."""
        kept = (1, shape[1], *[1] * (len(shape) - 2))
        parts = [draw(rng, shape, dtype), draw(rng, kept, dtype), draw(rng, kept, dtype, 0.5)]
        if affine_parts:
            parts += [draw(rng, kept, dtype), draw(rng, kept, dtype)]
        return Sample(tuple(parts), attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4), "float32"), np.ones((1, 3, 1), "float32")
        yield BadSample((x, part, part[:, :2]), "variance must have shape (1, 3, 1)")
        yield BadSample((x, part, part, part), "weight and bias go together")
        yield BadSample((x, part, part.astype("float64")), "floats of one type")


def scale_and_shift(
    xp: Any, dtype: Any, mean: Any, variance: Any, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any]:
    """The two numbers a channel that normalising with given statistics comes down to."""
    wide = dt.promote(dt.accumulator(dtype), mean.dtype)
    scale = 1 / xp.sqrt(variance.astype(wide, copy=False) + wide.type(eps))
    if weight is not None:
        scale = scale * weight.astype(wide, copy=False)
    shift = -mean.astype(wide, copy=False) * scale
    return scale, shift if bias is None else shift + bias.astype(wide, copy=False)


running_statistics = RunningStatistics("running_statistics")
batch_norm_inference = BatchNormInference("batch_norm_inference")
