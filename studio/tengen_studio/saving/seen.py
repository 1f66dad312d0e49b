"""What each client has seen of each file last, for saves that do not say it themselves."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from typing import Any

MOST = 10_000


class Seen:
    """Hashes of the files that clients of this server have read or written."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._hashes: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, client: str, path: str, digest: str) -> None:
        """Note that `client` knows `path` as it is now."""
        self._hashes[client, path] = digest
        self._hashes.move_to_end((client, path))
        while len(self._hashes) > self._most:
            self._hashes.popitem(last=False)

    def last(self, client: str, path: str) -> str | None:
        """Return the hash of what `client` has seen last, None if it was nothing."""
        return self._hashes.get((client, path))

    def moved(self, old: str, new: str) -> None:
        """Note that a file, or a folder with all in it, has another path now."""
        for client, path in list(self._hashes):
            if path == old or path.startswith(old + os.sep):
                self.note(client, new + path[len(old) :], self._hashes.pop((client, path)))


def client_of(handler: Any) -> str:
    """Return a name for the program behind a request: tabs of one browser have the same."""
    request = handler.request
    parts = (
        request.remote_ip or "",
        request.headers.get("User-Agent", ""),
        request.headers.get("Cookie", ""),
        request.headers.get("Authorization", ""),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
