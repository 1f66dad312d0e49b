"""Batch norm, activation and the depthwise convolution behind them as one operator, both ways.

What the convolution reads is never written to memory, nor kept for the gradient. Passes make them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .convolution import convolution, convolution_backward_data, convolution_backward_weight
from .fused_activation import activated
from .fused_norm import ACTIVATIONS, fused_batch_norm, fused_batch_norm_backward, normalised
from .sampling import draw, strided


def window(stride: tuple[int, int], padding: tuple[int, int]) -> dict[str, Any]:
    """The attributes of the convolution."""
    return {"stride": stride, "padding": padding, "dilation": (1, 1)}


def check_depthwise(name: str, x: TensorType, kernel: TensorType) -> None:
    """Raise ShapeError unless the kernel has one filter for each channel of x."""
    if x.ndim != 4 or kernel.ndim != 5 or kernel.shape[:3] != (x.shape[1], 1, 1):
        raise ShapeError(
            f"[{name}] x (N, C, H, W) and a kernel (C, 1, 1, kh, kw) are needed; got {x.shape} and"
            f" {kernel.shape}"
        )


class FusedDepthwise(OpDef):
    """convolution(activation(batch_norm(x)), kernel), and the batch norm's statistics.

    Gives the result, mean, biased variance and inverse deviation as fused_batch_norm does.
    """

    attrs: dict[str, Any] = {
        "eps": 1e-5, "activation": "none", "stride": (1, 1), "padding": (0, 0)
    }  # fmt: skip
    choices = {"activation": ACTIVATIONS}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = fused_batch_norm.why_no_grad
    without = convolution.without

    def infer(
        self, x: TensorType, weight: TensorType, bias: TensorType, kernel: TensorType, *,
        eps: float, activation: str, stride: Any, padding: Any,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        check_depthwise(self.name, x, kernel)
        y, *statistics = fused_batch_norm.infer(x, weight, bias, eps=eps, activation=activation)
        return convolution.infer(y, kernel, **window(stride, padding)), *statistics

    def kernel(
        self, xp: Any, x: Any, weight: Any, bias: Any, kernel: Any, *,
        eps: float, activation: str, stride: Any, padding: Any,
    ) -> Any:  # fmt: skip
        y, *statistics = fused_batch_norm.kernel(
            xp, x, weight, bias, eps=eps, activation=activation
        )
        return convolution.kernel(xp, y, kernel, **window(stride, padding)), *statistics

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for number, (x, kernel, attrs) in enumerate(_cases(rng, self.dtypes)):
            named = {"eps": 1e-3, **attrs} if number % 2 else attrs
            yield Sample((x, *_parts(rng, x), kernel), named, None, 2e-5)

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4, 4), "float32"), np.ones((1, 3, 1, 1), "float32")
        yield BadSample((x, part, part, np.ones((4, 3, 3, 3), "float32")), "a kernel (C, 1, 1")


class FusedDepthwiseBackward(OpDef):
    """The gradients of a FusedDepthwise's x, weight, bias and kernel.

    Inputs are x, mean, inverse deviation, weight, bias, kernel and the result's gradient.
    """

    attrs: dict[str, Any] = {"activation": "none", "stride": (1, 1), "padding": (0, 0)}
    choices = {"activation": ACTIVATIONS}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = fused_batch_norm.why_no_grad
    without = convolution.without

    def infer(
        self, x: TensorType, mean: TensorType, inverse: TensorType, weight: TensorType,
        bias: TensorType, kernel: TensorType, dz: TensorType, *,
        activation: str, stride: Any, padding: Any,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        check_depthwise(self.name, x, kernel)
        z = convolution.infer(x, kernel, **window(stride, padding))
        if dz is not z:
            raise ShapeError(f"[{self.name}] the result's gradient must be {z}; got {dz}")
        found = fused_batch_norm_backward.infer(
            x, mean, inverse, weight, bias, None, x, eps=None, activation=activation, masked=False
        )
        return (*found, kernel)

    def kernel(
        self, xp: Any, x: Any, mean: Any, inverse: Any, weight: Any, bias: Any, kernel: Any,
        dz: Any, *, activation: str, stride: Any, padding: Any,
    ) -> Any:  # fmt: skip
        where = window(stride, padding)
        y = normalised(x, mean, inverse, weight, bias).astype(x.dtype, copy=False)
        y = activated(xp, y, activation)
        dy = convolution_backward_data.kernel(xp, dz, kernel, size=x.shape[2:], **where)
        dkernel = convolution_backward_weight.kernel(xp, y, dz, shape=kernel.shape, **where)
        found = fused_batch_norm_backward.kernel(
            xp, x, mean, inverse, weight, bias, None, dy,
            eps=None, activation=activation, masked=False,
        )  # fmt: skip
        return (*found, dkernel)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, kernel, attrs in _cases(rng, self.dtypes):
            weight, bias = _parts(rng, x)
            named = {"eps": 1e-5, "activation": "none", **attrs}
            named = {**fused_depthwise.attrs, **named}
            z, mean, _, inverse = fused_depthwise.kernel(np, x, weight, bias, kernel, **named)
            dz = draw(rng, z.shape, x.dtype)
            yield Sample((x, mean, inverse, weight, bias, kernel, dz), attrs, None, 2e-5)

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4, 4), "float32"), np.ones((1, 3, 1, 1), "float32")
        kernel = np.ones((3, 1, 1, 3, 3), "float32")
        yield BadSample((x, part, part, part, part, kernel, x), "gradient must be float32[2, 3, 2")


def _cases(rng: np.random.Generator, dtypes: Any) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """x, kernel, and attributes of the convolution and activation."""
    relu = {"activation": "relu"}
    for dtype in dtypes:
        yield draw(rng, (2, 3, 5, 5), dtype), draw(rng, (3, 1, 1, 3, 3), dtype), relu
    for activation in ACTIVATIONS:
        for stride, padding in (((1, 1), (1, 1)), ((2, 2), (1, 1)), ((2, 2), (0, 0))):
            attrs = {"activation": activation, "stride": stride, "padding": padding}
            yield draw(rng, (2, 20, 7, 6)), draw(rng, (20, 1, 1, 3, 3)), attrs
    attrs = {"activation": "relu6", "padding": (2, 2)}
    yield draw(rng, (1, 8, 8, 9), low=-9.0, high=9.0), draw(rng, (8, 1, 1, 5, 5)), attrs
    yield draw(rng, (0, 3, 5, 5)), draw(rng, (3, 1, 1, 3, 3)), relu
    yield strided(draw(rng, (2, 3, 5, 5))), draw(rng, (3, 1, 1, 3, 3)), relu


def _parts(rng: np.random.Generator, x: Any) -> tuple[Any, Any]:
    kept = (1, x.shape[1], 1, 1)
    return draw(rng, kept, x.dtype, 0.5), draw(rng, kept, x.dtype)


fused_depthwise = FusedDepthwise("fused_depthwise")
fused_depthwise_backward = FusedDepthwiseBackward("fused_depthwise_backward")
