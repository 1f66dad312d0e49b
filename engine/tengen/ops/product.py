"""The product over axes, and what its gradient is made of."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import mul
from .reduce import Axes, Reduction, spread, sum
from .sampling import draw, strided
from .shape import broadcast_to, reshape, transpose


class Product(Reduction):
    """The product over axes; the product of nothing is 1. bool multiplies as int32."""

    dtypes = dt.REAL

    def result(self, dtype: Any) -> Any:
        return dt.int32 if dtype == dt.bool_ else dtype

    def kernel(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        out = self.result(x.dtype)
        work = dt.accumulator(out)
        return xp.prod(x, axis=axis, keepdims=keepdims, dtype=work).astype(out, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        (x,) = call.inputs
        axis = call.attrs.axis
        ndim = x.type.ndim
        folded = tuple(range(ndim)) if axis is None else tuple(sorted(a % ndim for a in axis))
        order = tuple(a for a in range(ndim) if a not in folded) + folded
        turned = transpose(x, pattern=order)
        kept = turned.type.shape[: ndim - len(folded)]
        count = 1
        for a in folded:
            count *= x.type.shape[a]
        others = product_of_others(reshape(turned, shape=(*kept, count)))
        back = reshape(others, shape=turned.type.shape)
        inverse = tuple(order.index(a) for a in range(ndim))
        return (mul(spread(dy, x, axis), transpose(back, pattern=inverse)),)


class ProductOfOthers(OpDef):
    """At each place of the last axis, the product of all other elements; zeros are no hazard."""

    dtypes = dt.FLOATS
    without = {"0-d": "there has to be a last axis"}

    def infer(self, x: TensorType) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        return x.with_shape(x.shape)

    def kernel(self, xp: Any, x: Any) -> Any:
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        made = xp.ones(x.shape, wide.dtype)
        if x.shape[-1] > 1:
            made[..., 1:] = xp.cumprod(wide[..., :-1], axis=-1)
            made[..., :-1] *= xp.cumprod(wide[..., :0:-1], axis=-1)[..., ::-1]
        return made.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        # Row i of the square holds all elements with a 1 in place of element i: its product is
        # the output at i, so this operator gives the derivatives of the square once more.
        (x,) = call.inputs
        shape = x.type.shape
        count = shape[-1]
        rows = reshape(x, shape=(*shape[:-1], 1, count))
        square = set_diagonal(broadcast_to(rows, shape=(*shape[:-1], count, count)), value=1.0)
        each = mul(reshape(dy, shape=(*shape, 1)), product_of_others(square))
        return (sum(set_diagonal(each, value=0.0), axis=(len(shape) - 1,)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 4), dtype),))
        x = draw(rng, (3, 4))
        x[0, 1] = x[1, 0] = x[1, 3] = 0
        yield Sample((x,))
        yield Sample((draw(rng, (0, 4)),))
        yield Sample((draw(rng, (3, 0)),))
        yield Sample((strided(draw(rng, (3, 4))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "int32"),), "takes float16")


class SetDiagonal(OpDef):
    """A copy with `value` on the diagonal of the last two axes, which are of one length."""

    attrs = {"value": 0.0}
    dtypes = dt.FLOATS
    without = {"0-d": "there have to be two axes"}

    def infer(self, x: TensorType, *, value: float) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        return x.with_shape(x.shape)

    def kernel(self, xp: Any, x: Any, *, value: float) -> Any:
        made = xp.array(x)
        places = xp.arange(x.shape[-1])
        made[..., places, places] = value
        return made

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (set_diagonal(dy, value=0.0),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 3), dtype),), {"value": 1.0})
        yield Sample((draw(rng, (0, 2, 2)),))
        yield Sample((strided(draw(rng, (3, 3))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((3, 3), "int32"),), "takes float16")


prod = Product("prod")
product_of_others = ProductOfOthers("product_of_others")
set_diagonal = SetDiagonal("set_diagonal")
