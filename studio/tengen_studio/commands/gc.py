"""`tengen-studio gc`: finds what nothing refers to any more, and removes it when told to.

Young files are left alone: a version that is being saved puts its files into the store before
any row names them. A file that is used once more is young again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tengen_studio.commands.places import Places
from tengen_studio.db import Database
from tengen_studio.db.tables import datasets, history, projects, saving
from tengen_studio.storage import Storage

YOUNG_SECONDS = 3600


@dataclass(frozen=True)
class Unused:
    """Something in the store that nothing refers to."""

    kind: str
    name: str
    path: Path
    bytes: int


def find(places: Places, now: float | None = None) -> list[Unused]:
    """Return what could be removed: large files, and the histories of deleted projects."""
    storage = Storage(places.data_dir)
    limit = (now if now is not None else time.time()) - YOUNG_SECONDS
    # What is in the store is read first: what comes to it afterwards is not judged.
    blobs = [(sha256, storage.blobs.path(sha256)) for sha256 in storage.blobs]
    histories = sorted((places.data_dir / "histories").iterdir())
    database = places.open_database()
    try:
        used, kept = _referred(database)
    finally:
        database.close()
    found = [
        Unused("large file", sha256, path, path.stat().st_size)
        for sha256, path in blobs
        if sha256 not in used and _is_old(path, limit)
    ]
    found += [
        Unused("history", folder.name, folder, sum(_sizes(folder)))
        for folder in histories
        if folder.name not in kept and _is_old(folder, limit)
    ]
    return found


def remove(places: Places, found: list[Unused], now: float | None = None) -> list[Unused]:
    """Remove of `found` what still nothing refers to; return what was removed."""
    again = {unused.path for unused in find(places, now)}
    storage = Storage(places.data_dir)
    removed = []
    for unused in found:
        if unused.path not in again:
            continue
        if unused.kind == "history":
            with storage.lock(unused.name):
                storage.history(unused.name).remove()
        else:
            storage.blobs.remove(unused.name)
        removed.append(unused)
    return removed


def _referred(database: Database) -> tuple[set[str], set[str]]:
    with database.transaction(read_only=True) as session:
        used = set(session.scalars(select(history.LargeFile.sha256)))
        used |= set(session.scalars(select(datasets.DatasetFile.sha256)))
        for column in (saving.RefusedSave.content, saving.RefusedSave.base):
            used |= {sha256 for sha256 in session.scalars(select(column)) if sha256}
        kept = set(session.scalars(select(projects.Project.id)))
    return used, kept


def _is_old(path: Path, limit: float) -> bool:
    try:
        return path.stat().st_mtime < limit
    except FileNotFoundError:
        return False


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.stat().st_size
