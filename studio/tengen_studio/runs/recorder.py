"""Listens to every kernel that a page has connected to, and writes what nobody else would.

While a page shows a notebook, the page saves it. Where the last page has gone, the outputs of
cells that still run are written into the notebook by the server: when a run ends, now and then
before, and when the kernel or the server ends. A page that has only lost its network is waited for
longer: it saves when it is back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

import tornado.web as web
from tornado.ioloop import IOLoop, PeriodicCallback

from tengen_studio.runs.book import Book
from tengen_studio.runs.questions import Questions
from tengen_studio.runs.writing import write_outputs

log = logging.getLogger(__name__)

AWAY = 20  # seconds without a page after which the server writes
LOST = 10  # times as long, where the page was cut off and may come back
OFTEN = 30.0  # seconds between two writings of a cell that still runs
_TICK = 2.0
_PATIENCE = 5.0  # seconds that a page is kept waiting for a kernel that is not heard
_ASK = 0.1  # seconds between two questions to it
_LOOK = 0.01  # seconds between two looks at whether it was heard
_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"


@dataclass
class Ear:
    """What is known of one kernel: its runs, its pages, and the notebook that it belongs to."""

    book: Book
    stream: Any
    ports: list[int]
    pages: set[Any] = field(default_factory=set)
    questions: Questions = field(default_factory=Questions)
    left: float = 0.0
    closed: bool = False
    path: str | None = None
    written: float = 0.0


class Recorder:
    """The runs of one server's kernels; used from the event loop alone."""

    def __init__(self, kernels: Any, sessions: Any, contents: Any, away: float = AWAY) -> None:
        self._kernels = kernels
        self._sessions = sessions
        self._contents = contents
        self._away = away
        self._ears: dict[str, Ear] = {}
        self._ticking = PeriodicCallback(self.tick, _TICK * 1_000)
        self._writing = asyncio.Lock()
        self._events: Any = None

    def start(self) -> None:
        """Begin to write what is to be written."""
        self._ticking.start()

    async def stop(self) -> None:
        """Write what no page will save any more, and listen no longer."""
        self._ticking.stop()
        if self._events is not None:
            self._events.remove_listener(listener=self._acted)
        for kernel_id in list(self._ears):
            await self._finish(kernel_id)

    def joined(self, kernel_id: str, page: Any) -> None:
        """A page is about to connect to a kernel: listen from now on."""
        ear = self._ears.get(kernel_id)
        if ear is None:
            ear = self._ears[kernel_id] = Ear(Book(), None, [])
            self._watch(self._kernels.get_kernel(kernel_id), ear.book)
        self._listen(kernel_id, ear)
        ear.pages.add(page)

    async def hears(self, kernel_id: str) -> None:
        """Return when the process that a kernel has now is heard, or after a while.

        The recorder's line to a process begun in another's place may stand later than the page's,
        and what was said before is lost. So the process is asked until an answer is heard.
        """
        ear = self._ears.get(kernel_id)
        if ear is None or not ear.book.starts:
            return
        kernel = self._kernels.get_kernel(kernel_id)
        line, began = kernel.connect_control(), time.monotonic()
        # The page asks as well, by which the process is most often heard at once.
        asked = began
        try:
            while ear.book.starts and kernel_id in self._kernels:
                now = time.monotonic()
                if now - began > _PATIENCE:
                    log.warning("kernel %s was not heard for %g s", kernel_id, _PATIENCE)
                    return
                if now - asked > _ASK:
                    asked = now
                    kernel.session.send(line, "kernel_info_request")
                await asyncio.sleep(_LOOK)
        finally:
            line.close()

    def left(self, kernel_id: str, page: Any, closed: bool) -> None:
        """A page is gone; `closed` says that it was closed, not cut off."""
        ear = self._ears.get(kernel_id)
        if ear is not None and page in ear.pages:
            ear.pages.discard(page)
            ear.left, ear.closed = time.monotonic(), closed

    def questions_of(self, kernel_id: str) -> Questions:
        """Return the connections on which a kernel may wait for answers."""
        ear = self._ears.get(kernel_id)
        return ear.questions if ear else Questions()

    def asked(self, kernel_id: str, run_id: str, cell: str, session: str) -> None:
        """A page asks the kernel to run a cell."""
        ear = self._ears.get(kernel_id)
        if ear is not None:
            ear.book.ask(run_id, cell, session)
            # Now, since a kernel that has ended belongs to no notebook any more.
            IOLoop.current().spawn_callback(self._find_notebook, kernel_id, ear)

    def tell(self, kernel_id: str, channel: str, message: dict[str, Any]) -> None:
        """Send a message to all pages of a kernel."""
        ear = self._ears.get(kernel_id)
        for page in list(ear.pages) if ear else []:
            page.tell(channel, message)

    def book_of(self, kernel_id: str) -> Book:
        """Return what is known of a kernel's runs: nothing, where no page was connected."""
        ear = self._ears.get(kernel_id)
        return ear.book if ear else Book()

    def settle(self, kernel_id: str, run_ids: list[str]) -> None:
        """Forget runs whose outputs were saved."""
        if kernel_id in self._ears:
            self._ears[kernel_id].book.settle(run_ids)

    async def tick(self) -> None:
        """Write where nobody looks on, and leave kernels that are gone."""
        for kernel_id, ear in list(self._ears.items()):
            if kernel_id not in self._kernels:
                await self._finish(kernel_id)
                continue
            self._listen(kernel_id, ear)
            ear.questions.tidy(ear.book)
            if any(run.unwritten for run in ear.book.runs.values()):
                await self._find_notebook(kernel_id, ear)
                if self._is_due(ear):
                    await self._write(ear)

    def _is_due(self, ear: Ear) -> bool:
        now = time.monotonic()
        if ear.pages or now - ear.left < self._away * (1 if ear.closed else LOST):
            return False
        over = any(run.unwritten and run.state == "done" for run in ear.book.runs.values())
        return over or now - ear.written > OFTEN

    def _watch(self, kernel: Any, book: Book) -> None:
        """Hear of the ends of a kernel's processes: they do not say so themselves.

        A new process says that it starts, often before anybody listens to it.
        """
        # One that dies is told of before the next begins, one that is restarted after it has.
        kernel.add_restart_callback(book.end)
        if self._events is None and (events := getattr(kernel, "event_logger", None)):
            self._events = events
            events.add_listener(schema_id=_ACTIONS, listener=self._acted)

    async def _acted(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        kernel_id = data.get("kernel_id", "")
        ear = self._ears.get(kernel_id)
        if ear is not None and data["action"] == "restart":
            if not ear.book.starts:
                ear.book.end()
            if kernel_id in self._kernels:
                self._listen(kernel_id, ear)

    def _listen(self, kernel_id: str, ear: Ear) -> None:
        """Listen where the kernel speaks now."""
        kernel = self._kernels.get_kernel(kernel_id)
        if list(kernel.ports) == ear.ports:
            return
        if ear.stream is not None:
            ear.stream.close()
        ear.ports = list(kernel.ports)
        ear.stream = kernel.connect_iopub()
        session = kernel.session.clone()

        def heard(frames: list[Any]) -> None:
            try:
                _, parts = session.feed_identities(frames)
                message = session.deserialize(parts)
                ear.book.follow(message, bool(ear.pages), sum(map(len, parts)))
            except Exception:
                # Of one kernel's nonsense the other kernels must notice nothing.
                log.exception("a message of a kernel was not understood")

        ear.stream.on_recv(heard)

    async def _find_notebook(self, kernel_id: str, ear: Ear) -> None:
        for session in await self._sessions.list_sessions():
            if session["kernel"] and session["kernel"]["id"] == kernel_id:
                ear.path = session["path"] if session["type"] == "notebook" else None

    async def _finish(self, kernel_id: str) -> None:
        """Write the last outputs of a kernel, unless a page has them, and forget it."""
        ear = self._ears.pop(kernel_id)
        ear.questions.close()
        if ear.stream is not None:
            ear.stream.close()
        if any(run.unwritten for run in ear.book.runs.values()):
            await self._find_notebook(kernel_id, ear)
            await self._write(ear)

    async def _write(self, ear: Ear) -> None:
        runs = [run for run in ear.book.runs.values() if run.unwritten and run.count is not None]
        ear.written = time.monotonic()
        for run in ear.book.runs.values():
            run.unwritten = False
        if ear.path is None or not runs:
            return
        try:
            async with self._writing:
                await write_outputs(self._contents, ear.path, runs)
        except (web.HTTPError, OSError) as error:
            for run in runs:
                run.unwritten = True
            log.warning("the outputs of %s were not written: %s", ear.path, error)
