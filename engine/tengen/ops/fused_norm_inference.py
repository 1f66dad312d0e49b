"""Batch norm with given statistics and the addition and activation behind it. Passes make it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .elementwise import add
from .fused_activation import activated, check_activation
from .fused_norm import ACTIVATIONS
from .running import batch_norm_inference
from .sampling import draw, strided


class FusedBatchNormInference(OpDef):
    """activation(batch_norm_inference(x, mean, variance, weight, bias) + residual).

    Weight and bias, and the residual, may be None.
    """

    attrs = {"eps": 1e-5, "activation": "none"}
    choices = {"activation": ACTIVATIONS}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = batch_norm_inference.without

    def infer(
        self, x: TensorType, mean: TensorType, variance: TensorType,
        weight: TensorType | None = None, bias: TensorType | None = None,
        residual: TensorType | None = None, *, eps: float, activation: str,
    ) -> TensorType:  # fmt: skip
        check_activation(self.name, activation, ACTIVATIONS)
        if residual is not None and residual is not x:
            raise ShapeError(f"[{self.name}] the residual must be {x}; got {residual}")
        return batch_norm_inference.infer(x, mean, variance, weight, bias, eps=eps)

    def kernel(
        self, xp: Any, x: Any, mean: Any, variance: Any, weight: Any = None, bias: Any = None,
        residual: Any = None, *, eps: float, activation: str,
    ) -> Any:  # fmt: skip
        y = batch_norm_inference.kernel(xp, x, mean, variance, weight, bias, eps=eps)
        if residual is not None:
            y = add.kernel(xp, y, residual)
        return activated(xp, y, activation)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for number, sample in enumerate(batch_norm_inference.samples(rng)):
            x, *parts = sample.inputs
            parts = [*parts, None, None][:4]
            residual = draw(rng, x.shape, x.dtype) if number % 2 else None
            attrs = {**sample.attrs, "activation": ACTIVATIONS[number % 3]}
            yield Sample((x, *parts, residual), attrs)
        full = batch_norm_inference.sample(rng, (2, 3, 5), dt.float32, True)
        yield Sample((*full.inputs, strided(draw(rng, (2, 3, 5)))), {"activation": "relu6"})

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4), "float32"), np.ones((1, 3, 1), "float32")
        yield BadSample((x, part, part), "activation is one of none", {"activation": "tanh"})
        yield BadSample((x, part, part, None, None, x[:1]), "must be float32[2, 3, 4]")


fused_batch_norm_inference = FusedBatchNormInference("fused_batch_norm_inference")
