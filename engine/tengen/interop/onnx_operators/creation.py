"""ONNX's operators that make tensors."""

from typing import Any

import numpy as np

from ... import functional as F
from ... import random
from ...base import dtype as dt
from ..aten.randomness import bernoulli as drawn
from .room import room
from .table import as_tensor, numbers, operator


@operator("Constant", numpy=True)
def constant(
    *, value: Any = None, value_float: Any = None, value_floats: Any = None, value_int: Any = None,
    value_ints: Any = None,
) -> Any:  # fmt: skip
    """The value that the attribute holds."""
    if value is not None:
        return np.asarray(value)
    for given in (value_float, value_floats):
        if given is not None:
            return np.asarray(given, np.float32)
    return np.asarray(value_int if value_ints is None else value_ints, np.int64)


@operator("ConstantOfShape", host=(0,))
def constant_of_shape(shape: Any, *, value: Any = None) -> Any:
    """A tensor of a shape filled with a value (float 0)."""
    filling = np.zeros(1, np.float32) if value is None else value
    room(*numbers(shape), each=filling.dtype.itemsize)
    return np.full(tuple(numbers(shape)), filling.reshape(-1)[0], filling.dtype)


@operator("Range", numpy=True)
def range_(start: Any, limit: Any, delta: Any) -> Any:
    """Numbers from a start up to a limit."""
    kind = np.asarray(start).dtype
    bounds: list[Any] = [np.asarray(v).item() for v in (start, limit, delta)]
    room((bounds[1] - bounds[0]) / bounds[2])
    made: Any = np.arange(*bounds)
    return made.astype(kind)


@operator("EyeLike")
def eye_like(x: Any, *, dtype: Any = None, k: int = 0) -> Any:
    """Ones on the k-th diagonal, of the shape of a matrix."""
    kind = x.dtype if dtype is None else dtype
    return as_tensor(np.eye(x.shape[0], x.shape[1], k).astype(kind))


def _random(shape: Any, dtype: Any, seed: Any, normal: bool) -> Any:
    source = random.RNG() if seed is None else random.RNG(int(np.float32(seed).view(np.uint32)))
    made = source.normal(0, 1, shape) if normal else source.uniform(0, 1, shape)
    return made.astype(dt.float32 if dtype is None else dtype)


@operator("RandomNormal")
def random_normal(
    *, shape: Any, dtype: Any = None, mean: float = 0.0, scale: float = 1.0, seed: Any = None
) -> Any:
    """Normal numbers."""
    return F.add(F.mul(_random(tuple(shape), dtype, seed, True), scale), mean)


@operator("RandomUniform")
def random_uniform(
    *, shape: Any, dtype: Any = None, low: float = 0.0, high: float = 1.0, seed: Any = None
) -> Any:
    """Numbers spread evenly over [low, high)."""
    return F.add(F.mul(_random(tuple(shape), dtype, seed, False), high - low), low)


@operator("RandomNormalLike")
def random_normal_like(
    x: Any, *, dtype: Any = None, mean: float = 0.0, scale: float = 1.0, seed: Any = None
) -> Any:
    """Normal numbers of the shape of x."""
    kind = x.dtype if dtype is None else dtype
    return random_normal(shape=x.shape, dtype=kind, mean=mean, scale=scale, seed=seed)


@operator("RandomUniformLike")
def random_uniform_like(
    x: Any, *, dtype: Any = None, low: float = 0.0, high: float = 1.0, seed: Any = None
) -> Any:
    """Numbers spread evenly over [low, high), of the shape of x."""
    kind = x.dtype if dtype is None else dtype
    return random_uniform(shape=x.shape, dtype=kind, low=low, high=high, seed=seed)


@operator("Bernoulli")
def bernoulli(x: Any, *, dtype: Any = None, seed: Any = None) -> Any:
    """1 with the probability that x gives, else 0."""
    return drawn(x).astype(x.dtype if dtype is None else dtype)


def _window(name: str, weights: tuple[float, ...]) -> None:
    @operator(name, host=(0,))
    def window(size: Any, *, output_datatype: Any = None, periodic: int = 1) -> Any:
        count = int(np.asarray(size).reshape(-1)[0])
        room(count)
        turn = 2 * np.pi * np.arange(count) / (count if periodic else max(count - 1, 1))
        made = sum(w * np.cos(i * turn) for i, w in enumerate(weights))
        return np.asarray(made).astype(np.float32 if output_datatype is None else output_datatype)


_window("HannWindow", (0.5, -0.5))
_window("HammingWindow", (25 / 46, -21 / 46))
_window("BlackmanWindow", (0.42, -0.5, 0.08))
