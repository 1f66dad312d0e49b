"""ATen's dropout and random numbers, from our generators."""

from typing import Any

from ... import functional as F
from ... import random
from ...base import dtype as dt
from ...tensor import Tensor
from .table import aten


@aten("native_dropout", training=True)
def native_dropout(x: Any, rate: float, train: bool | None, training: bool = True) -> Any:
    """x with elements dropped, and a mask that nobody reads."""
    return dropout(x, rate, train is not False and training), None


@aten("dropout")
def dropout(x: Any, rate: float, train: bool) -> Any:
    """x with elements dropped at a rate."""
    if not train or not rate:
        return x
    return F.nn.dropout(x, rate, True) if rate < 1 else F.mul(x, 0)


@aten("feature_dropout", training=True)
def feature_dropout(x: Any, rate: float, train: bool, training: bool = True) -> Any:
    """x with whole channels dropped."""
    if not (train and training) or not rate:
        return x
    shape = (*x.shape[:2], *[1] * (x.ndim - 2))
    return F.mul(x, dropout(F.ones(shape, dtype=x.dtype), rate, True))


@aten("alpha_dropout", training=True)
def alpha_dropout(x: Any, rate: float, train: bool, training: bool = True) -> Any:
    """Dropout that keeps mean and variance of what selu gives (Klambauer et al., 2017)."""
    if not (train and training) or not rate:
        return x
    floor = -1.7580993408473766
    scale = ((1 - rate) * (1 + rate * floor**2)) ** -0.5
    kept = F.not_equal(dropout(F.ones(x.shape, dtype=x.dtype), rate, True), 0)
    dropped = F.where(kept, x, F.full((), floor, dtype=x.dtype))
    return F.add(F.mul(dropped, scale), -scale * rate * floor)


def _uniform(shape: Any, dtype: Any) -> Any:
    return random.uniform(0, 1, tuple(shape)).astype(dt.float32 if dtype is None else dtype)


@aten("rand")
def rand(shape: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Numbers spread evenly over [0, 1)."""
    return _uniform(shape, dtype)


@aten("rand_like")
def rand_like(x: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Numbers spread evenly over [0, 1), of the shape of x."""
    return _uniform(x.shape, x.dtype if dtype is None else dtype)


@aten("randn")
def randn(shape: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Normal numbers."""
    return random.normal(0, 1, tuple(shape)).astype(dt.float32 if dtype is None else dtype)


@aten("randn_like")
def randn_like(x: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Normal numbers, of the shape of x."""
    return randn(x.shape, x.dtype if dtype is None else dtype)


@aten("bernoulli")
def bernoulli(x: Any, rate: Any = None, **ignored: Any) -> Any:
    """1 with a probability (x's elements, unless one is given), else 0, in the type of x."""
    chance = x if rate is None else rate
    return F.less(_uniform(x.shape, dt.float32), chance).astype(x.dtype)


@aten("normal_functional")
def normal(x: Any, mean: float = 0.0, std: float = 1.0, **ignored: Any) -> Any:
    """Normal numbers of the shape of x."""
    return F.add(F.mul(randn_like(x), std), mean)


@aten("uniform")
def uniform(x: Any, low: float = 0.0, high: float = 1.0, **ignored: Any) -> Any:
    """Numbers spread evenly over [low, high), of the shape of x."""
    return F.add(F.mul(rand_like(x), high - low), low)


@aten("randint.low", "randint")
def randint(*given: Any, dtype: Any = None, **ignored: Any) -> Any:
    """Whole numbers of [low, high)."""
    low, high, shape = given if len(given) == 3 else (0, *given)
    made = F.floor(F.add(F.mul(_uniform(shape, dt.float64), high - low), low))
    return made.astype(dt.int64 if dtype is None else dtype)


@aten("randperm")
def randperm(count: int, dtype: Any = None, **ignored: Any) -> Tensor:
    """The numbers below `count` in random order."""
    return random.permutation(count).astype(dt.int64 if dtype is None else dtype)
