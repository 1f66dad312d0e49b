"""The two sides of a comparison: versions, and the folder as it is now."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tengen_studio.storage.folders import Content
from tengen_studio.storage.history import HistoryStore
from tengen_studio.storage.packs import TREE, PackWriter, object_id
from tengen_studio.storage.scan import Intake, snapshot
from tengen_studio.storage.trees import Change, Entry, changes, decode_tree


class Sides:
    """An old and a new version of one project, read through one reader."""

    def __init__(self, content: Content, old: str | None, new: str) -> None:
        self._content = content
        self._old = old
        self._new = new

    def changes(self) -> list[Change]:
        """Return the files that differ, sorted by path."""
        return self._content.reader.changes(self._old, self._new)

    def old_entry(self, path: str) -> Entry | None:
        """Return the old side's file at `path`, or None."""
        return self._content.reader.find(self._old, path) if self._old else None

    def new_entry(self, path: str) -> Entry | None:
        """Return the new side's file at `path`, or None."""
        return self._content.reader.find(self._new, path)

    def old_size(self, entry: Entry) -> int:
        """Return the size of a file of the old side."""
        return self._content.reader.size(entry)

    def new_size(self, path: str, entry: Entry) -> int:
        """Return the size of a file of the new side."""
        return self._content.reader.size(entry)

    def old_content(self, entry: Entry) -> bytes:
        """Return the content of a file of the old side."""
        return self._content.read(entry)

    def new_content(self, path: str, entry: Entry) -> bytes:
        """Return the content of a file of the new side."""
        return self._content.read(entry)

    def old_hash(self, entry: Entry, data: bytes) -> str:
        """Return the SHA-256 of a file of the old side, whose content was read if it is small."""
        pointer = self._content.reader.pointer(entry)
        return pointer.sha256 if pointer else hashlib.sha256(data).hexdigest()

    def new_hash(self, path: str, entry: Entry, data: bytes) -> str:
        """Return the SHA-256 of a file of the new side, whose content was read if it is small."""
        return self.old_hash(entry, data)


class FolderSides(Sides):
    """A version, and the folder as it is now; nothing is written."""

    def __init__(
        self,
        content: Content,
        old: str | None,
        folder: Path,
        history: HistoryStore,
        large_file: int,
    ) -> None:
        unused = PackWriter(history.packs, content.reader.has)
        intake = _Looking(unused, content.blobs, large_file)
        found = snapshot(folder, history, content.reader, intake)
        super().__init__(content, old, found.tree)
        self._folder = folder
        self._trees = intake.trees
        self._rows = {row.path: row for row in found.rows}

    def changes(self) -> list[Change]:
        return changes(self._old, self._new, self._read)

    def new_entry(self, path: str) -> Entry | None:
        row = self._rows.get(path)
        return Entry(row.mode, row.oid) if row else None

    def new_size(self, path: str, entry: Entry) -> int:
        return self._rows[path].size

    def new_content(self, path: str, entry: Entry) -> bytes:
        file = self._folder / path
        return str(file.readlink()).encode() if file.is_symlink() else file.read_bytes()

    def new_hash(self, path: str, entry: Entry, data: bytes) -> str:
        return self._rows[path].large or hashlib.sha256(data).hexdigest()

    def _read(self, oid: str) -> dict[str, Entry]:
        return self._trees.get(oid) or self._content.reader.tree(oid)


@dataclass(frozen=True)
class _Looking(Intake):
    """Takes nothing in; knows the ids that things would have, and the folders' entries."""

    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def add(self, kind: int, data: bytes) -> str:
        oid = object_id(kind, data)
        if kind == TREE:
            self.trees[oid] = decode_tree(data)
        return oid

    def put(self, file: BinaryIO, sha256: str) -> int:
        return file.seek(0, os.SEEK_END)
