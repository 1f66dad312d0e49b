"""Anonymous memory that processes share: no name, so nothing is left behind by any crash.

On Linux it is a memfd, which the small /dev/shm of containers does not limit; elsewhere on POSIX
an unlinked temporary file; on Windows a tagged mapping. The kernel frees it with its last user.
"""

import mmap
import os
import tempfile
import uuid
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

_WINDOWS = os.name == "nt"


class Segment:
    """`size` bytes of memory, mapped here as `map`, which can be sent over a connection."""

    def __init__(self, size: int, mapping: mmap.mmap, handle: int, tag: str) -> None:
        self.size = size
        self.map = mapping
        self._handle = handle
        self._tag = tag

    @classmethod
    def create(cls, size: int) -> "Segment":
        """New memory of `size` bytes, zeroed; it costs memory as it is written to."""
        size = max(size, mmap.PAGESIZE)
        if _WINDOWS:
            tag = f"tengen-{uuid.uuid4().hex}"
            return cls(size, _tagged(size, tag, mmap.ACCESS_WRITE), -1, tag)
        handle = _anonymous_file()
        os.ftruncate(handle, size)
        return cls(size, mmap.mmap(handle, size), handle, "")

    def send(self, connection: Connection, pid: int) -> None:
        """Give process `pid`, at the other end of `connection`, access; it calls `receive`."""
        connection.send((self.size, self._tag))
        if not _WINDOWS:
            reduction.send_handle(connection, self._handle, pid)

    @classmethod
    def receive(cls, connection: Connection) -> "Segment":
        """The memory that the other end sends."""
        size, tag = connection.recv()
        if _WINDOWS:
            return cls(size, _tagged(size, tag, mmap.ACCESS_WRITE), -1, tag)
        handle = reduction.recv_handle(connection)
        return cls(size, mmap.mmap(handle, size), handle, "")

    def private(self) -> mmap.mmap:
        """A mapping of what the memory holds now; what is written to it nobody else sees.

        Not after `close_handle`.
        """
        if _WINDOWS:
            return _tagged(self.size, self._tag, mmap.ACCESS_COPY)
        return mmap.mmap(self._handle, self.size, access=mmap.ACCESS_COPY)

    def close_handle(self) -> None:
        """Give up the descriptor once every process has been sent it; `map` stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        self.close_handle()


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("tengen-data", os.MFD_CLOEXEC)
    handle, path = tempfile.mkstemp(prefix="tengen-data-")
    os.unlink(path)
    return handle


def _tagged(size: int, tag: str, access: int) -> mmap.mmap:
    make: Any = mmap.mmap  # it takes a tag on Windows only
    return make(-1, size, tagname=tag, access=access)
