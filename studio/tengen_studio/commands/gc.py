"""`tengen-studio gc`: finds what nothing refers to any more, and removes it when told to.

Young files are left alone: a version that is being saved puts its files into the store before
any row names them. A file that is used once more is young again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tengen_studio.commands.places import Places
from tengen_studio.db import Database
from tengen_studio.db.tables import history, projects
from tengen_studio.projects import leftovers
from tengen_studio.projects.leftovers import YOUNG_SECONDS
from tengen_studio.storage import Storage

_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Unused:
    """Something in the store that nothing refers to.

    `kind` is "large file", "history" (of a project that is gone), or "objects" (in the history
    of one that is there; `name` is its id).
    """

    kind: str
    name: str
    path: Path
    bytes: int


def find(places: Places, now: float | None = None) -> list[Unused]:
    """Return what could be removed."""
    storage = Storage(places.data_dir)
    limit = (now if now is not None else time.time()) - YOUNG_SECONDS
    # What is in the store is read first: what comes to it afterwards is not judged.
    blobs = [(sha256, storage.blobs.path(sha256)) for sha256 in storage.blobs]
    histories = sorted((places.data_dir / "histories").iterdir())
    database = places.open_database()
    try:
        with database.transaction(read_only=True) as session:
            used = leftovers.used(session)
            commits = {folder.name: _commits(session, folder.name) for folder in histories}
            kept = set(session.scalars(select(projects.Project.id)))
    finally:
        database.close()
    found = [
        Unused("large file", sha256, path, path.stat().st_size)
        for sha256, path in blobs
        if sha256 not in used and _is_old(path, limit)
    ]
    for folder in histories:
        if folder.name not in kept:
            if _is_old(folder, limit):
                found.append(Unused("history", folder.name, folder, sum(_sizes(folder))))
        elif size := storage.history(folder.name).unused(commits[folder.name], limit):
            found.append(Unused("objects", folder.name, folder, size))
    return found


def remove(places: Places, found: list[Unused], now: float | None = None) -> list[Unused]:
    """Remove of `found` what still nothing refers to; return what was removed.

    A project that is being saved for longer than a minute keeps what it has until the next time.
    """
    again = {unused.path for unused in find(places, now)}
    limit = (now if now is not None else time.time()) - YOUNG_SECONDS
    storage = Storage(places.data_dir)
    database = places.open_database()
    removed = []
    try:
        for unused in found:
            if unused.path in again and _remove(unused, storage, database, limit):
                removed.append(unused)
    finally:
        database.close()
    return removed


def _remove(unused: Unused, storage: Storage, database: Database, limit: float) -> bool:
    if unused.kind == "large file":
        return storage.blobs.remove(unused.name, before=limit)
    try:
        with storage.lock(unused.name, _WAIT_SECONDS):
            if unused.kind == "history":
                storage.history(unused.name).remove()
            elif any(storage.journal("any").parent.glob("*.json")):
                return False  # what is unfinished goes back to a state that no version may hold
            else:
                _prune(unused.name, storage, database)
    except Timeout:
        return False
    return True


def _prune(project_id: str, storage: Storage, database: Database) -> None:
    """Take out of a history what no version holds; the caller keeps its writers out."""
    history_store = storage.history(project_id)
    with database.transaction(read_only=True) as session:
        commits = _commits(session, project_id)
    history_store.prune(commits)
    with database.transaction() as session:
        row = session.get(projects.Project, project_id)
        if row is not None:
            large = select(func.sum(history.LargeFile.size)).where(
                history.LargeFile.project_id == project_id
            )
            row.stored = history_store.bytes() + int(session.scalar(large) or 0)


def _commits(session: Session, project_id: str) -> list[str]:
    rows = select(history.Version.commit).where(history.Version.project_id == project_id)
    return list(session.scalars(rows.order_by(history.Version.number)))


def _is_old(path: Path, limit: float) -> bool:
    try:
        return path.stat().st_mtime < limit
    except FileNotFoundError:
        return False


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.stat().st_size
