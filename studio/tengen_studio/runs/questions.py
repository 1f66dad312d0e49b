"""Questions that a kernel asks of whoever runs a cell, when that page is gone.

The kernel sends a question to the connection that the cell was run from, and waits for the
answer on it. So that connection stays open here, and another page may answer through it.
"""

from __future__ import annotations

from typing import Any

from tengen_studio.runs.book import Book


class Questions:
    """The connections of one kernel's pages that are gone, by the session they belonged to."""

    def __init__(self) -> None:
        self._streams: dict[str, Any] = {}

    def keep(self, session: str, stream: Any, heard: Any) -> None:
        """Keep a page's connection for questions; `heard` is called with each message."""
        self.drop(session)
        self._streams[session] = stream
        stream.on_recv(heard)

    def give_back(self, session: str) -> Any | None:
        """Return the connection to its page, which is back."""
        return self._streams.pop(session, None)

    def stream_for(self, book: Book, question: str) -> Any | None:
        """Return the connection on which the answer to a question is waited for, if it is here."""
        for run in book.runs.values():
            if run.question is not None and run.question["header"]["msg_id"] == question:
                return self._streams.get(run.session)
        return None

    def drop(self, session: str) -> None:
        """Close a connection that nothing waits on any more."""
        stream = self._streams.pop(session, None)
        if stream is not None and not stream.closed():
            stream.close()

    def tidy(self, book: Book) -> None:
        """Close the connections of sessions none of whose cells waits or runs."""
        for session in [name for name in self._streams if not book.is_running_for(name)]:
            self.drop(session)

    def close(self) -> None:
        """Close all."""
        for session in list(self._streams):
            self.drop(session)
