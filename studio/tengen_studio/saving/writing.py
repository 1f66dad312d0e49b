"""Replaces a file whole, if it is still what the writer has seen."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tengen_studio.storage import durable

_REMEMBERED = 64 * 2**20
_LARGEST = 8 * 2**20


class StaleError(Exception):
    """The file is no longer what the writer has started from."""


class Lasting(Protocol):
    """Remembers contents beyond the life of the process."""

    def add(self, sha256: str, data: bytes) -> None:
        """Keep `data`, which has that hash."""

    def find(self, algorithm: str, digest: str) -> bytes | None:
        """Return what has that hash, or None."""


class Recent:
    """Remembers what was read and written last, so that two sides can be joined later.

    What is new to it goes on to `lasting`, which is asked for what it has forgotten.
    """

    def __init__(self, most: int = _REMEMBERED, lasting: Lasting | None = None) -> None:
        self.lasting = lasting
        self._most = most
        self._held = 0
        self._lock = threading.Lock()
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def add(self, data: bytes) -> None:
        """Remember `data`, unless it is large, for as long as there is room."""
        if len(data) > _LARGEST:
            return
        sha256 = hashlib.sha256(data).hexdigest()
        with self._lock:
            new = sha256 not in self._contents
            if new:
                self._held += len(data)
            self._contents[sha256] = data
            self._contents.move_to_end(sha256)
            while self._held > self._most:
                self._held -= len(self._contents.popitem(last=False)[1])
        if new and self.lasting is not None:
            self.lasting.add(sha256, data)

    def find(self, algorithm: str, digest: str) -> bytes | None:
        """Return what has that hash, or None."""
        found = self._find(algorithm, digest)
        if found is None and self.lasting is not None:
            return self.lasting.find(algorithm, digest)
        return found

    def _find(self, algorithm: str, digest: str) -> bytes | None:
        with self._lock:
            if algorithm == "sha256":
                return self._contents.get(digest)
            held = list(self._contents.values())
        return next((d for d in held if hashlib.new(algorithm, d).hexdigest() == digest), None)


class Files:
    """Replaces files of one server, one writer to a file at a time."""

    def __init__(self) -> None:
        self.recent = Recent()
        self._lock = threading.Lock()
        self._busy: dict[Path, tuple[threading.Lock, int]] = {}

    def replace(
        self, path: Path, data: bytes, base: str | None = None, algorithm: str = "sha256"
    ) -> None:
        """Make `data` the whole content of `path`; a link is followed, its target replaced.

        With `base`, the file must have that hash; "" means that there must be none.

        Raises:
            StaleError: it has another.
        """
        target = Path(os.path.realpath(path))
        with self._alone(target):
            if base is not None and base != file_hash(target, algorithm):
                if file_hash(target) == hashlib.sha256(data).hexdigest():
                    return  # another writer has had the same to say
                raise StaleError(str(path))
            mode = _mode(target)
            with durable.new_file(target, 0o666 if mode is None else mode) as file:
                if mode is not None:
                    # The umask has no say in the mode that a file has already.
                    os.chmod(file.name if os.name == "nt" else file.fileno(), mode)
                file.write(data)
        self.recent.add(data)

    def put_in_place(
        self, path: Path, part: Path, base: str | None = None, algorithm: str = "sha256"
    ) -> None:
        """Make the file `part` the one at `path`, as `replace` does with a content.

        Raises:
            StaleError: the file there is not the one that `base` names.
        """
        target = Path(os.path.realpath(path))
        with self._alone(target):
            if base is not None and base != file_hash(target, algorithm):
                raise StaleError(str(path))
            mode = _mode(target)
            if mode is not None:
                part.chmod(mode)
            durable.sync_file(part)
            durable.rename(part, target)

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        with self._lock:
            lock, users = self._busy.get(path, (threading.Lock(), 0))
            self._busy[path] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._busy.pop(path)
                if users > 1:
                    self._busy[path] = (lock, users - 1)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """Return the hash of a file's content, "" where there is no file."""
    hasher = hashlib.new(algorithm)
    try:
        with path.open("rb") as file:
            while chunk := file.read(2**20):
                hasher.update(chunk)
    except FileNotFoundError:
        return ""
    return hasher.hexdigest()
