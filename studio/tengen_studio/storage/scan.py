"""Reads a project's folder into its history, and reads again only the files that have changed.

What a file's size, times and inode were when it was last read is kept beside the history. An
entry counts only if the file had rested before it was read: one written within the clock's
coarseness of the reading could change without a trace, and is read again.
"""

from __future__ import annotations

import io
import os
import posixpath
import stat
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from tengen_studio.storage import durable, trees
from tengen_studio.storage.blobs import BlobStore, ChangedError, digest
from tengen_studio.storage.history import HistoryStore, Reader
from tengen_studio.storage.packs import BLOB, TREE, PackWriter
from tengen_studio.storage.trees import Entry, Pointer

IGNORED = {
    ".git",
    ".hg",
    ".svn",
    ".ipynb_checkpoints",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
    ".DS_Store",
    "Thumbs.db",
}
_ENVIRONMENT = "pyvenv.cfg"
DATASET_MARK = ".tengen-dataset"
_MARKS = {_ENVIRONMENT, DATASET_MARK}
Inspect = Callable[[str, bytes], None]
_REST_NS = 2_000_000_000
_TRIES = 3


class Row(msgspec.Struct, array_like=True):
    """What one file was like when it was read, and the object that it became."""

    path: str
    size: int
    modified: int
    changed: int
    inode: int
    mode: int
    oid: str
    large: str | None = None

    def matches(self, found: os.stat_result) -> bool:
        """Tell whether the file is as it was."""
        return (
            self.size == found.st_size
            and self.modified == found.st_mtime_ns
            and self.changed == found.st_ctime_ns
            and self.inode == found.st_ino
            and self.mode == _mode(found)
        )


class Cache(msgspec.Struct, array_like=True):
    """The rows of one reading, the trees it had, and a commit that the history then held."""

    commit: str
    rows: list[Row]
    trees: list[str]


@dataclass
class Snapshot:
    """A folder's state as a tree; `large` gives the size of each large file by its SHA-256.

    Files written since `rested`, in nanoseconds, may have changed while they were read.
    """

    rested: int
    tree: str = ""
    rows: list[Row] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    large: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> int:
        """How many files it holds."""
        return len(self.rows)

    def remember(self, history: HistoryStore, commit: str) -> None:
        """Keep what was read for the next time; `commit` must be in the history by now."""
        rows = [row for row in self.rows if max(row.modified, row.changed) < self.rested]
        cache = Cache(commit, rows, self.trees)
        durable.write_file(history.cache, msgspec.msgpack.encode(cache))


@dataclass(frozen=True)
class Intake:
    """Takes the content of files in: small ones into a history, large ones into blobs.

    Files from `large_file` bytes on are large. `held` are the large files that the project has
    already; `writer.spend` is told of others before they are written, and may refuse.
    `inspect` is shown the path and content of each small file first, and may refuse it too.
    """

    writer: PackWriter
    blobs: BlobStore
    large_file: int
    held: Set[str] = frozenset()
    inspect: Inspect | None = None

    def small(self, path: str, data: bytes) -> tuple[str, Pointer | None]:
        """Take a file's whole content; return the object's id, and its pointer if it has one."""
        if self.inspect is not None:
            self.inspect(path, data)
        if trees.read_pointer(data):
            return self.large(io.BytesIO(data))
        return self.add(BLOB, data), None

    def large(self, file: BinaryIO) -> tuple[str, Pointer]:
        """Take a large file; return the id of the object that stands for it, and its pointer."""
        sha256, size = digest(file)
        if sha256 not in self.held:
            self.writer.spend(size)
        pointer = Pointer(sha256, self.put(file, sha256))
        return self.add(BLOB, pointer.text()), pointer

    def add(self, kind: int, data: bytes) -> str:
        """Take an object and return its id."""
        return self.writer.add(kind, data)

    def put(self, file: BinaryIO, sha256: str) -> int:
        """Take a large file of that SHA-256 and return its size."""
        return self.blobs.put(file, sha256)[1]


def snapshot(folder: Path, history: HistoryStore, reader: Reader, intake: Intake) -> Snapshot:
    """Read `folder` and return its state; what is new in it goes to `intake`.

    Left out, with the reason in `skipped`: sockets and the like, links that leave
    the folder, names that are not UTF-8, files that may not be read.
    """
    cache = _load(history, reader)
    known = {row.path: row for row in cache.rows}
    intake.writer.certain.update(cache.trees)
    result = Snapshot(rested=time.time_ns() - _REST_NS)
    entries: dict[str, Entry] = {}
    for path, found in list_files(folder, result.skipped):
        row = known.get(path)
        if row is None or not row.matches(found):
            try:
                row = _read(folder, path, found, intake)
            except _SkippedError as reason:
                result.skipped[path] = str(reason)
                continue
        entries[path] = Entry(row.mode, row.oid)
        result.rows.append(row)
        result.bytes += row.size
        if row.large:
            result.large[row.large] = row.size

    def add_tree(data: bytes) -> str:
        oid = intake.add(TREE, data)
        result.trees.append(oid)
        return oid

    result.tree = trees.build(entries, add_tree)
    return result


def list_files(folder: Path, skipped: dict[str, str]) -> Iterator[tuple[str, os.stat_result]]:
    """Give the path and status of each file and link that belongs to the project."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = list(os.scandir(folder / prefix))
        except PermissionError:
            skipped[prefix.rstrip("/")] = "may not be read"
            continue
        if prefix and any(entry.name in _MARKS for entry in entries):
            continue
        for entry in entries:
            if entry.name in IGNORED or entry.name.startswith(durable.TEMPORARY):
                continue
            path = prefix + entry.name
            if not _is_text(path):
                skipped[path.encode(errors="replace").decode()] = "its name is not UTF-8"
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            else:
                try:
                    yield path, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue


def stays_inside(path: str, target: str) -> bool:
    """Tell whether a link at `path` to `target` stays within the project's folder."""
    if not target or posixpath.isabs(target) or "\\" in target or "\0" in target:
        return False
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return reached != ".." and not reached.startswith("../")


class _SkippedError(Exception):
    """The file cannot be part of a version; the text says why."""


def _load(history: HistoryStore, reader: Reader) -> Cache:
    try:
        cache = msgspec.msgpack.decode(history.cache.read_bytes(), type=Cache)
    except (OSError, msgspec.DecodeError):
        return Cache("", [], [])
    # Without its commit the history is not the one that the cache tells of.
    return cache if reader.has(cache.commit) else Cache("", [], [])


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mode(found: os.stat_result) -> int:
    if stat.S_ISLNK(found.st_mode):
        return trees.LINK
    return trees.EXECUTABLE if found.st_mode & stat.S_IXUSR else trees.FILE


def _read(folder: Path, path: str, found: os.stat_result, intake: Intake) -> Row:
    large = None
    if stat.S_ISLNK(found.st_mode):
        target = os.readlink(folder / path)
        if not _is_text(target) or not stays_inside(path, target):
            raise _SkippedError("a link that leaves the project")
        oid = intake.add(BLOB, target.encode())
    elif not stat.S_ISREG(found.st_mode):
        raise _SkippedError("neither a file nor a link")
    else:
        try:
            descriptor = os.open(folder / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except PermissionError:
            raise _SkippedError("may not be read") from None
        except OSError:
            raise _SkippedError("removed or replaced while the version was saved") from None
        with os.fdopen(descriptor, "rb") as file:
            found, oid, large = _read_file(file, path, intake)
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return Row(path, found.st_size, *times, found.st_ino, _mode(found), oid, large)


def _read_file(file: BinaryIO, path: str, intake: Intake) -> tuple[os.stat_result, str, str | None]:
    """Return the file's status, the object it became and, if large, its SHA-256.

    A small file that never rests is taken as it was read last, under a status that its next
    change makes out of date; a large one is left to a later version.
    """
    for _ in range(_TRIES):
        before = os.fstat(file.fileno())
        file.seek(0)
        if before.st_size >= intake.large_file:
            try:
                oid, pointer = intake.large(file)
            except ChangedError:
                continue
            return before, oid, pointer.sha256
        data = file.read()
        if os.fstat(file.fileno()).st_mtime_ns == before.st_mtime_ns:
            break
    if before.st_size >= intake.large_file:
        raise _SkippedError("written to while the version was saved")
    oid, small = intake.small(path, data)
    return before, oid, small.sha256 if small else None
