"""Choosing by truth: where, and the places of the elements that are not zero."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, ShapeError
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import broadcast_shape, reduced_to, same_dtype
from .sampling import draw, strided


class Where(OpDef):
    """`x` where `mask` is True and `y` elsewhere; None stands for zeros."""

    dtypes = dt.ALL

    def infer(self, x: TensorType | None, y: TensorType | None, mask: TensorType) -> TensorType:
        if mask.dtype != dt.bool_:
            raise DTypeError(f"[where] the mask is bool; got {mask.dtype.name}")
        given = [t for t in (x, y) if t is not None]
        same_dtype("where", *given)
        return given[0].with_shape(broadcast_shape("where", *given, mask))

    def kernel(self, xp: Any, x: Any, y: Any, mask: Any) -> Any:
        zero = (y if x is None else x).dtype.type(0)
        return xp.where(mask, zero if x is None else x, zero if y is None else y)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, y, mask = call.inputs
        dx = dy_ = None
        if x is not None and call.needs(0):
            dx = reduced_to(where(dy, None, mask), x.type.shape)
        if y is not None and call.needs(1):
            dy_ = reduced_to(where(None, dy, mask), y.type.shape)
        return dx, dy_, None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        coin = draw(rng, (3, 5), dt.bool_)
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 5), dtype), draw(rng, (3, 5), dtype), coin))
        yield Sample((draw(rng, (3, 5)), None, coin))
        yield Sample((None, draw(rng, (3, 5)), coin))
        yield Sample((draw(rng, ()), draw(rng, (3, 1)), coin))
        yield Sample((draw(rng, (0, 4)), draw(rng, (4,)), draw(rng, (0, 1), dt.bool_)))
        inputs = draw(rng, (4, 6)), draw(rng, (4, 6)), draw(rng, (4, 6), dt.bool_)
        yield Sample(tuple(strided(x) for x in inputs))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x, x, x), "the mask is bool; got float32")
        yield BadSample((x, x, np.ones((4,), "bool")), "do not broadcast")


class NonZero(OpDef):
    """One index array (int64) per axis of `x`: the places that are not zero, in C order.

    The length comes from the data.
    """

    dtypes = dt.ALL
    single = False
    differentiable = False
    without = {"0-d": "a scalar has no axes"}

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        if not x.ndim:
            raise ShapeError("[nonzero] needs one dimension at least; got a 0-d tensor")
        return (x.make((None,), dt.int64),) * x.ndim

    def kernel(self, xp: Any, x: Any) -> tuple[Any, ...]:
        return tuple(xp.ascontiguousarray(i) for i in xp.nonzero(x != 0))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 3), dtype, -1, 2),))
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((strided(draw(rng, (4, 6), dt.int32, -1, 2)),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((), "float32"),), "needs one dimension at least")


where = Where()
nonzero = NonZero("nonzero")
