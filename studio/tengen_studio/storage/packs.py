"""Writes git packs: all objects of one version become one pack, there whole or not at all.

Objects are stored without deltas, so that a reader finds an object's size in its header. The
format is that of git's gitformat-pack documentation.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import pack_object_header, write_pack_index_v2

from tengen_studio.storage import durable

COMMIT, TREE, BLOB = 1, 2, 3
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
_FAST = 1
_CHUNK = 2**20


def object_id(kind: int, data: bytes) -> str:
    """Return git's id of an object, in hexadecimal digits."""
    hasher = hashlib.sha1(b"%s %d\0" % (NAMES[kind], len(data)), usedforsecurity=False)
    hasher.update(data)
    return hasher.hexdigest()


class PackWriter:
    """Collects objects and publishes them as one pack when its block ends without an error.

    `known` tells whether the store has an object already, as it does for those in `certain`,
    without a look; such objects are not written again. `spend` is told the bytes of each other
    one before it is written, and may refuse it by raising.
    `written` counts the bytes of the new pack, `name` is its file name without its ending.
    """

    def __init__(
        self,
        folder: Path,
        known: Callable[[str], bool],
        spend: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.folder = folder
        self.spend = spend
        self.certain: set[str] = set()
        self.written = 0
        self.name = ""
        self._known = known
        self._entries: dict[str, tuple[int, int]] = {}
        self._temporary = durable.temporary_name(folder)
        self._stack = ExitStack()
        self._file: BinaryIO | None = None

    def add(self, kind: int, data: bytes) -> str:
        """Add one object, if it is new, and return its id."""
        oid = object_id(kind, data)
        if oid in self._entries or oid in self.certain or self._known(oid):
            return oid
        header = bytes(pack_object_header(kind, None, len(data), DEFAULT_OBJECT_FORMAT))
        body = zlib.compress(data, _FAST)
        self.spend(len(header) + len(body))
        file = self._open()
        offset = file.tell()
        file.write(header)
        file.write(body)
        self._entries[oid] = (offset, zlib.crc32(body, zlib.crc32(header)))
        return oid

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        try:
            with self._stack:
                checksum = self._complete(self._file)
            self.name = f"pack-{checksum.hex()}"
            durable.rename(self._temporary, self.folder / f"{self.name}.pack")
        except BaseException:
            self._temporary.unlink(missing_ok=True)
            raise
        # Readers take a pack to exist once its index does, so the index comes last.
        with durable.new_file(self.folder / f"{self.name}.idx", mode=0o400) as index:
            rows = sorted((bytes.fromhex(oid), *entry) for oid, entry in self._entries.items())
            write_pack_index_v2(index, rows, checksum)

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._stack.enter_context(durable.synced_file(self._temporary, 0o400))
            self._file.write(b"PACK" + (2).to_bytes(4, "big") + bytes(4))
        return self._file

    def _complete(self, file: BinaryIO) -> bytes:
        """Write the number of objects and the checksum, which covers that number."""
        file.seek(8)
        file.write(len(self._entries).to_bytes(4, "big"))
        file.seek(0)
        hasher = hashlib.sha1(usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
        file.write(hasher.digest())
        self.written = file.tell()
        return hasher.digest()
