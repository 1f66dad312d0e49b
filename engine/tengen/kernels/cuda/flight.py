"""What has been launched on a GPU and may still run: who is named when an error comes late.

A GPU works behind Python's back; an error shows at some later call. Launches are noted in groups
with an event behind each, and finished groups are forgotten, so that the list stays short.
"""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

GROUP = 64
"""Launches between two events."""

NAMED = 4
"""Calls in flight that a message names."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A call by its operator's name, with the tag that knows where it came from."""

    op: str
    tag: Any


class Flight:
    """The launches of one GPU since the last time it was known to have finished."""

    def __init__(self) -> None:
        self._groups: deque[tuple[list[Launch], Any]] = deque()
        self._open: list[Launch] = []
        self._lock = threading.Lock()

    def note(self, op: str, tag: Any, record: Any) -> None:
        """Note a launch; `record()` gives an event behind everything launched so far."""
        with self._lock:
            self._open.append(Launch(op, tag))
            if len(self._open) < GROUP:
                return
            self._groups.append((self._open, record()))
            self._open = []
            while self._groups and self._groups[0][1].done:
                self._groups.popleft()

    def landed(self) -> None:
        """Everything launched so far has finished without an error."""
        with self._lock:
            self._groups.clear()
            self._open = []

    def launches(self) -> list[Launch]:
        """What may still run, the earliest first."""
        with self._lock:
            return [launch for group, _ in self._groups for launch in group] + list(self._open)
