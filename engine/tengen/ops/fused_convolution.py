"""Convolution with what may follow it in inference, as one operator. Passes make it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .convolution import convolution
from .fused_activation import ACTIVATIONS, activated, check_activation
from .sampling import draw, strided


class FusedConvolution(OpDef):
    """activation(convolution(x, weight) * scale + shift + residual).

    Inputs are x, weight, shift, scale, residual, each of the last three or None. Scale and shift
    are one number a channel, (O,) or (1, O, 1...): a bias, or batch norm with given statistics.
    """

    attrs = {**convolution.attrs, "activation": "none"}
    choices = {"activation": ("none", *ACTIVATIONS)}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = convolution.without

    def infer(
        self, x: TensorType, weight: TensorType, shift: TensorType | None = None,
        scale: TensorType | None = None, residual: TensorType | None = None, *,
        activation: str, **attrs: Any,
    ) -> TensorType:  # fmt: skip
        check_activation(self.name, activation, self.choices["activation"])
        parts = [part for part in (shift, scale) if part is not None]
        y = convolution.infer(x, weight, **attrs)
        for part in parts:
            convolution.infer(x, weight, part, **attrs)
        if residual is not None and residual is not y:
            raise ShapeError(f"[{self.name}] the residual must be {y}; got {residual}")
        return y

    def kernel(
        self, xp: Any, x: Any, weight: Any, shift: Any = None, scale: Any = None,
        residual: Any = None, *, activation: str, **attrs: Any,
    ) -> Any:  # fmt: skip
        work = dt.accumulator(x.dtype)
        y = convolution.kernel(xp, x.astype(work), weight.astype(work), **attrs)
        kept = (1, -1, *[1] * (x.ndim - 2))
        if scale is not None:
            y = y * scale.astype(work, copy=False).reshape(kept)
        if shift is not None:
            y = y + shift.astype(work, copy=False).reshape(kept)
        if residual is not None:
            y = y + residual.astype(work, copy=False)
        return activated(xp, y, activation).astype(x.dtype, copy=False)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for number, sample in enumerate(convolution.samples(rng)):
            x, weight, *shift = sample.inputs
            y = convolution.infer(*[_type_of(a) for a in sample.inputs], **_attrs(sample))
            shift = [*shift, None][:1]
            channels = draw(rng, (1, y.shape[1], *[1] * (y.ndim - 2)), x.dtype, 0.5)
            scale = channels if number % 2 and shift[0] is not None else None
            residual = draw(rng, y.shape, x.dtype) if number % 3 else None
            activation = self.choices["activation"][number % 4]
            inputs = (x, weight, *shift, scale, residual)
            yield Sample(inputs, {**sample.attrs, "activation": activation}, None, 2e-5)
        x, weight = draw(rng, (2, 3, 6, 6)), draw(rng, (4, 3, 3, 3))
        part = draw(rng, (1, 4, 1, 1), low=0.5)
        for activation in self.choices["activation"]:
            yield Sample((x, weight, part, part + 1), {"activation": activation}, None, 2e-5)
            yield Sample((x, weight, part[0, :, 0, 0]), {"activation": activation}, None, 2e-5)
        yield Sample((strided(x), strided(weight), None, None, strided(draw(rng, (2, 4, 4, 4)))))
        yield Sample((x, weight))

    def bad_samples(self) -> Iterator[BadSample]:
        x, w = np.ones((2, 3, 8, 8), "float32"), np.ones((4, 3, 3, 3), "float32")
        y, part = np.ones((2, 4, 6, 6), "float32"), np.ones(4, "float32")
        yield BadSample((x, w), "activation is one of none", {"activation": "selu"})
        yield BadSample((x, w, part, part, y[:1]), "the residual must be float32[2, 4, 6, 6]")


def _type_of(array: Any) -> TensorType:
    return TensorType.of(array.shape, array.dtype)


def _attrs(sample: Sample) -> dict[str, Any]:
    return {**convolution.attrs, **sample.attrs}


fused_convolution = FusedConvolution("fused_convolution")
