"""Writes versions into folders: a whole one anew, or one version in the place of another.

A change of a folder is staged first, so that what can fail (space, permissions) fails before
anything is touched; it can be undone until it is settled, on a full disk as well: what it
replaces keeps a second name until then. Files that are in neither version
are left alone, and so is a file that somebody has changed meanwhile.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from tengen_studio.errors import ConflictError, is_full
from tengen_studio.storage import durable, trees
from tengen_studio.storage.blobs import BlobStore, digest
from tengen_studio.storage.history import Reader
from tengen_studio.storage.names import BadPathError, check_case
from tengen_studio.storage.packs import BLOB, object_id
from tengen_studio.storage.scan import stays_inside
from tengen_studio.storage.trees import Change, Entry

_SYNC_EACH = 200
_OLD = "old-"


class MeanwhileError(Exception):
    """Somebody else changed the file `path` meanwhile."""

    def __init__(self, path: str) -> None:
        super().__init__(f"[folder] {path} as it was saved was expected; it has changed")
        self.path = path


class Content:
    """What the entries of versions contain, from a history and the blobs."""

    def __init__(self, reader: Reader, blobs: BlobStore) -> None:
        self.reader = reader
        self.blobs = blobs

    def write(self, entry: Entry, file: BinaryIO) -> None:
        """Write the real content of a file to `file`."""
        pointer = self.reader.pointer(entry)
        if pointer:
            self.blobs.copy_to(pointer.sha256, file)
        else:
            file.write(self.reader.blob(entry.oid))

    def read(self, entry: Entry) -> bytes:
        """Return the real content of a file."""
        kept = io.BytesIO()
        self.write(entry, kept)
        return kept.getvalue()

    def is_at(self, path: Path, entry: Entry) -> bool:
        """Tell whether the file at `path` is `entry`: kind, content and whether executable."""
        found = path.lstat()
        if entry.mode == trees.LINK:
            return stat.S_ISLNK(found.st_mode) and (
                os.readlink(path).encode() == self.reader.blob(entry.oid)
            )
        executable = trees.EXECUTABLE if found.st_mode & stat.S_IXUSR else trees.FILE
        if not stat.S_ISREG(found.st_mode) or executable != entry.mode:
            return False
        pointer = self.reader.pointer(entry)
        if found.st_size != self.reader.size(entry):
            return False
        if pointer:
            with path.open("rb") as file:
                return digest(file)[0] == pointer.sha256
        return object_id(BLOB, path.read_bytes()) == entry.oid


def write_whole(content: Content, tree: str, folder: Path) -> None:
    """Write every file of `tree` into the new folder `folder`; `sync_whole` makes it last.

    Raises:
        ConflictError: this disk takes two of the files' names for one.
    """
    folder.mkdir(mode=0o777)
    files = content.reader.files(tree)
    try:
        check_case(files, folder)
    except BadPathError as error:
        raise ConflictError(f"The version cannot be written here: {error}.") from None
    for path, entry in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_new(content, path, entry, target, sync=False)
        durable.boundary("file written")


def sync_whole(folder: Path) -> None:
    """Put every file and name under `folder` on the disk."""
    found = [(Path(top), files) for top, _, files in os.walk(folder)]
    if sum(len(files) for _, files in found) > _SYNC_EACH and hasattr(os, "sync"):
        # One flush of the whole disk takes less than ten thousand of one file each.
        os.sync()
        durable.boundary("disk synced")
        return
    for top, names in found:
        for name in names:
            if not (top / name).is_symlink():
                durable.sync_file(top / name)
        durable.sync_directory(top)


def change(content: Content, changes: list[Change], folder: Path, staging: Path) -> None:
    """Turn the old entries of `changes` into the new ones.

    `staging` is a new folder on the same disk; the caller removes it when the change is to stay.
    Nothing is touched if a file is not what `changes` says it was; a failure later leaves it to
    the caller to `converge` back.

    Raises:
        MeanwhileError: a file is not the old entry of its change.
    """
    _stage(content, [(path, new) for path, _, new in changes], staging)
    for number, (path, old, _) in enumerate(changes):
        _expect(content, folder, path, old)
        if old is not None:
            _keep(folder / path, staging / f"{_OLD}{number}")
    durable.sync_directory(staging)
    for path, old, new in changes:
        if new is None:
            _expect(content, folder, path, old)
            durable.remove_file(folder / path)
            _remove_empty_parents(folder, path)
    for number, (path, old, new) in enumerate(changes):
        staged = staging / str(number)
        if new is not None and os.path.lexists(staged):
            _expect(content, folder, path, old)
            _make_parents(folder, path)
            _place(staged, folder / path)


def converge(content: Content, changes: list[Change], folder: Path, staging: Path) -> None:
    """Bring a folder that `change` left halfway back to the old entries of `changes`.

    A file that is neither the old entry nor the new one is somebody's work and stays.
    """
    if not folder.is_dir():
        shutil.rmtree(staging, ignore_errors=True)
        return
    _stage_back(content, [(path, old) for path, old, _ in changes], folder, staging)
    for path, old, new in changes:
        if new is not None and old is None:
            if _is(content, folder, path, new):
                durable.remove_file(folder / path)
            # The folders may have been made for a file that never came.
            _remove_empty_parents(folder, path)
    for number, (path, old, new) in enumerate(changes):
        if old is None or _is(content, folder, path, old):
            continue
        there = os.path.lexists(folder / path)
        if there and not (new is not None and _is(content, folder, path, new)):
            continue
        staged = staging / str(number)
        if not os.path.lexists(staged):
            continue
        try:
            _make_parents(folder, path)
            _place(staged, folder / path)
        except MeanwhileError:
            continue
    shutil.rmtree(staging, ignore_errors=True)


def _stage(content: Content, files: list[tuple[str, Entry | None]], staging: Path) -> None:
    staging.mkdir(mode=0o700)
    durable.boundary("staging made")
    for number, (path, entry) in enumerate(files):
        if entry is not None:
            _write_new(content, path, entry, staging / str(number), sync=True)
    durable.sync_directory(staging)


def _stage_back(
    content: Content, files: list[tuple[str, Entry | None]], folder: Path, staging: Path
) -> None:
    """Have in `staging` the old entry of each file that is not as it was, under its number.

    The second name that `change` has given is used where what it leads to is still the same.
    """
    staging.mkdir(mode=0o700, exist_ok=True)
    durable.boundary("staging made")
    for number, (path, entry) in enumerate(files):
        staged, kept = staging / str(number), staging / f"{_OLD}{number}"
        staged.unlink(missing_ok=True)
        if entry is None or _is(content, folder, path, entry):
            continue
        if _is(content, staging, kept.name, entry):
            durable.rename(kept, staged)
        else:
            _write_new(content, path, entry, staged, sync=True)
    durable.sync_directory(staging)


def _keep(path: Path, name: Path) -> None:
    """Give a file a second name, where the file system has such."""
    try:
        os.link(path, name, follow_symlinks=False)
    except (OSError, NotImplementedError) as error:
        if is_full(error):
            raise
    durable.boundary("old file kept")


def _write_new(content: Content, path: str, entry: Entry, target: Path, *, sync: bool) -> None:
    if entry.mode == trees.LINK:
        link = content.reader.blob(entry.oid).decode()
        if stays_inside(path, link):
            target.symlink_to(link)
        return
    mode = 0o777 if entry.mode == trees.EXECUTABLE else 0o666
    if sync:
        with durable.synced_file(target, mode) as file:
            content.write(entry, file)
        return
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        content.write(entry, file)


def _expect(content: Content, folder: Path, path: str, entry: Entry | None) -> None:
    if entry is None:
        # A folder there may give way when its own files are removed.
        if os.path.lexists(folder / path) and not (folder / path).is_dir():
            raise MeanwhileError(path)
    elif not _is(content, folder, path, entry):
        raise MeanwhileError(path)


def _is(content: Content, folder: Path, path: str, entry: Entry) -> bool:
    if _linked_parent(folder, path):
        return False
    try:
        return content.is_at(folder / path, entry)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _place(staged: Path, target: Path) -> None:
    try:
        durable.rename(staged, target)
    except IsADirectoryError:
        raise MeanwhileError(target.name) from None


def _linked_parent(folder: Path, path: str) -> bool:
    """Tell whether a folder on the way to `path` is a link: nothing is followed out."""
    parts = path.split("/")[:-1]
    return any(folder.joinpath(*parts[: n + 1]).is_symlink() for n in range(len(parts)))


def _make_parents(folder: Path, path: str) -> None:
    if _linked_parent(folder, path):
        raise MeanwhileError(path)
    parent = (folder / path).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise MeanwhileError(path) from None


def _remove_empty_parents(folder: Path, path: str) -> None:
    parent = (folder / path).parent
    while parent != folder:
        try:
            parent.rmdir()
        except OSError:
            return
        parent = parent.parent
