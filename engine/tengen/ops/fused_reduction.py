"""A reduction over the last axes of a chain of elementwise operators. Passes make it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .fused_elementwise import Program, fused_elementwise
from .reduce import max as reduce_max
from .reduce import mean, reduced_shape
from .reduce import sum as reduce_sum
from .sampling import draw, strided

REDUCTIONS: dict[str, OpDef] = {"sum": reduce_sum, "mean": mean, "max": reduce_max}


class FusedReduction(OpDef):
    """The sum, mean or largest element over the last `axes` axes of a program's value.

    The value itself is never written to memory. `program` is as in fused_elementwise.
    """

    attrs: dict[str, Any] = {"program": (), "reduction": "sum", "axes": 1, "keepdims": False}
    choices = {"reduction": tuple(REDUCTIONS), "keepdims": (False, True)}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = fused_elementwise.why_no_grad
    without = {"0-d": "there is an axis to reduce"}

    def infer(
        self, *types: TensorType, program: Program, reduction: str, axes: int, keepdims: bool
    ) -> TensorType:
        if reduction not in REDUCTIONS:
            known = ", ".join(REDUCTIONS)
            raise ArgumentError(f"[{self.name}] reduction is one of {known}; got {reduction!r}")
        if not program:
            raise ArgumentError(f"[{self.name}] expected a program of one step at least; got none")
        value = fused_elementwise.infer(*types, program=program)
        if not 1 <= axes <= value.ndim:
            raise ArgumentError(f"[{self.name}] {value} has no last {axes} axes")
        over = tuple(range(value.ndim - axes, value.ndim))
        return value.with_shape(reduced_shape(self.name, value, over, keepdims))

    def kernel(
        self, xp: Any, *arrays: Any, program: Program, reduction: str, axes: int, keepdims: bool
    ) -> Any:
        value = fused_elementwise.kernel(xp, *arrays, program=program)
        over = tuple(range(-axes, 0))
        return REDUCTIONS[reduction].kernel(xp, value, axis=over, keepdims=keepdims)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        squares: Program = (("sub", (), (0, 1)), ("square", (), (2,)))
        gated: Program = (("tanh", (), (0,)), ("mul", (), (2, 1)), ("affine", (2.0, 1.0), (3,)))
        for dtype in self.dtypes:
            inputs = draw(rng, (3, 5), dtype), draw(rng, (3, 5), dtype)
            yield Sample(inputs, {"program": squares})
        for program in (squares, gated):
            for reduction in REDUCTIONS:
                for axes, keepdims in ((1, True), (2, False)):
                    attrs = {"reduction": reduction, "axes": axes, "keepdims": keepdims}
                    for shape in ((40, 300), (300,), ()):
                        inputs = draw(rng, (40, 300)), draw(rng, shape)
                        yield Sample(inputs, {"program": program, **attrs})
        yield Sample((draw(rng, (2, 9000)), draw(rng, (2, 9000))), {"program": squares})
        yield Sample((draw(rng, (0, 4)), draw(rng, (4,))), {"program": squares})
        views = strided(draw(rng, (4, 6))), strided(draw(rng, (4, 6)))
        yield Sample(views, {"program": squares})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        once: Program = (("neg", (), (0,)),)
        yield BadSample((x,), "one of sum, mean, max", {"program": once, "reduction": "any"})
        yield BadSample((x,), "has no last 3 axes", {"program": once, "axes": 3})
        yield BadSample((x,), "one step at least")


fused_reduction = FusedReduction("fused_reduction")
