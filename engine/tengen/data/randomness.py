"""The random numbers of samplers and transforms.

Inside a `DataLoader` they depend on the loader's seed and the batch's number alone, so that zero
and many workers give the same batches. The loader's seed follows `tengen.random.seed`, or else
NumPy's global generator, so that programs that call `numpy.random.seed` are reproducible too.
"""

import contextlib
import random
import threading
from collections.abc import Iterator

import numpy as np

from ..base import seeding

_scope = threading.local()
_seeded: tuple[tuple[int, int], np.random.RandomState] | None = None


def current() -> np.random.RandomState:
    """The generator to draw from now: the batch's, the seeded one, or NumPy's global one."""
    state = getattr(_scope, "state", None)
    return _outside() if state is None else state


def _outside() -> np.random.RandomState:
    global _seeded
    asked = seeding.asked()
    if asked is None:
        # The object behind numpy.random's functions has no public name.
        return np.random.mtrand._rand
    if _seeded is None or _seeded[0] != asked:
        words = np.random.SeedSequence(asked[1] % 2**64)
        _seeded = asked, np.random.RandomState(np.random.PCG64(words))
    return _seeded[1]


def draw_seed() -> int:
    """A seed for a sampler or a loader's epoch, below 2**32."""
    return int(current().randint(0, 2**32, dtype=np.uint64))


@contextlib.contextmanager
def batch_scope(base: int, index: int, restore: bool = True) -> Iterator[None]:
    """Draw from a generator made of (`base`, `index`) inside the block.

    `numpy.random` and `random` are seeded as well, for user code that calls them; with `restore`
    they get back their own state afterwards.
    """
    sequence = np.random.SeedSequence((base, index))
    legacy = int(sequence.generate_state(1)[0])
    saved = (np.random.get_state(), random.getstate()) if restore else None
    outer = getattr(_scope, "state", None)
    _scope.state = np.random.RandomState(np.random.PCG64(sequence))
    np.random.seed(legacy)
    random.seed(legacy)
    try:
        yield
    finally:
        _scope.state = outer
        if saved is not None:
            np.random.set_state(saved[0])
            random.setstate(saved[1])
