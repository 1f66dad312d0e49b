"""dtr: dynamic rematerialisation, for programs that hold more than memory takes.

`tengen.dtr.eviction_threshold = "2GB"; tengen.dtr.enable()`: from then on this thread's dynamic
programs drop values under pressure and compute them again when they are needed.
"""

import re
import sys
import types
from typing import Any

from .base.errors import ArgumentError, StateError
from .graph.state import state
from .runtime.memory import capacity
from .runtime.rematerialise import Rematerialiser

_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}
_active: list[Rematerialiser] = []


def _bytes(name: str, value: Any) -> int:
    """Whole bytes from a number or a text such as "1.5GB". Raises ArgumentError for others."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b)\s*", value, re.IGNORECASE)
        if match is None:
            raise ArgumentError(f'[dtr] {name} is like "512MB" or a number of bytes; got {value!r}')
        return int(float(match.group(1)) * _UNITS[match.group(2).lower()])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ArgumentError(f"[dtr] {name} is a number of bytes of at least 0; got {value!r}")
    return int(value)


class _Settings(types.ModuleType):
    """This module, with its settings as checked properties."""

    _threshold = 0
    _smallest = 1024**2
    _sampling = False

    @property
    def eviction_threshold(self) -> int:
        """Bytes that tensors may hold before values are evicted; 0: what the device has."""
        return self._threshold

    @eviction_threshold.setter
    def eviction_threshold(self, value: int | str) -> None:
        self._threshold = _bytes("eviction_threshold", value)

    @property
    def evictee_minimum_size(self) -> int:
        """Values of fewer bytes are never evicted."""
        return self._smallest

    @evictee_minimum_size.setter
    def evictee_minimum_size(self, value: int | str) -> None:
        self._smallest = _bytes("evictee_minimum_size", value)

    @property
    def enable_sqrt_sampling(self) -> bool:
        """Look at a random square root of the candidates only: quicker where there are many."""
        return self._sampling

    @enable_sqrt_sampling.setter
    def enable_sqrt_sampling(self, value: bool) -> None:
        self._sampling = bool(value)

    def enable(self) -> None:
        """Evict and recompute in this thread from now on. Raises StateError while tracing."""
        if _active:
            return
        if state.mode is not None:
            raise StateError("[dtr] cannot be switched on while a program is recorded")
        made = Rematerialiser(self._threshold or capacity(), self._smallest, self._sampling)
        _active.append(made)
        made.start()

    def disable(self) -> None:
        """Keep every value from now on; what was evicted is computed again."""
        if _active:
            _active.pop().stop()

    def evictions(self) -> int:
        """How many values have been evicted since `enable`."""
        return _active[0].evictions if _active else 0


sys.modules[__name__].__class__ = _Settings
