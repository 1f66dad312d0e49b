"""Random numbers: functions on the default stream, its seed, and RNG for streams of one's own.

The generator is Philox4x32-10 with explicit state: equal bits on every backend and in every mode.
"""

from .generator import Generator, default_generator, seed_all
from .rng import RNG

__all__ = [
    "RNG", "beta", "exponential", "gamma", "multinomial", "normal", "permutation", "poisson",
    "seed", "shuffle", "uniform",
]  # fmt: skip

_default = RNG()

uniform = _default.uniform
normal = _default.normal
exponential = _default.exponential
gamma = _default.gamma
beta = _default.beta
poisson = _default.poisson
multinomial = _default.multinomial
permutation = _default.permutation
shuffle = _default.shuffle


def seed(seed: int) -> None:
    """Start the default random numbers of every device anew; equal seeds give equal numbers."""
    seed_all(seed)


_INTERNAL = (Generator, default_generator)
