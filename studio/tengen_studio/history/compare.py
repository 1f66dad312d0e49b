"""What differs between two versions, or between a version and the folder as it is now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from tengen_studio.errors import NotFoundError
from tengen_studio.history import notebooks, schemas, texts
from tengen_studio.history.sides import Sides
from tengen_studio.storage import trees
from tengen_studio.storage.trees import Change, Entry

MOST_COMPARED = 8 * 2**20


@dataclass(frozen=True)
class Renamed:
    """A change of a file, or of its name alone."""

    path: str
    old_path: str | None
    old: Entry | None
    new: Entry | None

    @property
    def status(self) -> schemas.Status:
        """Return what happened to the file."""
        if self.old_path is not None:
            return "renamed"
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


def with_renames(changes: list[Change]) -> list[Renamed]:
    """Return the changes, a file that came where an equal one went being one that was renamed."""
    gone: dict[Entry, list[str]] = {}
    for path, old, new in changes:
        if old is not None and new is None:
            gone.setdefault(old, []).append(path)
    found, taken = [], set()
    for path, old, new in changes:
        if old is None and new is not None and gone.get(new):
            source = gone[new].pop(0)
            taken.add(source)
            found.append(Renamed(path, source, new, new))
        else:
            found.append(Renamed(path, None, old, new))
    return [it for it in found if not (it.new is None and it.path in taken)]


def listing(sides: Sides) -> list[schemas.FileChange]:
    """Return every file that differs, sorted by path."""
    return [
        schemas.FileChange(
            path=it.path,
            old_path=it.old_path,
            status=it.status,
            old_size=sides.old_size(it.old) if it.old else None,
            new_size=sides.new_size(it.path, it.new) if it.new else None,
        )
        for it in with_renames(sides.changes())
    ]


def file_diff(sides: Sides, path: str, old_path: str | None) -> schemas.FileDiff:
    """Return how one file differs.

    Raises:
        NotFoundError: neither side has it.
    """
    old = sides.old_entry(old_path or path)
    new = sides.new_entry(path)
    if old is None and new is None:
        raise NotFoundError("Neither side has such a file.")
    large = any(
        size > MOST_COMPARED
        for size in (
            sides.old_size(old) if old else 0,
            sides.new_size(path, new) if new else 0,
        )
    )
    before = sides.old_content(old) if old and not large else b""
    after = sides.new_content(path, new) if new and not large else b""
    kind = _kind(path, old, new, before, after)
    hunks: list[schemas.Hunk] = []
    cells: list[schemas.CellDiff] = []
    metadata: list[schemas.Hunk] = []
    if kind == "notebook":
        cells, metadata = _cells(before, after)
    elif kind in ("text", "link"):
        one, two = texts.decoded(before) or "", texts.decoded(after) or ""
        large = texts.is_long(one) or texts.is_long(two)
        hunks = [] if large else texts.hunks(one, two)
    return schemas.FileDiff(
        path=path,
        kind=kind,
        old=_side(sides.old_size(old), sides.old_hash(old, before), old) if old else None,
        new=_side(sides.new_size(path, new), sides.new_hash(path, new, after), new)
        if new
        else None,
        large=large,
        hunks=hunks,
        cells=cells,
        metadata=metadata,
    )


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def _side(size: int, digest: str, entry: Entry) -> schemas.Side:
    return schemas.Side(size, digest, entry.mode == trees.EXECUTABLE)


def _kind(
    path: str, old: Entry | None, new: Entry | None, before: bytes, after: bytes
) -> Literal["text", "notebook", "binary", "link"]:
    if any(entry is not None and entry.mode == trees.LINK for entry in (old, new)):
        return "link"
    if path.endswith(".ipynb") and all(
        not data or notebooks.read_notebook(data) is not None for data in (before, after)
    ):
        return "notebook"
    return "binary" if None in (texts.decoded(before), texts.decoded(after)) else "text"


def _cells(before: bytes, after: bytes) -> tuple[list[schemas.CellDiff], list[schemas.Hunk]]:
    empty = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    old = notebooks.read_notebook(before or empty)
    new = notebooks.read_notebook(after or empty)
    if old is None or new is None:
        return [], []
    return notebooks.compare(old, new)
