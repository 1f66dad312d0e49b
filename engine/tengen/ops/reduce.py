"""Reductions over axes: sum, mean, variance, maximum and minimum.

float16 and bfloat16 accumulate in float32. Reducing no axes (an empty tuple) leaves the values.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .arithmetic import pass_equal
from .elementwise import HALVES, affine, mul, quiet, sub
from .sampling import draw, strided
from .shape import broadcast_to, normalize_axis, reshape

Axes = tuple[int, ...] | None


def reduced_shape(name: str, x: TensorType, axis: Axes, keepdims: bool) -> Shape:
    """The shape after reducing `axis` (None: every axis)."""
    axes = set(range(x.ndim)) if axis is None else {normalize_axis(name, a, x.ndim) for a in axis}
    if axis is not None and len(axes) != len(axis):
        raise ArgumentError(f"[{name}] axis {axis} names an axis twice")
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(x.shape))
    return tuple(d for i, d in enumerate(x.shape) if i not in axes)


def spread(value: Any, x: Any, axis: Axes) -> Any:
    """Stretch a reduced value (with or without kept axes) back to the shape of `x`."""
    shape = x.type.shape
    kept = reduced_shape("spread", x.type, axis, True)
    if value.type.shape != kept:
        value = reshape(value, shape=kept)
    return value if kept == shape else broadcast_to(value, shape=shape)


def _kept(value: Any, x: Any, axis: Axes) -> Any:
    """A reduced value with the axes of `x` kept as 1."""
    shape = reduced_shape("reduce", x.type, axis, True)
    return value if value.type.shape == shape else reshape(value, shape=shape)


def reduced_count(x: TensorType, axis: Axes) -> int:
    """How many elements go into one result."""
    count = 1
    for a in range(x.ndim) if axis is None else axis:
        count *= x.shape[a]
    return count


class Reduction(OpDef):
    """What reductions share: the attributes, the shape and the samples.

    `axis` is a tuple of axes, or None for all of them.
    """

    attrs = {"axis": None, "keepdims": False}
    empty = True

    def result(self, dtype: Any) -> Any:
        """The data type of the result."""
        return dtype

    def infer(self, x: TensorType, *, axis: Axes, keepdims: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        shape = reduced_shape(self.name, x, axis, keepdims)
        return x.make(shape, self.result(x.dtype))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),), {"axis": (1,)})
        for axis in (None, (0,), (0, 2), (-1,), (0, 1, 2), ()):
            for keepdims in (False, True):
                yield Sample((draw(rng, (2, 3, 4)),), {"axis": axis, "keepdims": keepdims})
        yield Sample((draw(rng, (0, 3)),), {"axis": (0,) if self.empty else (1,)})
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (4, 6))),), {"axis": (0,)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,), "axis 2 does not exist", {"axis": (2,)})
        yield BadSample((x,), "names an axis twice", {"axis": (0, 0)})
        if not self.empty:
            yield BadSample((np.ones((0, 3), "float32"),), "of no elements", {"axis": (0,)})


class Sum(Reduction):
    """The sum over axes; the sum of nothing is 0. bool sums as int32."""

    dtypes = dt.ALL

    def result(self, dtype: Any) -> Any:
        return dt.int32 if dtype == dt.bool_ else dtype

    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        out = self.result(x.dtype)
        work = dt.accumulator(out)
        return xp.sum(x, axis=axis, keepdims=keepdims, dtype=work).astype(out, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (spread(dy, call.inputs[0], call.attrs.axis),)


class Mean(Reduction):
    """The mean over axes, NaN of nothing; integers and bool give float32."""

    dtypes = dt.ALL

    def result(self, dtype: Any) -> Any:
        return dt.mean_dtype(dtype)

    @quiet
    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        out = self.result(x.dtype)
        # Integers sum in float64, which holds what float32 would round away.
        work = dt.accumulator(out) if dt.is_differentiable(x.dtype) else dt.float64
        total = xp.sum(x, axis=axis, keepdims=keepdims, dtype=work)
        count = work.type(x.size) / work.type(total.size or 1)
        if total.size and not x.size:
            count = work.type(0)
        return xp.asarray(total / count).astype(out, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        (x,) = call.inputs
        count = reduced_count(x.type, call.attrs.axis)
        return (spread(affine(dy, scale=1.0 / (count or 1)), x, call.attrs.axis),)


class Variance(Reduction):
    """The mean of the squared distance from the mean, over axes (not Bessel's correction)."""

    dtypes = dt.FLOATS

    @quiet
    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        centred = xp.asarray(wide - mean.kernel(xp, wide, axis=axis, keepdims=True))
        squares = xp.multiply(centred, centred, out=centred)
        found = mean.kernel(xp, squares, axis=axis, keepdims=keepdims)
        return found.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        (x,) = call.inputs
        axis = call.attrs.axis
        centred = sub(x, mean(x, axis=axis, keepdims=True))
        scale = 2.0 / (reduced_count(x.type, axis) or 1)
        return (mul(_kept(affine(dy, scale=scale), x, axis), centred),)


class Extreme(Reduction):
    """The largest or smallest element over axes; NaN wins. Equal ones each get the gradient."""

    dtypes = dt.REAL
    empty = False
    function: str

    def infer(self, x: TensorType, *, axis: Axes, keepdims: bool) -> TensorType:
        found = super().infer(x, axis=axis, keepdims=keepdims)
        require_elements(self.name, x, found)
        return found

    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        wide = x.astype(dt.float32) if x.dtype in HALVES else x
        found = getattr(xp, self.function)(wide, axis=axis, keepdims=keepdims)
        found = xp.asarray(found).astype(x.dtype, copy=False)
        return found.copy() if axis == () else found

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        (x,) = call.inputs
        axis = call.attrs.axis
        return (pass_equal(spread(dy, x, axis), x, spread(call.outputs[0], x, axis)),)


def require_elements(name: str, x: TensorType, result: TensorType) -> None:
    """Raise ShapeError where a result would come from no elements."""
    if result.size and not x.size:
        raise ShapeError(f"[{name}] of no elements is not defined; x has shape {x.shape}")


sum = Sum()
mean = Mean()
variance = Variance()
max = Extreme("max", function="max")
min = Extreme("min", function="min")
