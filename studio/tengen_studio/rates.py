"""How often something may be tried: counters in memory that forget by themselves."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tengen_studio.errors import TooManyError

KEYS = 20_000


@dataclass(frozen=True)
class Limit:
    """At most `tries` in `seconds`."""

    tries: int
    seconds: float


class RateLimiter:
    """Counts tries per key in a sliding window; any thread may ask.

    At most `KEYS` keys are held, the longest unused forgotten first, so that an attacker with
    many addresses cannot fill the memory. Counters do not survive a restart.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def count(self, what: str, who: str, limit: Limit) -> None:
        """Count one try of `what` by `who`.

        Raises:
            TooManyError: the limit is reached; this try is not counted.
        """
        now = self._clock()
        with self._lock:
            recent = [at for at in self._tries.pop((what, who), []) if at > now - limit.seconds]
            self._tries[(what, who)] = recent
            if len(recent) >= limit.tries:
                wait = max(1, round(recent[0] + limit.seconds - now))
                raise TooManyError(f"Tried too often. Try again in {wait} s.")
            recent.append(now)
            while len(self._tries) > KEYS:
                self._tries.popitem(last=False)

    def forget(self, what: str, who: str) -> None:
        """Forget the tries of `what` by `who`, as after a success."""
        with self._lock:
            self._tries.pop((what, who), None)
