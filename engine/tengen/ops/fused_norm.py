"""Batch norm with the addition and activation behind it, and the gradient of all three, as one
operator each. Passes make them, after gradients have been taken."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .activation import relu6_backward, relu_backward
from .elementwise import add, same_dtype
from .fused_activation import activated, check_activation
from .norm import batch_norm, batch_norm_backward
from .running import scale_and_shift
from .sampling import draw, strided

ACTIVATIONS = ("none", "relu", "relu6")
MASKS = {"relu": relu_backward, "relu6": relu6_backward}


class FusedBatchNorm(OpDef):
    """activation((x - mean) * inverse * weight + bias + residual), for the statistics of x.

    Gives the result, mean and biased variance, and the inverse deviation 1 / sqrt(variance + eps)
    that was used, from which a gradient finds exactly the activation's open places again.
    """

    attrs = {"eps": 1e-5, "activation": "none"}
    choices = {"activation": ACTIVATIONS}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = {"0-d": "there is a channel axis"}

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        return ((3, 0), (0, 0)) if count == 4 else ((0, 0),)

    def infer(
        self, x: TensorType, weight: TensorType, bias: TensorType,
        residual: TensorType | None = None, *, eps: float, activation: str,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        check_activation(self.name, activation, ACTIVATIONS)
        if residual is not None and residual is not x:
            raise ShapeError(f"[{self.name}] the residual must be {x}; got {residual}")
        y, mean, variance = batch_norm.infer(x, weight, bias, eps=eps)
        return y, mean, variance, variance

    def kernel(
        self, xp: Any, x: Any, weight: Any, bias: Any, residual: Any = None, *,
        eps: float, activation: str,
    ) -> Any:  # fmt: skip
        _, mean, variance = batch_norm.kernel(xp, x, eps=eps)
        inverse = 1 / xp.sqrt(variance + mean.dtype.type(eps))
        y = normalised(x, mean, inverse, weight, bias).astype(x.dtype, copy=False)
        if residual is not None:
            y = add.kernel(xp, y, residual)
        return activated(xp, y, activation), mean, variance, inverse

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample(_parts(rng, (4, 3, 2, 3), dtype), {"activation": "relu"})
        for shape in ((6, 3), (3, 2, 5), (2, 20, 3, 2), (0, 3, 2)):
            for activation in self.choices["activation"]:
                parts = _parts(rng, shape, low=-9.0, high=9.0)
                attrs = {"eps": 1e-3, "activation": activation}
                yield Sample(parts, attrs)
                yield Sample((*parts, draw(rng, shape, low=-9.0, high=9.0)), attrs)
        x, weight, bias = _parts(rng, (4, 3, 2, 5))
        yield Sample((strided(x), weight, bias, strided(draw(rng, x.shape))))

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4), "float32"), np.ones((1, 3, 1), "float32")
        yield BadSample((x, part, part), "activation is one of none", {"activation": "tanh"})
        yield BadSample((x, part, part, x[:1]), "the residual must be float32[2, 3, 4]")


class FusedBatchNormBackward(OpDef):
    """Gradients of x, weight and bias of a FusedBatchNorm, for the sum of the given gradients.

    Inputs are x, mean, the inverse deviation (or, where `eps` is a number, the variance), weight,
    bias, the result y, then one gradient or more. Where the activation is open is told by y, or
    without it by x, weight and bias. With `masked` the fourth result is the summed gradient behind
    the activation: that of the residual.
    """

    attrs = {"eps": None, "activation": "none", "masked": False}
    choices = {"activation": ACTIVATIONS, "masked": (False, True)}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "the compiler makes it once gradients have been taken"
    without = {"0-d": "there is a channel axis"}

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        # The masked sum is there before x is read again, so it never lies in the place of x.
        y, gradients = 5, tuple(range(6, count))
        masked = bool(attrs[-1])
        sums = tuple([(place, 3) for place in (*gradients, y)]) if masked else ()
        return (*sums, *[(place, 0) for place in (*gradients, y, 0)])

    def infer(
        self, x: TensorType, mean: TensorType, spread: TensorType, weight: TensorType,
        bias: TensorType | None, y: TensorType | None, *gradients: TensorType,
        eps: float | None, activation: str, masked: bool,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        check_activation(self.name, activation, ACTIVATIONS)
        if not gradients or any(g is not x for g in gradients):
            given = ", ".join(map(str, gradients)) or "none"
            raise ShapeError(f"[{self.name}] gradients must be {x}; got {given}")
        if activation != "none" and y is None and bias is None:
            raise ArgumentError(f"[{self.name}] the activation's mask needs y or the bias")
        found = batch_norm_backward.infer(x, gradients[0], mean, spread, weight, eps=eps or 0.0)
        return (*found, found[0]) if masked else found  # type: ignore[misc]

    def kernel(
        self, xp: Any, x: Any, mean: Any, spread: Any, weight: Any, bias: Any, y: Any,
        *gradients: Any, eps: float | None, activation: str, masked: bool,
    ) -> Any:  # fmt: skip
        wide = mean.dtype
        inverse = spread if eps is None else 1 / xp.sqrt(spread + wide.type(eps))
        total = gradients[0]
        for gradient in gradients[1:]:
            total = add.kernel(xp, total, gradient)
        if activation != "none":
            if y is None:
                y = normalised(x, mean, inverse, weight, bias).astype(x.dtype, copy=False)
            total = MASKS[activation].kernel(xp, total, y)
        axes = (0, *range(2, x.ndim))
        count = wide.type(max(x.size // max(mean.size, 1), 1))
        g = total.astype(wide, copy=False)
        centred = x.astype(wide, copy=False) - mean
        dbias = xp.sum(g, axis=axes, keepdims=True)
        along = xp.sum(g * centred, axis=axes, keepdims=True)
        factor = weight.astype(wide, copy=False) * inverse
        dx = factor * (g - dbias / count - centred * (inverse * inverse * along / count))
        made = [a.astype(x.dtype, copy=False) for a in (dx, along * inverse, dbias)]
        return (*made, total + 0 if len(gradients) == 1 else total) if masked else tuple(made)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self._sample(rng, (4, 3, 2, 3), 1, dtype, activation="relu")
        for shape in ((6, 3), (3, 2, 5), (2, 20, 3, 2), (0, 3, 2)):
            for activation in self.choices["activation"]:
                for count, masked in ((1, False), (2, True), (3, False)):
                    yield self._sample(rng, shape, count, activation=activation, masked=masked)
        yield self._sample(rng, (4, 3, 5), 2, eps=1e-3, activation="relu6", masked=True)
        plain = self._sample(rng, (4, 3, 2, 5), 2, activation="relu", masked=True)
        yield Sample((strided(plain.inputs[0]), *plain.inputs[1:]), plain.attrs)

    def _sample(
        self,
        rng: np.random.Generator,
        shape: Any,
        count: int,
        dtype: Any = dt.float32,
        **attrs: Any,
    ) -> Sample:
        """A call with values away from the activation's corners, y given for odd counts."""
        x, weight, bias = _parts(rng, shape, dtype, -9.0, 9.0)
        attrs = {**self.attrs, **attrs}
        _, mean, variance = batch_norm.kernel(np, x, eps=0.0)
        eps = 1e-5 if attrs["eps"] is None else attrs["eps"]
        inverse = 1 / np.sqrt(variance + mean.dtype.type(eps))
        y = normalised(x, mean, inverse, weight, bias).astype(x.dtype)
        gradients = [draw(rng, shape, dtype) for _ in range(count)]
        spread = inverse if attrs["eps"] is None else variance
        given = y if count % 2 else None
        return Sample((x, mean, spread, weight, bias, given, *gradients), attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        x, part = np.ones((2, 3, 4), "float32"), np.ones((1, 3, 1), "float32")
        yield BadSample((x, part, part, part, None, None), "gradients must be float32[2, 3, 4]")
        relu_without = (x, part, part, part, None, None, x)
        yield BadSample(relu_without, "needs y or the bias", {"activation": "relu"})
        yield BadSample((x, part, part, part, None, None, x), "one of", {"activation": "tanh"})


class FoldedBatchNorm(OpDef):
    """A convolution's weight and bias with the batch norm behind it, of given statistics, in them.

    Inputs are the convolution's weight, then mean, variance, weight and bias of the batch norm and
    the convolution's own bias, each of the last three or None. Gives the weight with each output
    channel scaled, and the shift in the shape of the mean.
    """

    attrs = {"eps": 1e-5}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = FusedBatchNorm.why_no_grad
    without = {"0-d": "there is a channel axis", "broadcast": "each is one number a channel"}

    def infer(
        self, filters: TensorType, mean: TensorType, variance: TensorType,
        weight: TensorType | None = None, bias: TensorType | None = None,
        offset: TensorType | None = None, *, eps: float,
    ) -> tuple[TensorType, ...]:  # fmt: skip
        require_dtypes(self.name, self.dtypes, mean)
        given = [t for t in (mean, variance, weight, bias, offset) if t is not None]
        channels = math.prod(_channels(filters, mean))
        if any(t.size != channels for t in given):
            shapes = ", ".join(str(t.shape) for t in given)
            raise ShapeError(
                f"[{self.name}] all hold one number for each of the {channels} channels of the"
                f" weight {filters.shape}; got shapes {shapes}"
            )
        same_dtype(self.name, filters, *given)
        return filters, mean

    def kernel(
        self, xp: Any, filters: Any, mean: Any, variance: Any, weight: Any = None,
        bias: Any = None, offset: Any = None, *, eps: float,
    ) -> Any:  # fmt: skip
        weight, bias = (None if a is None else a.reshape(mean.shape) for a in (weight, bias))
        scale, shift = scale_and_shift(xp, mean.dtype, mean, variance, weight, bias, eps)
        if offset is not None:
            shift = shift + offset.reshape(mean.shape).astype(scale.dtype, copy=False) * scale
        lead = _channels(filters, mean)
        scaled = filters * scale.reshape(*lead, *[1] * (filters.ndim - len(lead)))
        return scaled.astype(mean.dtype, copy=False), shift.astype(mean.dtype, copy=False)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            parts = tuple(draw(rng, (1, 3, 1), dtype, 0.5) for _ in range(4))
            yield Sample((draw(rng, (3, 2, 5), dtype), *parts))
        parts = tuple(draw(rng, (1, 4, 1, 1), low=0.5) for _ in range(4))
        yield Sample((draw(rng, (4, 3, 2, 1)), *parts, draw(rng, (4,))), {"eps": 1e-3})
        yield Sample((draw(rng, (2, 2, 1, 3, 3)), *parts[:2], None, None, draw(rng, (4,))))
        yield Sample((draw(rng, (0, 3, 1)), draw(rng, (1, 0, 1)), draw(rng, (1, 0, 1))))
        mean, variance = strided(draw(rng, (1, 3, 1))), strided(draw(rng, (1, 3, 1), low=0.5))
        yield Sample((strided(draw(rng, (3, 2, 4))), mean, variance))

    def bad_samples(self) -> Iterator[BadSample]:
        w, a = np.ones((3, 2, 1), "float32"), np.ones((1, 3, 1), "float32")
        b = np.ones((1, 2, 1), "float32")
        yield BadSample((w, a, a, b), "of the 3 channels of the weight (3, 2, 1); got shapes")
        yield BadSample((w, a, a.astype("float64")), "operands have the types")


def _channels(filters: Any, mean: Any) -> tuple[int, ...]:
    """The axes of a convolution's weight that number its output channels: groups have two."""
    return tuple(filters.shape[: 2 if filters.ndim > mean.ndim else 1])


def normalised(x: Any, mean: Any, inverse: Any, weight: Any, bias: Any) -> Any:
    """(x - mean) * (weight * inverse) + bias in the type of the statistics."""
    wide = mean.dtype
    scale = weight.astype(wide, copy=False) * inverse
    return (x.astype(wide, copy=False) - mean) * scale + bias.astype(wide, copy=False)


def _parts(
    rng: np.random.Generator,
    shape: Any,
    dtype: Any = dt.float32,
    low: float = -2.0,
    high: float = 2.0,
) -> tuple[Any, Any, Any]:
    kept = (1, shape[1], *[1] * (len(shape) - 2))
    return draw(rng, shape, dtype, low, high), draw(rng, kept, dtype, 0.5), draw(rng, kept, dtype)


fused_batch_norm = FusedBatchNorm("fused_batch_norm")
fused_batch_norm_backward = FusedBatchNormBackward("fused_batch_norm_backward")
folded_batch_norm = FoldedBatchNorm("folded_batch_norm")
