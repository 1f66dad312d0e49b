"""The kinds of steps: what each does to files once its transaction is committed, or is not.

Settling may be cut short and repeated any number of times.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from tengen_studio.storage import Storage, durable
from tengen_studio.storage.folders import Content, converge


class ChangeFolder(msgspec.Struct, tag=True, frozen=True):
    """A project's folder is turned from one tree into another, before the commit."""

    project_id: str
    folder: str
    staging: str
    before: str
    after: str

    def settle(self, storage: Storage, committed: bool) -> None:
        """Turn the folder back, unless it was committed."""
        if committed:
            shutil.rmtree(self.staging, ignore_errors=True)
            return
        with storage.history(self.project_id).reader() as reader:
            content = Content(reader, storage.blobs)
            changes = reader.changes(self.before, self.after)
            converge(content, changes, Path(self.folder), Path(self.staging))


class PlaceFolder(msgspec.Struct, tag=True, frozen=True):
    """A new folder, made under a temporary name, gets its own, where an empty one waits."""

    staging: str
    target: str

    def settle(self, storage: Storage, committed: bool) -> None:
        """Rename the folder, or remove it together with the one that waits."""
        staging, target = Path(self.staging), Path(self.target)
        if not committed:
            shutil.rmtree(staging, ignore_errors=True)
            durable.boundary("staging removed")
            _remove_if_empty(target)
        elif staging.is_dir():
            _remove_if_empty(target)
            if not os.path.lexists(target):
                durable.rename(staging, target)


class MoveFolder(msgspec.Struct, tag=True, frozen=True):
    """A folder moves, as into the trash and out of it, once that is committed."""

    source: str
    target: str

    def settle(self, storage: Storage, committed: bool) -> None:
        """Move the folder, if it was committed and nothing is in the way."""
        source, target = Path(self.source), Path(self.target)
        if committed and source.is_dir() and not os.path.lexists(target):
            durable.make_directory(target.parent)
            durable.rename(source, target)


class RemoveFiles(msgspec.Struct, tag=True, frozen=True):
    """Folders are removed for good once that is committed; or, if so said, unless it is."""

    paths: list[str]
    unless_committed: bool = False

    def settle(self, storage: Storage, committed: bool) -> None:
        """Remove them, or leave them."""
        if committed == self.unless_committed:
            return
        for path in self.paths:
            shutil.rmtree(path, ignore_errors=True)
            durable.boundary("folder removed")


Step = ChangeFolder | PlaceFolder | MoveFolder | RemoveFiles


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
