"""Work that outlasts its request: one thread each, with progress, a way to cancel, and an end.

A task belongs to a row of its feature's table, under the row's id. The row names the process
that works on it (`process_name`), so that another one can tell after a crash that nobody does.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tengen_studio.errors import is_full

log = logging.getLogger(__name__)

_END_SECONDS = 20
_FULL_SECONDS = 5.0


class CancelledError(Exception):
    """The task was asked to stop."""


@dataclass
class Task:
    """One running task as its function sees it: where it stands, and whether to go on."""

    key: str
    done: int = 0
    total: int = 0
    step: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Return if the task may go on.

        Raises:
            CancelledError: somebody cancelled it, or the server is stopping.
        """
        if self.cancelled.is_set():
            raise CancelledError(self.key)


def once_there_is_room(task: Task, work: Callable[[], None]) -> None:
    """Do `work`; on a full disk try again every few seconds, until the task is cancelled.

    For how a task has ended: if that went unwritten, it would seem to run for ever.
    """
    while True:
        try:
            work()
            return
        except (OSError, DBAPIError) as error:
            if not is_full(error) or task.cancelled.wait(_FULL_SECONDS):
                raise


class Tasks:
    """The running tasks of one server."""

    def __init__(self) -> None:
        self._running: dict[str, Task] = {}
        self._lock = threading.Lock()

    def start(self, key: str, work: Callable[[Task], None]) -> Task:
        """Run `work` in a thread of its own; what it raises goes to the log."""
        task = Task(key)
        with self._lock:
            if key in self._running:
                raise RuntimeError(f"[tasks] one task for {key} was expected; a second came")
            self._running[key] = task

        def run() -> None:
            try:
                work(task)
            except CancelledError:
                log.info("task %s was cancelled", key)
            except Exception:
                log.exception("task %s failed", key)
            finally:
                with self._lock:
                    del self._running[key]
                task.ended.set()

        threading.Thread(target=run, name=f"tengen-task-{key}", daemon=True).start()
        return task

    def get(self, key: str) -> Task | None:
        """Return the running task under `key`, or None."""
        with self._lock:
            return self._running.get(key)

    def cancel(self, key: str) -> None:
        """Ask the task to stop, if it runs."""
        task = self.get(key)
        if task is not None:
            task.cancelled.set()

    def close(self) -> None:
        """Ask all tasks to stop and give them some seconds to tidy up."""
        with self._lock:
            left = list(self._running.values())
        for task in left:
            task.cancelled.set()
        for task in left:
            task.ended.wait(_END_SECONDS)


@lru_cache(maxsize=1)
def process_name() -> str:
    """Return a name of this process that no later one has: host, id and time of its start."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(process: str) -> bool:
    """Tell whether the process of that name has ended; one on another host is taken to live."""
    host, _, rest = process.rpartition(":")[0].rpartition(":")
    started = process.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return False
    return _started(int(rest)) != started


def _started(process: int) -> str:
    """Return when a process started, in the kernel's ticks; "" where it does not run."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        try:
            os.kill(process, 0)
        except PermissionError:
            return "running"
        except OSError:
            return ""
        return "running"
    return text.rpartition(")")[2].split()[19]
