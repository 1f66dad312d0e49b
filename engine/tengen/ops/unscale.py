"""Taking a loss scale out of gradients, many at once, and finding out whether all are finite."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import same_dtype
from .sampling import draw, strided


class Unscale(OpDef):
    """Every gradient of one data type divided by the last operand, a float64 number; and, as one
    float32 (1,), 1 where any of them is infinite or NaN then, else 0."""

    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "gradients are unscaled beside the graph"
    without = {"broadcast": "each gradient is for itself"}

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        return tuple((number, number) for number in range(count - 1))

    def infer(self, *types: TensorType) -> tuple[TensorType, ...]:
        *gradients, scale = types
        if not gradients:
            raise ArgumentError(f"[{self.name}] takes gradients and a scale; got one operand")
        require_dtypes(self.name, self.dtypes, *gradients)
        require_dtypes(self.name, (dt.float64,), scale)
        same_dtype(self.name, *gradients)
        if scale.shape != ():
            raise ShapeError(f"[{self.name}] the scale is one number; got shape {scale.shape}")
        made = [g.with_shape(g.shape) for g in gradients]
        return (*made, scale.make((1,), dt.float32))

    def kernel(self, xp: Any, *arrays: Any) -> Any:
        *gradients, scale = arrays
        work = dt.accumulator(gradients[0].dtype)  # 1 / scale may vanish in float16
        factor = 1 / scale.astype(work)
        with np.errstate(over="ignore", invalid="ignore"):
            made = [(g.astype(work, copy=False) * factor).astype(g.dtype) for g in gradients]
        bad = xp.zeros((1,), bool)
        for array in made:
            bad = bad | ~xp.isfinite(array).all()
        return (*made, bad.astype(dt.float32))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        scale = np.float64(8)
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3,), dtype), draw(rng, (2, 70), dtype), np.asarray(scale)))
        several = [draw(rng, shape) for shape in ((), (0, 3), (4, 1, 1), (5,))]
        yield Sample((*several, np.asarray(scale)))
        yield Sample((strided(draw(rng, (3, 4))), np.asarray(np.float64(0.3))))
        yield Sample((draw(rng, (0,)), np.asarray(scale)))
        for bad in (np.inf, np.nan):
            spoiled = draw(rng, (6,))
            spoiled[4] = bad
            yield Sample((draw(rng, (3,)), spoiled, np.asarray(scale)))

    def bad_samples(self) -> Iterator[BadSample]:
        x, scale = np.ones(3, "float32"), np.ones(())
        yield BadSample((scale,), "takes gradients and a scale; got one operand")
        yield BadSample((x, x.astype("float64"), scale), "operands have the types")
        yield BadSample((x, np.ones(2)), "the scale is one number; got shape (2,)")


unscale = Unscale("unscale")
