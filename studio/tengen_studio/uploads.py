"""Routes that take a file as the request's body, written to the disk as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import BinaryIO

from tengen_studio.errors import TooLargeError
from tengen_studio.guard import Audience, admit
from tengen_studio.http import StudioHandler


class UploadHandler(StudioHandler):
    """Base of handlers that take a file; the class is to carry `@stream_request_body`.

    Who asks is settled before the first byte is taken.
    """

    audience = Audience.people
    file: BinaryIO

    def initialize(self, name: str) -> None:
        """Keep what is to be closed when the request has ended."""
        super().initialize(name)
        self._held = ExitStack()

    async def prepare(self) -> None:
        """Admit the asker, then make room for the file."""
        await super().prepare()
        await admit(self, self.audience)
        most = self.context.limits.upload_bytes
        announced = self.request.headers.get("Content-Length", "0")
        if int(announced) > most:
            raise TooLargeError(f"A file of at most {most} bytes was expected; {announced} came.")
        self.request.connection.set_max_body_size(most)
        folder = self._held.enter_context(self.context.storage.scratch())
        self.file = self._held.enter_context((folder / "upload").open("w+b"))

    def data_received(self, chunk: bytes) -> None:
        """Write a piece of the file."""
        self.file.write(chunk)

    def on_finish(self) -> None:
        """Remove the file."""
        self._held.close()
        super().on_finish()

    def on_connection_close(self) -> None:
        """Remove the file of a sender who went away."""
        self._held.close()
        super().on_connection_close()
