"""A convolution that tells the mean and variance of what it made. A pass makes it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .convolution import Convolution, _Case, _Convolution
from .norm import batch_norm
from .sampling import draw


class ConvolutionStatistics(Convolution):
    """The convolution of x with weight, and its mean and biased variance over all but the channels,
    kept with length 1, in float32 where x is float16 or bfloat16."""

    single = False
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"

    grad = OpDef.grad  # type: ignore[assignment]

    def infer(self, x: TensorType, weight: TensorType, **attrs: Any) -> tuple[TensorType, ...]:  # type: ignore[override]
        return batch_norm.infer(super().infer(x, weight, **attrs), eps=0.0)

    def kernel(self, xp: Any, x: Any, weight: Any, **attrs: Any) -> Any:  # type: ignore[override]
        y = super().kernel(xp, x, weight, **attrs)
        return (y, *batch_norm.kernel(xp, y, eps=1.0)[1:])

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from _Convolution.samples(self, rng)

    def call(self, rng: np.random.Generator, case: _Case, dtype: Any) -> Sample:
        parts = draw(rng, case.x, dtype), draw(rng, case.weight, dtype)
        coarse = dt.accumulator(dtype) is not dtype  # y is rounded before or after it is summed
        return Sample(parts, case.attrs, tolerance=1e-2 if coarse else 1e-4)

    def bad_samples(self) -> Iterator[BadSample]:
        x, w = np.ones((2, 3, 8, 8), "float32"), np.ones((4, 3, 3, 3), "float32")
        yield BadSample((x, w[:, :2]), "takes 2 input channels; data of shape (2, 3, 8, 8) has 3")
        yield BadSample((x, w), "stride takes 2", {"stride": (0, 1)})


convolution_statistics = ConvolutionStatistics("convolution_statistics")
