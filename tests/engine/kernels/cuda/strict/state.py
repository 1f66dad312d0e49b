"""What the stand-in for a GPU remembers: the current device and stream, and what was counted."""

import threading
from collections import Counter


class _Thread(threading.local):
    def __init__(self) -> None:
        self.device = 0
        self.streams: dict[int, object] = {}


thread = _Thread()
counts: Counter[str] = Counter()
"""uploads, downloads, waits: what went between host and GPU, and what waited for it."""

failures: list[BaseException] = []
"""Errors that the next wait shows, as a GPU that has stopped does."""


def stream():
    """The stream on which this thread launches; None for CUDA's default stream."""
    return thread.streams.get(thread.device)


def waited(what: str) -> None:
    """The host waits for the GPU."""
    now = stream()
    if now is not None and now.capturing is not None:
        raise RuntimeError(f"the current stream is capturing: {what} is not allowed")
    counts["waits"] += 1
    if now is not None:
        now.run_pending()
    if failures:
        raise failures[0]


def uploaded(nbytes: int) -> None:
    """Host memory goes to the GPU."""
    now = stream()
    if now is not None and now.capturing is not None:
        raise RuntimeError("the current stream is capturing, so H2D transfers are disallowed")
    counts["uploads"] += 1
    counts["uploaded bytes"] += nbytes
