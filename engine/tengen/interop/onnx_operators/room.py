"""Whether there is memory for an array whose size the numbers in a file decide.

Tensors are booked when they are made; host arrays are asked about here, before NumPy makes them.
"""

import contextlib
import math
from collections.abc import Iterator
from contextvars import ContextVar

from ...runtime import memory

_at_most: ContextVar[int | None] = ContextVar("at_most", default=None)


def room(*lengths: float, each: int = 8) -> None:
    """Raise MemoryError if an array of these lengths, `each` bytes an element, does not fit.

    What fits is what the settings leave, or the bound that `at_most` set.
    """
    needed = math.prod(max(float(n), 0.0) for n in lengths) * each
    left = _at_most.get()
    if left is None:
        left = memory.capacity() - memory.used_bytes()
    if not needed <= left:
        shape = tuple([int(n) if math.isfinite(n) else n for n in lengths])
        raise MemoryError(f"an array of shape {shape} needs {needed:,.0f} bytes; {left:,} are left")


@contextlib.contextmanager
def at_most(nbytes: int) -> Iterator[None]:
    """No array that `room` is asked for inside takes more than so many bytes."""
    token = _at_most.set(nbytes)
    try:
        yield
    finally:
        _at_most.reset(token)
