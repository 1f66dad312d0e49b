"""Keeps what was rendered last, up to a number of characters; a version never changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Cache:
    """The most recently used texts by key; any thread may ask."""

    def __init__(self, characters: int) -> None:
        self._most = characters
        self._held = 0
        self._lock = threading.Lock()
        self._texts: OrderedDict[Hashable, str] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the text under `key`, made by `make` if it is not here (any more)."""
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
                return self._texts[key]
        text = make()
        with self._lock:
            if key not in self._texts:
                self._texts[key] = text
                self._held += len(text)
            while self._held > self._most and self._texts:
                self._held -= len(self._texts.popitem(last=False)[1])
        return text
