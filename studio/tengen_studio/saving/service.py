"""Refused saves: kept, listed, joined with the file or put beside it; and projects' folders."""

from __future__ import annotations

import io
import logging
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import HOST_ID, Actor
from tengen_studio.context import StudioContext, context_of
from tengen_studio.db import release
from tengen_studio.errors import ConflictError, NotFoundError, StudioError, refusal_of
from tengen_studio.history import service as history
from tengen_studio.paging import newest_first
from tengen_studio.projects.models import Project
from tengen_studio.saving import schemas
from tengen_studio.saving.models import RefusedSave
from tengen_studio.saving.writing import Files, StaleError, file_hash
from tengen_studio.storage.blobs import ChangedError
from tengen_studio.storage.names import BadPathError, checked_path

log = logging.getLogger(__name__)

SERVER = Actor("host", HOST_ID, "Host")


def keep_refused(context: StudioContext, path: str, data: bytes, base: bytes | None) -> str:
    """Keep what a stale writer wanted to save at `path`, and return the refused save's id."""
    with context.transaction() as session:
        return _keep(session, path, data, base).id


def keep_file(context: StudioContext, path: str, file: Path, base: bytes | None = None) -> str:
    """Keep the content of `file` as what was to be at `path`; return the refused save's id.

    Raises:
        ConflictError: it changed while it was read.
    """
    try:
        with file.open("rb") as source:
            sha256, size = context.storage.blobs.put(source)
    except ChangedError:
        raise ConflictError(f"{path} is being written by another program; try again.") from None
    with context.transaction() as session:
        return _add(session, path, sha256, size, base).id


def listing(
    session: Session, actor: Actor, path: str | None = None, after: str | None = None
) -> schemas.RefusedSavePage:
    """Return a page of the refused saves, of one file or of all, the newest first."""
    statement = select(RefusedSave).where(RefusedSave.root == str(context_of(session).root))
    if path is not None:
        statement = statement.where(RefusedSave.path == path)
    rows, cursor = newest_first(session, statement, RefusedSave.created, RefusedSave.id, after)
    items = [
        schemas.RefusedSave(
            row.id,
            row.path,
            row.created.isoformat(),
            row.size,
            _joined(context_of(session), row) is not None,
        )
        for row in rows
    ]
    return schemas.RefusedSavePage(items, cursor)


def content(session: Session, actor: Actor, refused_id: str) -> tuple[str, bytes]:
    """Return the file name and content of a refused save."""
    row = _get(session, refused_id)
    return PurePosixPath(row.path).name, _blob(context_of(session), row.content)


def settle(
    session: Session, actor: Actor, refused_id: str, how: str, files: Files
) -> schemas.Settled:
    """Bring a refused save back, as `how` says; it is no longer a refused one then.

    Raises:
        ConflictError: both sides changed the same, or the file has changed once more.
    """
    context = context_of(session)
    row = _get(session, refused_id)
    path = _resolved(context, row.path)
    mine = _blob(context, row.content)
    release(session)
    if how == "beside":
        path, wanted, data = _beside(path), "", mine
    elif how == "take":
        wanted, data = file_hash(path), mine
        if wanted:
            # In a transaction of its own: what is there must not depend on this one's end.
            keep_refused(context, row.path, path.read_bytes(), _base_of(context, row))
    else:
        wanted = file_hash(path)
        joined = _joined(context, row)
        if joined is None:
            raise ConflictError(
                "Both sides changed the same lines, or nobody knows what they started from. "
                "Put one beside the other."
            )
        data = joined
    try:
        files.replace(path, data, wanted)
    except StaleError:
        raise ConflictError(f"{row.path} has just been changed once more; try again.") from None
    session.delete(row)
    audit.record(session, actor, "refused_save.settle", how=how, path=row.path)
    return schemas.Settled(path.relative_to(context.root).as_posix())


def discard(session: Session, actor: Actor, refused_id: str) -> None:
    """Forget a refused save."""
    row = _get(session, refused_id)
    audit.record(session, actor, "refused_save.discard", path=row.path)
    session.delete(row)


def before_delete(context: StudioContext, path: str) -> None:
    """Save a version of the project that the file or folder at `path` belongs to."""
    with context.transaction(read_only=True) as session:
        project = _project_at(session, path)
    if project is None:
        return
    try:
        with context.transaction() as session:
            found = session.get(Project, project.id)
            assert found is not None
            history.save(session, SERVER, found, automatic=True, reason="before delete")
    except (StudioError, OSError, DBAPIError) as error:
        # The file goes to the system's trash; a full quota, and a full disk above all, must
        # not make it undeletable.
        refusal = error if isinstance(error, StudioError) else refusal_of(error)
        if refusal is None:
            raise
        log.warning("no version before %s was deleted: %s", path, refusal.message)


def folder_moved(context: StudioContext, old: str, new: str) -> None:
    """Have projects follow their folders from `old` to `new`, as those within them."""
    with context.transaction() as session:
        rows = session.scalars(
            select(Project).where(Project.root == str(context.root), Project.directory.is_not(None))
        )
        for project in rows:
            assert project.directory is not None
            if project.directory == old or project.directory.startswith(f"{old}/"):
                project.directory = new + project.directory[len(old) :]


def _keep(session: Session, path: str, data: bytes, base: bytes | None) -> RefusedSave:
    return _add(session, path, *context_of(session).storage.blobs.put(io.BytesIO(data)), base)


def _add(session: Session, path: str, sha256: str, size: int, base: bytes | None) -> RefusedSave:
    context = context_of(session)
    row = RefusedSave(
        root=str(context.root),
        path=path,
        content=sha256,
        base=context.storage.blobs.put(io.BytesIO(base))[0] if base is not None else None,
        size=size,
    )
    session.add(row)
    session.flush()
    return row


def _get(session: Session, refused_id: str) -> RefusedSave:
    row = session.get(RefusedSave, refused_id)
    if row is None or row.root != str(context_of(session).root):
        raise NotFoundError("There is no such refused save.")
    return row


def _project_at(session: Session, path: str) -> Project | None:
    rows = session.scalars(
        select(Project).where(
            Project.root == str(context_of(session).root),
            Project.directory.is_not(None),
            Project.trashed.is_(None),
        )
    )
    return next(
        (p for p in rows if path == p.directory or path.startswith(f"{p.directory}/")), None
    )


def _resolved(context: StudioContext, path: str) -> Path:
    """Return where the file of a refused save lies: it was checked when it was to be saved."""
    try:
        found = context.root / checked_path(path)
    except BadPathError:
        raise NotFoundError("There is no such file.") from None
    parent = found.parent.resolve()
    if parent != context.root and context.root not in parent.parents:
        raise NotFoundError("There is no such file.")
    return found


def _blob(context: StudioContext, sha256: str) -> bytes:
    with context.storage.blobs.open(sha256) as file:
        return file.read()


def _base_of(context: StudioContext, row: RefusedSave) -> bytes | None:
    return _blob(context, row.base) if row.base else None


def _joined(context: StudioContext, row: RefusedSave) -> bytes | None:
    """Return the file as it is now joined with the refused save, or None where that fails."""
    base = _base_of(context, row)
    try:
        present = _resolved(context, row.path).read_bytes()
    except (OSError, NotFoundError):
        return None
    if base is None:
        return None
    return history.merge_contents(row.path, base, present, _blob(context, row.content))


def _beside(path: Path) -> Path:
    number, found = 1, path
    while found.exists() or found.is_symlink():
        counted = "refused" if number == 1 else f"refused {number}"
        found = path.with_name(f"{path.stem} ({counted}){path.suffix}")
        number += 1
    return found
