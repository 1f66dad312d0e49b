"""Unfinished: a result that a residual and an activation may still join before it is written."""

from typing import Any


class Unfinished:
    """What an operator leaves in a Deferred for the next ones to join. See `fusion_numba`."""

    __slots__ = ()

    residual: Any = None

    def fill(self, out: Any, activation: str = "none") -> None:
        """Write the result into `out`, with the residual and an activation."""
        raise NotImplementedError

    def plus(self, residual: Any) -> "Unfinished":
        """The same with a residual added."""
        raise NotImplementedError
