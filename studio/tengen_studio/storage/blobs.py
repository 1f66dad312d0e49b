"""Large files, each kept once under the SHA-256 of its content, whichever project holds it."""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from tengen_studio.storage import durable

CHUNK = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ChangedError(Exception):
    """A file changed while it was read."""


class BlobStore:
    """Blobs in a folder; a blob never changes, so readers need no lock.

    Whoever counts on a blob that is there, and whoever removes one, holds the lock meanwhile.
    """

    def __init__(self, folder: Path, lock: Path) -> None:
        self.folder = folder
        self._lock = lock

    def path(self, sha256: str) -> Path:
        """Return where the blob lies, or would lie.

        Raises:
            ValueError: not a SHA-256 in lower-case hexadecimal digits.
        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"[blob] 64 lower-case hexadecimal digits were expected; {sha256!r}")
        return self.folder / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        """Tell whether the blob is here."""
        return self.path(sha256).is_file()

    def put(self, source: BinaryIO, sha256: str | None = None) -> tuple[str, int]:
        """Keep what `source` holds from its start; return its SHA-256 and size.

        `sha256` is what `digest` gave, where it was asked already.

        Raises:
            ChangedError: `source` changed while it was read.
        """
        sha256 = sha256 or digest(source)[0]
        target = self.path(sha256)
        if self.renew(sha256):
            return sha256, target.stat().st_size
        durable.make_directory(target.parent)
        source.seek(0)
        hasher = hashlib.sha256()
        size = 0
        with durable.new_file(target, mode=0o400) as file:
            while chunk := source.read(CHUNK):
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
            if hasher.hexdigest() != sha256:
                raise ChangedError("[blob] a file at rest was expected; it changed meanwhile")
        return sha256, size

    def renew(self, sha256: str) -> bool:
        """Make a blob young again; tell whether it is here.

        No collection takes it before the row that will name it is there.
        """
        path = self.path(sha256)
        with self._alone():
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
        return True

    def open(self, sha256: str) -> BinaryIO:
        """Open the blob to read.

        Raises:
            FileNotFoundError: no such blob.
        """
        return self.path(sha256).open("rb")

    def copy_to(self, sha256: str, file: BinaryIO) -> None:
        """Write the blob's content to `file`."""
        with self.open(sha256) as source:
            shutil.copyfileobj(source, file, CHUNK)

    def remove(self, sha256: str, before: float = math.inf) -> bool:
        """Remove the blob if it was put before that moment; the caller knows of no use of it."""
        path = self.path(sha256)
        with self._alone():
            if not path.is_file() or path.stat().st_mtime >= before:
                return False
            durable.remove_file(path)
        return True

    def _alone(self) -> FileLock:
        # One each time: a FileLock that is shared would let a second thread in.
        return FileLock(self._lock, mode=0o600, thread_local=False)

    def __iter__(self) -> Iterator[str]:
        """Give the SHA-256 of every blob."""
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            for name in sorted(os.listdir(folder)):
                if _SHA256.fullmatch(folder.name + name):
                    yield folder.name + name


def digest(file: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 and the size of what `file` holds from its start."""
    file.seek(0)
    hasher = hashlib.sha256()
    size = 0
    while chunk := file.read(CHUNK):
        hasher.update(chunk)
        size += len(chunk)
    return hasher.hexdigest(), size
