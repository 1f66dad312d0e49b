"""Generators: the handles that carry random states from one call to the next.

A generator's `state` is an ordinary tensor (uint64: seed, next block), so saving and restoring
it resumes the same numbers, and a traced program takes it as one more state slot.
"""

import os
import threading
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base import seeding
from ..base.device import as_device
from ..base.errors import ArgumentError
from ..ops.random import dropout as dropout_op
from ..tensor import Tensor

_MASK = 2**64 - 1


class Generator:
    """A stream of random numbers from a seed, on one device.

    `draw(op, ...)` gives the values of a random operator and moves on; drawing is safe from
    several threads. The stream depends on the seed alone.
    """

    def __init__(self, seed: int, device: Any = None):
        self.state = Tensor(np.zeros(2, np.uint64), dtype=dt.uint64, device=device)
        self._lock = threading.Lock()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start the stream of another seed (a whole number, taken modulo 2**64)."""
        try:
            number = int(seed.__index__())
        except (AttributeError, TypeError):
            raise ArgumentError(f"[seed] a whole number is needed; got {seed!r}") from None
        self.state.set_value(np.array([number & _MASK, 0], np.uint64))

    def draw(self, op: Any, *inputs: Any, **attrs: Any) -> Tensor:
        """The values of `op(*inputs, state, **attrs)`; the state goes on to the one it gives."""
        with self._lock:
            values, state = op(*inputs, self.state, **attrs)
            self.state._reset(state)
        return values  # type: ignore[no-any-return]


_generators: dict[Any, Generator] = {}
_seed = int.from_bytes(os.urandom(8), "little")


def default_generator(device: Any = None) -> Generator:
    """The generator that functions without one of their own use on a device."""
    place = as_device(device)
    found = _generators.get(place)
    if found is None:
        found = _generators.setdefault(place, Generator(_seed, place))
    return found


def every_generator() -> list[Generator]:
    """The default generators made so far, the CPU's among them."""
    default_generator("cpu0")
    return list(_generators.values())


def seed_all(seed: int) -> None:
    """Start every device's default generator anew from `seed`, those made later included."""
    global _seed
    Generator(seed)
    _seed = int(seed)
    seeding.ask(_seed)
    for generator in _generators.values():
        generator.seed(seed)


def dropout(inp: Tensor, drop_prob: float) -> Tensor:
    """`inp` (floats) with elements dropped at `drop_prob`, the others divided by 1 - drop_prob.

    Its gradient repeats the draw, so no mask is kept.
    """
    return default_generator(inp.device).draw(dropout_op, inp, p=float(drop_prob))
