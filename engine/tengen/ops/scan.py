"""Running sums along an axis (float16 and bfloat16 accumulate in float32)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided
from .shape import normalize_axis


class CumulativeSum(OpDef):
    """The sum of the elements up to each place along `axis`, or (`reverse`) from it on."""

    attrs = {"axis": 0, "reverse": False}
    dtypes = dt.INTEGERS + dt.FLOATS + dt.COMPLEX
    without = {"0-d": "there has to be an axis"}

    def infer(self, x: TensorType, *, axis: int, reverse: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        normalize_axis(self.name, axis, x.ndim)
        return x.with_shape(x.shape)

    def kernel(self, xp: Any, x: Any, *, axis: int, reverse: bool) -> Any:
        turned = xp.flip(x, axis) if reverse else x
        made = xp.cumsum(turned, axis=axis, dtype=dt.accumulator(x.dtype))
        made = made.astype(x.dtype, copy=False)
        return xp.ascontiguousarray(xp.flip(made, axis)) if reverse else made

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (cumsum(dy, axis=call.attrs.axis, reverse=not call.attrs.reverse),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),), {"axis": 1})
        for reverse in (False, True):
            yield Sample((draw(rng, (2, 3, 4)),), {"axis": -2, "reverse": reverse})
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((strided(draw(rng, (4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "axis 2 does not exist", {"axis": 2})


cumsum = CumulativeSum("cumsum")
