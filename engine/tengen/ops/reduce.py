"""Reductions over axes: sum (float16 and bfloat16 accumulate in float32)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
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


class Sum(OpDef):
    """The sum over axes; the sum of nothing is 0. bool sums as int32."""

    attrs = {"axis": None, "keepdims": False}
    dtypes = dt.ALL

    def infer(self, x: TensorType, *, axis: Axes, keepdims: bool) -> TensorType:
        require_dtypes("sum", self.dtypes, x)
        dtype = dt.int32 if x.dtype == dt.bool_ else x.dtype
        return x.make(reduced_shape("sum", x, axis, keepdims), dtype)

    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        out = dt.int32 if x.dtype == dt.bool_ else x.dtype
        work = dt.accumulator(out)
        return xp.sum(x, axis=axis, keepdims=keepdims, dtype=work).astype(out, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (spread(dy, call.inputs[0], call.attrs.axis),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),), {"axis": (1,)})
        for axis in (None, (0,), (0, 2), (-1,), (0, 1, 2)):
            for keepdims in (False, True):
                yield Sample((draw(rng, (2, 3, 4)),), {"axis": axis, "keepdims": keepdims})
        yield Sample((draw(rng, (0, 3)),), {"axis": (0,)})
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (4, 6))),), {"axis": (0,)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,), "axis 2 does not exist", {"axis": (2,)})
        yield BadSample((x,), "names an axis twice", {"axis": (0, 0)})


sum = Sum()
