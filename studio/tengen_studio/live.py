"""Tells open sockets, after each commit, what happened to the project that they watch.

Services note changes in their session; `Rooms` passes them on once they are in the database and
asks each socket to check again whether it may still be open.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.orm import Session

_NOTED = "tengen_studio_noted"


@dataclass(frozen=True)
class Change:
    """One committed change; `project_id` is None for what concerns people."""

    verb: str
    project_id: str | None


Listener = Callable[[list[Change]], None]


class Rooms:
    """Whoever wants to hear of committed changes; any thread may announce."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()

    def join(self, listener: Listener) -> None:
        """Call `listener` with the changes of each commit from now on, in the commit's thread."""
        with self._lock:
            self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Stop calling `listener`."""
        with self._lock:
            self._listeners.discard(listener)

    def announce(self, changes: list[Change]) -> None:
        """Pass changes on to everyone."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(changes)

    def watch(self, session: Session) -> None:
        """Announce what is noted in `session` as soon as it is committed."""

        def committed(session: Session) -> None:
            changes = session.info.pop(_NOTED, [])
            if changes:
                self.announce(changes)

        event.listen(session, "after_commit", committed)


def note(session: Session, verb: str, project_id: str | None) -> None:
    """Remember a change until the session's transaction is committed."""
    session.info.setdefault(_NOTED, []).append(Change(verb, project_id))
