"""Routes that take a file as the request's body, written to the disk as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import BinaryIO

from tengen_studio.errors import StudioError, TooLargeError, refusal_of
from tengen_studio.guard import Audience, admit
from tengen_studio.http import StudioHandler


class UploadHandler(StudioHandler):
    """Base of handlers that take a file; the class is to carry `@stream_request_body`.

    Who asks is settled before the first byte is taken.
    """

    audience = Audience.people
    _file: BinaryIO | None = None
    _refusal: StudioError | None = None

    def initialize(self, name: str) -> None:
        """Keep what is to be closed when the request has ended."""
        super().initialize(name)
        self._held = ExitStack()

    @property
    def file(self) -> BinaryIO:
        """What was sent.

        Raises:
            NoSpaceError: the disk was full before all of it had come.
        """
        if self._refusal is not None:
            raise self._refusal
        assert self._file is not None, "a file is there once the request is prepared"
        return self._file

    async def prepare(self) -> None:
        """Admit the asker, then make room for the file."""
        await super().prepare()
        await admit(self, self.audience)
        most = self.context.limits.upload_bytes
        announced = self.request.headers.get("Content-Length", "0")
        if int(announced) > most:
            raise TooLargeError(f"A file of at most {most} bytes was expected; {announced} came.")
        self.request.connection.set_max_body_size(most)
        try:
            folder = self._held.enter_context(self.context.storage.scratch())
            self._file = self._held.enter_context((folder / "upload").open("w+b", buffering=0))
        except OSError as error:
            raise refusal_of(error) or error from error

    def data_received(self, chunk: bytes) -> None:
        """Write a piece of the file; once the disk is full, the rest is only listened to."""
        left = memoryview(chunk)
        while left and self._file is not None:
            try:
                left = left[self._file.write(left) :]
            except OSError as error:
                # A failure here would cut the connection before anybody could answer.
                self._refusal = refusal_of(error)
                if self._refusal is None:
                    raise
                self._drop()

    def on_finish(self) -> None:
        """Remove the file."""
        self._drop()
        super().on_finish()

    def on_connection_close(self) -> None:
        """Remove the file of a sender who went away."""
        self._drop()
        super().on_connection_close()

    def _drop(self) -> None:
        self._file = None
        self._held.close()
