"""The server's side of the store: a local socket on which its own user's kernels ask for values.

The socket lies in a folder that only that user can enter, and the asker's user is compared
besides where the system tells it. Its place is announced in a file that holds no secret.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import socketserver
import struct
import tempfile
import threading
from pathlib import Path

from tengen_studio.context import StudioContext
from tengen_studio.errors import StudioError
from tengen_studio.secrets import service
from tengen_studio.secrets.client import SECONDS, announcement

log = logging.getLogger(__name__)

_LONGEST = 1_000


class Channel:
    """Listens from `start` to `stop`; where the system has no such sockets, nothing happens."""

    def __init__(self, context: StudioContext) -> None:
        self._context = context
        self._folder: Path | None = None
        self._server: socketserver.ThreadingMixIn | None = None

    def start(self) -> None:
        """Open the socket, announce it, and answer from a thread."""
        if not hasattr(socket, "AF_UNIX"):
            log.warning("secrets cannot be given to kernels: this system has no local sockets")
            return
        # The system's temporary folder, since a socket's path may have some 100 bytes only.
        self._folder = Path(tempfile.mkdtemp(prefix="tengen-"))
        address = str(self._folder / "secrets")
        context = self._context

        class Answer(socketserver.StreamRequestHandler):
            """Answers one question of one kernel."""

            timeout = SECONDS

            def handle(self) -> None:
                if asker_is_ours(self.connection):
                    reply = answer(context, self.rfile.readline(_LONGEST))
                    self.wfile.write(json.dumps(reply).encode() + b"\n")

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            """A thread for each question; none keeps the process alive."""

            daemon_threads = True

        self._server = server = Server(address, Answer)
        os.chmod(address, 0o600)
        place = announcement(os.getpid())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"secrets": address}), encoding="utf-8")
        place.chmod(0o600)
        threading.Thread(target=server.serve_forever, daemon=True, name="tengen-secrets").start()

    def stop(self) -> None:
        """Close the socket and take back the announcement."""
        if isinstance(self._server, socketserver.BaseServer):
            self._server.shutdown()
            self._server.server_close()
            announcement(os.getpid()).unlink(missing_ok=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def asker_is_ours(connection: socket.socket) -> bool:
    """Tell whether the process at the other end belongs to the server's own user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's permissions stand alone
    size = struct.calcsize("3i")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, user, _ = struct.unpack("3i", raw)
    return bool(user == os.getuid())


def answer(context: StudioContext, line: bytes) -> dict[str, str]:
    """Return the reply to one question: `value`, or `refusal` with a sentence."""
    try:
        name = json.loads(line)["name"]
        if not isinstance(name, str):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        return {"refusal": "the name of a secret was expected"}
    try:
        with context.transaction() as session:
            return {"value": service.use(session, name)}
    except StudioError as error:
        return {"refusal": f"{name}: {error.message}"}
    except Exception:
        log.exception("a kernel's question for the secret %r was not answered", name)
        return {"refusal": f"{name}: the server failed; its log has the reason"}
