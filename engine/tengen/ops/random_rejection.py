"""Random numbers whose distribution each element's parameter sets: gamma, beta, Poisson, classes.

Element i uses block i behind the state; the attempts of a rejection method take the same block of
further streams, so that the number of blocks used never depends on the data.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from ..kernels.numpy import philox
from .elementwise import same_dtype
from .random import advanced, check_state, sample_state
from .sampling import draw, strided

STREAMS_PER_VARIABLE = 1 << 32
SMALL_MEAN = 10.0
"""Poisson numbers of a smaller mean are found by summing probabilities."""


def element_units(xp: Any, state: Any, elements: Any, stream: int) -> tuple[Any, Any]:
    """Two float64 in [0, 1) with 53 bits for each element number, from its block of a stream."""
    low = elements.astype(np.uint64) + state[1]
    a, b, c, d = philox.philox(state[0], low, np.uint64(stream))
    return _unit(a, b), _unit(c, d)


def _unit(high: Any, low: Any) -> Any:
    return philox.unit64(high.astype(np.uint32), low.astype(np.uint32))


def until_accepted(xp: Any, count: int, attempt: Callable[[Any, int], tuple[Any, Any]]) -> Any:
    """An accepted value for each element; `attempt(elements, number)` gives values and verdicts."""
    out = xp.zeros(count, np.float64)
    left = xp.arange(count)
    number = 0
    while left.size:
        values, good = attempt(left, number)
        out[left[good]] = values[good]
        left = left[~good]
        number += 1
    return out


def log_gamma_numbers(xp: Any, state: Any, alpha: Any, first: int) -> Any:
    """Logarithms of gamma numbers of shape `alpha` (flat float64), from the streams `first` on.

    Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); below shape 1 a
    number of shape alpha + 1 times a uniform to the power 1 / alpha, in logarithms lest it vanish.
    """
    boosted = xp.where(alpha < 1, alpha + 1, alpha)
    d = boosted - 1 / 3
    c = 1 / xp.sqrt(9 * d)

    def attempt(elements: Any, number: int) -> tuple[Any, Any]:
        stream = first + 1 + 2 * number
        x, _ = philox.normal_pair(xp, *element_units(xp, state, elements, stream))
        u, _ = element_units(xp, state, elements, stream + 1)
        v = (1 + c[elements] * x) ** 3
        inside = v > 0
        v = xp.where(inside, v, 1.0)
        bound = 0.5 * x * x + d[elements] * (1 - v + xp.log(v))
        return xp.log(d[elements] * v), inside & (xp.log1p(-u) < bound)

    made = until_accepted(xp, alpha.size, attempt)
    u, _ = element_units(xp, state, xp.arange(alpha.size), first)
    return made + xp.where(alpha < 1, xp.log1p(-u) / alpha, 0.0)


class Gamma(OpDef):
    """Gamma numbers of shape `alpha` > 0 and scale 1; NaN where alpha is not positive."""

    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "the numbers are found by rejection"

    def infer(self, alpha: TensorType, state: TensorType) -> tuple[TensorType, ...]:
        require_dtypes("gamma", self.dtypes, alpha)
        return alpha, check_state("gamma", state)

    def kernel(self, xp: Any, alpha: Any, state: Any) -> tuple[Any, ...]:
        shape, valid = positive(xp, alpha)
        made = xp.exp(log_gamma_numbers(xp, state, shape, 0))
        made = xp.where(valid, made, np.nan).reshape(alpha.shape)
        return made.astype(alpha.dtype), advanced(xp, state, alpha.size)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from parameter_samples(rng, 1, self.dtypes, 0.1, 5)

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "int32"), np.zeros(2, "uint64")), "takes float16")


def positive(xp: Any, parameter: Any) -> tuple[Any, Any]:
    """A parameter flat in float64 with 1 where it is not positive, and where it is."""
    flat = parameter.reshape(-1).astype(np.float64)
    valid = flat > 0
    return xp.where(valid, flat, 1.0), valid


def parameter_samples(
    rng: np.random.Generator, count: int, dtypes: Any, low: float, high: float
) -> Iterator[Sample]:
    """Every data type and edge for operators of `count` parameters and a state."""

    def made(shape: Any, dtype: Any = dt.float32) -> list[Any]:
        return [draw(rng, shape, dtype, low, high) for _ in range(count)]

    for dtype in dtypes:
        yield Sample((*made((3, 5), dtype), sample_state(rng)))
    yield Sample((*made((0, 3)), sample_state(rng)))
    yield Sample((*made(()), sample_state(rng)))
    yield Sample((*[strided(x) for x in made((4, 6))], sample_state(rng)))


class Beta(OpDef):
    """Beta numbers of parameters `a`, `b` > 0 of one shape: a gamma number's part of two."""

    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "the numbers are found by rejection"

    def infer(self, a: TensorType, b: TensorType, state: TensorType) -> tuple[TensorType, ...]:
        require_dtypes("beta", self.dtypes, a)
        same_dtype("beta", a, b)
        if a.shape != b.shape:
            raise ShapeError(f"[beta] the parameters have one shape; got {a.shape} and {b.shape}")
        return a, check_state("beta", state)

    def kernel(self, xp: Any, a: Any, b: Any, state: Any) -> tuple[Any, ...]:
        (x, good), (y, also) = positive(xp, a), positive(xp, b)
        first = log_gamma_numbers(xp, state, x, 0)
        second = log_gamma_numbers(xp, state, y, STREAMS_PER_VARIABLE)
        made = xp.where(good & also, 1 / (1 + xp.exp(second - first)), np.nan)
        return made.reshape(a.shape).astype(a.dtype), advanced(xp, state, a.size)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from parameter_samples(rng, 2, self.dtypes, 0.1, 5)

    def bad_samples(self) -> Iterator[BadSample]:
        one, state = np.ones(3, "float32"), np.zeros(2, "uint64")
        yield BadSample((one, np.ones(2, "float32"), state), "the parameters have one shape")


def log_factorial(xp: Any, k: Any) -> Any:
    """log(k!) for whole numbers k >= 0 in float64, by Stirling's series from k + 10 down."""
    x = k + 10.0
    inverse = 1 / (x * x)
    series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x
    large = (x - 0.5) * xp.log(x) - x + 0.5 * np.log(2 * np.pi) + series
    product = xp.ones_like(x)
    for i in range(1, 10):
        product = product * (k + i)
    return large - xp.log(product)


class Poisson(OpDef):
    """Poisson numbers of mean `lam` >= 0, in the type of `lam`; NaN where it is negative.

    Small means sum the probabilities up to a uniform number; from 10 on by transformed rejection:
    Hoermann, "The transformed rejection method for generating Poisson random variables" (1993).
    """

    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "its numbers are whole"

    def infer(self, lam: TensorType, state: TensorType) -> tuple[TensorType, ...]:
        require_dtypes("poisson", self.dtypes, lam)
        return lam, check_state("poisson", state)

    def kernel(self, xp: Any, lam: Any, state: Any) -> tuple[Any, ...]:
        mean = lam.reshape(-1).astype(np.float64)
        small = mean < SMALL_MEAN
        made = xp.where(small, self._summed(xp, state, mean, small), 0.0)
        elements = xp.arange(mean.size)[~small & (mean < np.inf)]
        if elements.size:
            made[elements] = self._transformed(xp, state, mean, elements)
        made = xp.where(mean >= 0, made, np.nan).reshape(lam.shape)
        return made.astype(lam.dtype), advanced(xp, state, lam.size)

    def _summed(self, xp: Any, state: Any, mean: Any, small: Any) -> Any:
        mean = xp.where(small & (mean >= 0), mean, 0.0)
        u, _ = element_units(xp, state, xp.arange(mean.size), 0)
        chance = xp.exp(-mean)
        total, k = chance.copy(), xp.zeros_like(mean)
        going = u >= total
        # Beyond 110 the chances of a mean below 10 are lost in rounding, so the sum has ended.
        for number in range(1, 110):
            if not going.any():
                break
            k = xp.where(going, float(number), k)
            chance = chance * mean / number
            total = total + chance
            going = going & (u >= total)
        return k

    def _transformed(self, xp: Any, state: Any, mean: Any, elements: Any) -> Any:
        mean = mean[elements]
        b = 0.931 + 2.53 * xp.sqrt(mean)
        a = -0.059 + 0.02483 * b
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        squeeze = 0.9277 - 3.6224 / (b - 2)

        def attempt(left: Any, number: int) -> tuple[Any, Any]:
            u, v = element_units(xp, state, elements[left], number + 1)
            u, v = u - 0.5, 1 - v
            us = 0.5 - xp.abs(u)
            m, bb, aa = mean[left], b[left], a[left]
            k = xp.floor((2 * aa / xp.where(us > 0, us, 1.0) + bb) * u + m + 0.43)
            quick = (us >= 0.07) & (v <= squeeze[left])
            possible = (k >= 0) & (us > 0) & ((us >= 0.013) | (v <= us))
            k = xp.where(possible | quick, k, 0.0)
            left_side = xp.log(v * inverse_alpha[left] / (aa / xp.where(us > 0, us * us, 1.0) + bb))
            right = k * xp.log(m) - m - log_factorial(xp, k)
            return k, quick | (possible & (left_side <= right))

        return until_accepted(xp, elements.size, attempt)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from parameter_samples(rng, 1, self.dtypes, 0, 30)

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "int32"), np.zeros(2, "uint64")), "takes float16")


class Multinomial(OpDef):
    """`num_samples` class numbers (int32) for each row of weights `p` (..., classes).

    Without replacement the classes of a row differ, in the order in which exponential clocks of
    these rates ring. Raises ArgumentError for weights that are negative, not finite or too few.
    """

    attrs = {"num_samples": 1, "replacement": False}
    dtypes = dt.FLOATS
    single = False
    differentiable = False
    choices = {"replacement": (False, True)}
    without = {"0-d": "the last axis holds the classes"}

    def infer(
        self, p: TensorType, state: TensorType, *, num_samples: int, replacement: bool
    ) -> tuple[TensorType, ...]:
        require_dtypes("multinomial", self.dtypes, p)
        check_state("multinomial", state)
        if not p.ndim or not p.shape[-1]:
            raise ShapeError(f"[multinomial] weights of one class at least; got shape {p.shape}")
        if num_samples < 1 or (num_samples > p.shape[-1] and not replacement):
            raise ArgumentError(
                f"[multinomial] {num_samples} samples of {p.shape[-1]} classes"
                f" {'with' if replacement else 'without'} replacement"
            )
        return p.make((*p.shape[:-1], num_samples), dt.int32), state

    def kernel(
        self, xp: Any, p: Any, state: Any, *, num_samples: int, replacement: bool
    ) -> tuple[Any, ...]:
        weights = p.reshape(-1, p.shape[-1]).astype(np.float64)
        total = weights.sum(axis=1, keepdims=True)
        if not bool(
            ((weights >= 0).all(axis=1) & (total[:, 0] > 0) & (total[:, 0] < np.inf)).all()
        ):
            raise ArgumentError(
                "[multinomial] weights are finite and not negative, and one of each row positive"
            )
        rows = weights.shape[0]
        if replacement:
            units = philox.wide_units(xp, state, rows * num_samples).reshape(rows, num_samples)
            reached = xp.cumsum(weights, axis=1)
            reached = reached / reached[:, -1:]
            parts = [
                xp.searchsorted(r, u, side="right") for r, u in zip(reached, units, strict=True)
            ]
            made = xp.stack(parts) if rows else xp.zeros((0, num_samples))
            used = rows * num_samples
        else:
            clocks = -xp.log1p(-philox.wide_units(xp, state, weights.size)).reshape(weights.shape)
            clocks = xp.where(weights > 0, clocks / xp.where(weights > 0, weights, 1.0), np.inf)
            made = xp.argsort(clocks, axis=1, kind="stable")[:, :num_samples]
            if not bool(xp.isfinite(xp.take_along_axis(clocks, made, axis=1)).all()):
                raise ArgumentError(
                    f"[multinomial] fewer than {num_samples} classes of a row have a weight"
                )
            used = weights.size
        made = made.astype(np.int32).reshape(*p.shape[:-1], num_samples)
        return made, advanced(xp, state, -(-used // 2))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 5), dtype, 0.1, 1), sample_state(rng)))
        for replacement in (False, True):
            attrs = {"num_samples": 3, "replacement": replacement}
            yield Sample((draw(rng, (4,), low=0.1, high=1), sample_state(rng)), attrs)
            yield Sample((draw(rng, (0, 4)), sample_state(rng)), attrs)
        wide = strided(draw(rng, (4, 6), low=0.1, high=1))
        yield Sample((wide, sample_state(rng)), {"num_samples": 9, "replacement": True})

    def bad_samples(self) -> Iterator[BadSample]:
        p, state = np.ones(3, "float32"), np.zeros(2, "uint64")
        yield BadSample((p, state), "4 samples of 3 classes without", {"num_samples": 4})
        yield BadSample((-p, state), "weights are finite and not negative")
        some = np.array([1, 0, 0], "float32")
        yield BadSample((some, state), "fewer than 2 classes", {"num_samples": 2})


gamma = Gamma()
beta = Beta()
poisson = Poisson()
multinomial = Multinomial()
