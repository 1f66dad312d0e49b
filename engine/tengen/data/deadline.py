"""Calls that give up waiting after some seconds."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from .exceptions import LoaderTimeoutError


class TimedCalls:
    """Runs calls one after the other in a thread of its own and waits for each only so long.

    Python cannot interrupt the call itself: after a timeout its thread is left to finish alone,
    and a later call gets a new one.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Any] | None = None

    def run(self, call: Callable[[], Any], seconds: float, what: str) -> Any:
        """What `call()` returns or raises; LoaderTimeoutError after `seconds` without either."""
        if self._calls is None:
            self._calls = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._calls,), daemon=True).start()
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._calls.put((call, answer))
        try:
            value, error = answer.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise timed_out(seconds, what) from None
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """Let the thread end after its present call."""
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None

    def __del__(self) -> None:
        self.close()


def timed_out(seconds: float, what: str) -> LoaderTimeoutError:
    """The exception for a wait of `seconds` in vain."""
    return LoaderTimeoutError(
        f"[DataLoader] timeout: no batch within {seconds:g} s; waiting for {what}"
    )


def _serve(calls: "queue.SimpleQueue[Any]") -> None:
    while (job := calls.get()) is not None:
        call, answer = job
        try:
            answer.put((call(), None))
        except BaseException as error:
            answer.put((None, error))
        del job, call, answer
