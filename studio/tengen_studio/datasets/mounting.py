"""Puts a data set's files into a project's folder under `datasets/<name>`, and takes them out.

The files are hard links to the studio's own copy, without write permission, so that they take no
further space and cannot be changed by mistake; where the folder lies on another disk they are
copies. `datasets.json` beside them says which data sets the project uses, by checksum: that file
is what a version records, and the files themselves never go into the history.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from tengen_studio.datasets.listing import Listed
from tengen_studio.errors import ConflictError, InvalidError
from tengen_studio.storage import durable
from tengen_studio.storage.blobs import BlobStore
from tengen_studio.storage.scan import DATASET_MARK

LOCK = "datasets.json"
FOLDER = "datasets"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class LockEntry(Struct, frozen=True):
    """One data set in `datasets.json`; `url` is where it came from, if that is an address.

    What signs the address is left out of it: the file goes with every version.
    """

    name: str
    dataset: str
    version: str
    sha256: str
    files: int
    bytes: int
    licence: str = ""
    url: str = ""


class Lock(Struct, frozen=True):
    """The file `datasets.json`."""

    datasets: list[LockEntry]


def check_name(name: str) -> str:
    """Return `name` if a data set's folder may have it.

    Raises:
        InvalidError: not letters, digits and `._-`, or it starts with none of the first two.
    """
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise InvalidError("A data set's name has letters, digits, '.', '-' and '_' only.")
    return name


def read_lock(directory: Path) -> list[LockEntry]:
    """Return what the project's `datasets.json` lists, by name; a broken file lists nothing."""
    try:
        content = (directory / LOCK).read_bytes()
    except OSError:
        return []
    return parse_lock(content)


def parse_lock(content: bytes) -> list[LockEntry]:
    """Return the entries of a `datasets.json`; those with names that cannot be are left out."""
    try:
        entries = msgspec.json.decode(content, type=Lock).datasets
    except msgspec.DecodeError:
        return []
    return sorted((e for e in entries if _NAME.fullmatch(e.name)), key=lambda e: e.name)


def write_lock(directory: Path, entries: Iterable[LockEntry]) -> None:
    """Write the project's `datasets.json`, or remove it where nothing is left to list."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    if not ordered:
        (directory / LOCK).unlink(missing_ok=True)
        return
    text = msgspec.json.format(msgspec.json.encode(Lock(ordered)), indent=2)
    durable.write_file(directory / LOCK, text + b"\n", mode=0o644)


def mount(directory: Path, name: str, files: Iterable[Listed], blobs: BlobStore) -> None:
    """Make `datasets/<name>` of `files`, whole or not at all.

    Raises:
        ConflictError: something of that name is there, or `datasets` is no folder of the project.
    """
    parent = _parent(directory)
    target = parent / name
    if target.is_symlink() or target.exists():
        raise ConflictError(f"{FOLDER}/{name} is there already; choose another name.")
    staging = durable.temporary_name(parent)
    staging.mkdir()
    try:
        (staging / DATASET_MARK).write_text("Mounted by Tengen Studio; no part of a version.\n")
        for file in files:
            place = staging / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(blobs.path(file.sha256), place)
        staging.rename(target)
    except BaseException:
        _remove(staging)
        raise
    durable.sync_directory(parent)


def unmount(directory: Path, name: str) -> None:
    """Remove `datasets/<name>`; the studio's own copy stays."""
    target = _parent(directory) / name
    if target.is_dir() and not target.is_symlink():
        hidden = durable.temporary_name(target.parent)
        target.rename(hidden)
        _remove(hidden)
    parent = directory / FOLDER
    if not any(parent.iterdir()):
        parent.rmdir()


def is_whole(directory: Path, name: str, files: Iterable[Listed]) -> bool | None:
    """Tell whether `datasets/<name>` has exactly `files` by name and size; None if not there."""
    target = directory / FOLDER / name
    if not target.is_dir() or target.is_symlink():
        return None
    there = {
        Path(folder, file).relative_to(target).as_posix(): os.lstat(Path(folder, file))
        for folder, _, names in os.walk(target)
        for file in names
        if file != DATASET_MARK
    }
    wanted = {file.path: file.size for file in files}
    return wanted == {
        path: found.st_size if stat.S_ISREG(found.st_mode) else -1 for path, found in there.items()
    }


def _parent(directory: Path) -> Path:
    parent = directory / FOLDER
    if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
        raise ConflictError(f"{FOLDER} in the project is not a folder of its own.")
    parent.mkdir(exist_ok=True)
    return parent


def _link(blob: Path, place: Path) -> None:
    try:
        os.link(blob, place)
    except OSError:
        # Another disk, a file system without links, or too many links to one file.
        shutil.copyfile(blob, place)
        place.chmod(0o444)


def _remove(folder: Path) -> None:
    def again(function: Callable[[str], object], path: str, _: object) -> None:
        os.chmod(os.path.dirname(path), 0o700)
        function(path)

    shutil.rmtree(folder, onerror=again)
