"""Writing to disk so that a crash leaves the old state or the new one, never a half.

Every write, fsync, rename and removal that the studio does on its own data passes through
here; `boundary` is called before and after each, which is where the crash test kills.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".tengen-new-"
_hook: Callable[[str], None] | None = None


def boundary(name: str) -> None:
    """Tell the watcher, if there is one, that a write boundary was reached."""
    if _hook is not None:
        _hook(name)


def watch_boundaries(hook: Callable[[str], None] | None) -> None:
    """Have `hook` called with each boundary's name; None ends it."""
    global _hook
    _hook = hook


@contextmanager
def synced_file(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Give the new file `path` to write; at the end its content is on the disk.

    If the block raises, the file is removed.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, mode)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            boundary("file made")
            yield file
            file.flush()
            boundary("file written")
            os.fsync(file.fileno())
            boundary("file synced")
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def new_file(target: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Give a file to write; at the end it is on the disk under `target`, whole.

    Until then it has a temporary name beside `target`; if the block raises, it is removed.
    An existing `target` is replaced.
    """
    temporary = temporary_name(target.parent)
    with synced_file(temporary, mode) as file:
        yield file
    try:
        rename(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def temporary_name(folder: Path) -> Path:
    """Return a free name in `folder` that no listing of the studio's shows."""
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def write_file(target: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` as the whole of `target`, replacing what was there."""
    with new_file(target, mode) as file:
        file.write(data)


def sync_directory(folder: Path) -> None:
    """Put the names in `folder` on the disk; where a system cannot, its rename has to do."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    boundary("folder synced")


def sync_file(path: Path) -> None:
    """Put the content of a file on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    boundary("file synced")


def make_directory(folder: Path, mode: int = 0o700) -> None:
    """Make `folder` and its parents; existing ones are left as they are."""
    if folder.is_dir():
        return
    make_directory(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    boundary("folder made")
    sync_directory(folder.parent)


def remove_file(path: Path) -> None:
    """Remove a file or a link; one that is gone already is fine."""
    path.unlink(missing_ok=True)
    boundary("file removed")


def rename(source: Path, target: Path) -> None:
    """Rename, replacing a file of that name, and put both folders' names on the disk."""
    os.replace(source, target)
    boundary("renamed")
    sync_directory(target.parent)
    if source.parent != target.parent:
        sync_directory(source.parent)
