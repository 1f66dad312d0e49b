"""RNG: random tensors of the usual distributions from a generator."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.device import as_device
from ..base.errors import ArgumentError
from ..operands import as_tensor, floating, pair, shape_tuple
from ..ops import random as ops
from ..ops import random_rejection as rejection
from ..ops.elementwise import add, broadcast_shape, div, mul
from ..ops.indexing import take
from ..ops.shape import broadcast_to
from ..tensor import Tensor
from .generator import Generator, default_generator

Size = Iterable[int] | None
Parameter = Tensor | float


class RNG:
    """A random number generator with a seed of its own; without one it shares the default stream.

    Numbers depend on the seed alone: two RNG of one seed give the same ones.
    """

    def __init__(self, seed: int | None = None, device: Any = None):
        self._device = None if device is None else as_device(device)
        self._own = None if seed is None else Generator(seed, device)

    @property
    def generator(self) -> Generator:
        """What carries the state."""
        return default_generator(self._device) if self._own is None else self._own

    def uniform(self, low: float = 0, high: float = 1, size: Size = None) -> Tensor:
        """Float32 numbers spread evenly over [low, high), of shape `size` (None: one number).

        Where `low + width * u` is rounded, `high` itself may come out.
        Gradients flow to `low` and `high` if they are tensors. Raises ArgumentError unless numbers
        low < high.
        """
        if not isinstance(low, Tensor) and not isinstance(high, Tensor) and not low < high:
            raise ArgumentError(f"[uniform] low must be less than high; got {low} and {high}")
        made = self.generator.draw(ops.uniform, shape=_size("uniform", size, (1,)))
        if isinstance(low, Tensor) or isinstance(high, Tensor):
            low, high = pair("uniform", low, high)
            width = add(*pair("uniform", high, mul(*pair("uniform", low, -1))))
        else:
            width = high - low
        return _scaled(made, width, low)

    def normal(self, mean: float = 0, std: float = 1, size: Size = None) -> Tensor:
        """Float32 normal numbers of a mean and a standard deviation, of shape `size` (None: one).

        Gradients flow to `mean` and `std` if they are tensors. Raises ArgumentError for std < 0.
        """
        if not isinstance(std, Tensor) and not std >= 0:
            raise ArgumentError(f"[normal] std is not negative; got {std}")
        made = self.generator.draw(ops.normal, shape=_size("normal", size, (1,)))
        return _scaled(made, std, mean)

    def exponential(self, rate: Parameter = 1.0, size: Size = None) -> Tensor:
        """Exponential numbers of a rate (mean 1 / rate), of shape `size` + that of `rate`."""
        rate = self._positive("exponential", "rate", rate)
        shape = _size("exponential", size) + rate.shape
        made = self.generator.draw(ops.exponential, shape=shape, dtype=rate.dtype)
        return div(made, rate)  # type: ignore[no-any-return]

    def gamma(self, shape: Parameter, scale: Parameter = 1, size: Size = None) -> Tensor:
        """Gamma numbers of a shape (k) and a scale; gradients flow to `scale` only.

        The result has shape `size` + the common shape of the two parameters.
        """
        shape, scale = self._pair("gamma", ("shape", shape), ("scale", scale))
        made = self.generator.draw(rejection.gamma, _wide("gamma", size, shape, scale))
        return mul(made, scale)  # type: ignore[no-any-return]

    def beta(self, alpha: Parameter, beta: Parameter, size: Size = None) -> Tensor:
        """Beta numbers in [0, 1] of shape `size` + the common shape of the two parameters."""
        alpha, beta = self._pair("beta", ("alpha", alpha), ("beta", beta))
        a, b = _wide("beta", size, alpha, beta), _wide("beta", size, beta, alpha)
        return self.generator.draw(rejection.beta, a, b)

    def poisson(self, lam: Parameter, size: Size = None) -> Tensor:
        """Poisson numbers of mean `lam`, as floats, of shape `size` + that of `lam`."""
        lam = self._positive("poisson", "lam", lam)
        return self.generator.draw(rejection.poisson, _wide("poisson", size, lam))

    def multinomial(self, input: Tensor, num_samples: int, replacement: bool = False) -> Tensor:
        """`num_samples` class numbers (int32) for each row of weights (classes,) or (N, classes).

        Raises ArgumentError for weights that are negative, all zero, or too few to draw from
        without replacement.
        """
        weights = floating(as_tensor(input))
        return self.generator.draw(
            rejection.multinomial,
            weights,
            num_samples=int(num_samples),
            replacement=bool(replacement),
        )

    def permutation(self, n: int | Tensor, *, dtype: str = "int32") -> Tensor:
        """The numbers 0 to n - 1 in random order, or a tensor's slices along axis 0 in one.

        `dtype`: of the numbers, where `n` is a number.
        """
        if isinstance(n, Tensor):
            return self._shuffled("permutation", n)
        if not isinstance(n, (int, np.integer)):
            raise ArgumentError(f"[permutation] a number or a Tensor is needed; got {n!r}")
        return self.generator.draw(ops.permutation, n=int(n)).astype(dt.as_dtype(dtype))

    def shuffle(self, inp: Tensor) -> None:
        """Put the slices of `inp` along axis 0 in random order: the handle takes the new value."""
        inp._reset(self._shuffled("shuffle", inp))

    def _shuffled(self, name: str, inp: Tensor) -> Tensor:
        if not inp.ndim:
            raise ArgumentError(f"[{name}] a tensor with an axis is needed; got a 0-d one")
        order = self.generator.draw(ops.permutation, n=inp.shape[0])
        return take(inp, order)  # type: ignore[no-any-return]

    def _positive(self, name: str, label: str, value: Any) -> Tensor:
        if isinstance(value, Tensor):
            return floating(value)
        if not np.all(np.asarray(value) > 0):
            raise ArgumentError(f"[{name}] {label} must be positive; got {value}")
        return floating(Tensor(value, device=self._device))

    def _pair(self, name: str, a: tuple[str, Any], b: tuple[str, Any]) -> tuple[Tensor, Tensor]:
        """Two positive parameters of one data type; a Python number takes that of a tensor."""
        first, second = self._positive(name, *a), self._positive(name, *b)
        if isinstance(a[1], (int, float)):
            return first.astype(second.dtype), second
        if isinstance(b[1], (int, float)):
            return first, second.astype(first.dtype)
        return pair(name, first, second)


def _size(name: str, size: Any, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    return default if size is None else shape_tuple(name, size)


def _wide(name: str, size: Any, value: Tensor, *others: Tensor) -> Tensor:
    """A parameter stretched to the shape of the result."""
    shape = broadcast_shape(name, value.type, *[o.type for o in others])
    return broadcast_to(value, shape=_size(name, size) + shape)  # type: ignore[no-any-return]


def _scaled(values: Tensor, scale: Any, offset: Any) -> Tensor:
    """values * scale + offset, leaving out what changes nothing."""
    if isinstance(scale, Tensor) or scale != 1:
        values = mul(*pair("mul", values, scale))
    if isinstance(offset, Tensor) or offset != 0:
        values = add(*pair("add", values, offset))
    return values
