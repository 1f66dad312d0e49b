"""The websocket between a page and a kernel, with an eye on which cells the page runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.websocket import WebSocketClosedError

from tengen_studio.runs.book import Book
from tengen_studio.runs.recorder import Recorder
from tengen_studio.runs.standin import Answer, StandIn

log = logging.getLogger(__name__)

SETTING = "tengen_studio_recorder"
PROTOCOL = "v1.kernel.websocket.jupyter.org"
QUESTIONS = ("kernel_info_request", "comm_open", "comm_msg", "comm_close")
_LEFT_ON_PURPOSE = (1000, 1001, 1005)  # RFC 6455, section 7.4.1


class RecordedConnection(ZMQChannelsWebsocketConnection):
    """Tells the server's recorder of pages that come and go, and of the cells that they run."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._stand_in = StandIn()
        self._over: str | None = None

    def connect(self) -> Any:
        """Have the recorder listen before the page does, and hear before it may run cells."""
        if (recorder := self._recorder) is None:
            return super().connect()
        recorder.joined(self.kernel_id, self)
        kept = recorder.questions_of(self.kernel_id).give_back(self.session.session)
        connected = super().connect()
        if kept is not None:
            # The kernel knows the page by this connection; a second one of that name is ignored.
            if "stdin" in self.channels:
                self.channels["stdin"].close()
            self.channels["stdin"] = kept
        return connected and asyncio.gather(connected, self._heard(recorder))

    async def _heard(self, recorder: Recorder) -> None:
        try:
            await recorder.hears(self.kernel_id)
        except Exception:
            log.exception("a kernel could not be asked whether it is there")

    def disconnect(self) -> None:
        """Tell the recorder whether the page was closed or lost."""
        if recorder := self._recorder:
            code = getattr(self.websocket_handler, "close_code", None)
            recorder.left(self.kernel_id, self, closed=code in _LEFT_ON_PURPOSE)
            self._leave_questions(recorder)
        super().disconnect()

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message on to the kernel, and note it if it runs a cell."""
        if (recorder := self._recorder) is not None:
            try:
                if self._note(recorder, incoming_msg):
                    return
            except Exception:
                # The recorder must not stand between a person and the kernel.
                log.exception("a page's message was not understood")
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass a message on to the page, and note it if the kernel asks for input."""
        channel, recorder = getattr(stream, "channel", None), self._recorder
        if channel == "stdin" and recorder:
            recorder.book_of(self.kernel_id).question(self._read(outgoing_msg))
        super().handle_outgoing_message(stream, outgoing_msg)
        if channel == "iopub" and recorder:
            self._stay_busy(recorder.book_of(self.kernel_id), outgoing_msg)

    def _stay_busy(self, book: Book, frames: list[Any]) -> None:
        """Say once more that a cell runs, where an answer given beside it has said idle."""
        _, parts = self.session.feed_identities(frames)
        if self.session.unpack(parts[1])["msg_type"] != "status":
            return
        message = self._read(frames)
        state = message["content"].get("execution_state")
        parent = (message["parent_header"] or {}).get("msg_id")
        if state in ("starting", "restarting") or parent == book.busy_with:
            # The book may learn only later that this run is over.
            self._over = book.busy_with if state != "busy" else None
        elif state == "idle" and book.busy_with not in (None, self._over):
            self._tell_busy(book)

    def _read(self, frames: list[Any]) -> dict[str, Any]:
        """Return a message of the kernel without looking at its signature, which others do."""
        _, parts = self.session.feed_identities(frames)
        names = ("header", "parent_header", "metadata", "content")
        return {
            name: self.session.unpack(part) for name, part in zip(names, parts[1:5], strict=False)
        }

    def _leave_questions(self, recorder: Recorder) -> None:
        """Leave the connection for questions behind, if a cell of this page's still runs."""
        book, session = recorder.book_of(self.kernel_id), self.session.session
        if "stdin" not in self.channels or not book.is_running_for(session):
            return
        stream = self.channels.pop("stdin")

        def heard(frames: list[Any]) -> None:
            message = self._read(frames)
            book.question(message)
            recorder.tell(self.kernel_id, "stdin", message)

        recorder.questions_of(self.kernel_id).keep(session, stream, heard)

    def tell(self, channel: str, message: dict[str, Any], buffers: list[Any] | None = None) -> None:
        """Send a message to the page, if it is there and speaks the newer protocol."""
        if self.subprotocol != PROTOCOL:
            return
        fields = ("header", "parent_header", "metadata", "content")
        packed = [self.session.pack(message[name]) for name in fields]
        data = serialize_msg_to_ws_v1([*packed, *(buffers or [])], channel)
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(data, binary=True)

    @property
    def _recorder(self) -> Recorder | None:
        return self.websocket_handler.settings.get(SETTING)

    def _note(self, recorder: Recorder, incoming: Any) -> bool:
        """Look at a page's message; tell whether it was answered here.

        Programs that speak Jupyter's older protocol are only watched.
        """
        if self.subprotocol != PROTOCOL:
            message = json.loads(incoming) if isinstance(incoming, str) else {"header": {}}
            if message["header"].get("msg_type") == "execute_request":
                self._run(recorder, message["header"], message.get("metadata", {}))
            return False
        channel, parts = deserialize_msg_from_ws_v1(incoming)
        if channel == "stdin":
            return self._reply(recorder, parts)
        if channel != "shell":
            return False
        header = self.session.unpack(parts[0])
        if header["msg_type"] == "execute_request":
            self._run(recorder, header, self.session.unpack(parts[2]))
        elif header["msg_type"] in QUESTIONS:
            return self._answer(recorder.book_of(self.kernel_id), header, parts[3])
        return False

    def _run(self, recorder: Recorder, header: dict[str, Any], metadata: dict[str, Any]) -> None:
        cell = metadata.get("cellId")
        if isinstance(cell, str):
            recorder.asked(self.kernel_id, header["msg_id"], cell, self.session.session)

    def _reply(self, recorder: Recorder, parts: list[Any]) -> bool:
        """Send the user's answer where the kernel waits for it, if that is another page's place."""
        question = self.session.unpack(parts[1]).get("msg_id", "")
        book = recorder.book_of(self.kernel_id)
        stream = recorder.questions_of(self.kernel_id).stream_for(book, question)
        book.answered(question)
        if stream is None:
            return False
        self.session.send_raw(stream, parts)
        return True

    def _answer(self, book: Book, header: dict[str, Any], content: bytes) -> bool:
        info = self._kernel_info_future.result() if book.busy_with else None
        answers = self._stand_in.answer(
            header["msg_type"], self.session.unpack(content), info, book.widgets
        )
        if answers is None:
            return False
        busy, idle = (_status(state) for state in ("busy", "idle"))
        for answer in (busy, *answers, idle):
            self._tell(book, answer, header)
        self._tell_busy(book)
        return True

    def _tell_busy(self, book: Book) -> None:
        """Tell the page that a cell runs, which is what it shall show."""
        self._tell(book, _status("busy"), {"msg_id": book.busy_with, "msg_type": "execute_request"})

    def _tell(self, book: Book, answer: Answer, parent: dict[str, Any]) -> None:
        channel, kind, told, buffers = answer
        message = self.session.msg(kind, content=told)
        message["parent_header"] = parent
        # The page takes a message of another session for one of an earlier kernel.
        message["header"]["session"] = book.session
        self.tell(channel, message, buffers)


def _status(state: str) -> Answer:
    return ("iopub", "status", {"execution_state": state}, [])
