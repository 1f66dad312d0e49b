"""Versions of a project: saved, listed, read, brought back, forked and pulled.

Every function takes a project that its caller has looked up, and asks for the actor's role in
it. The folder of a project is read by the host alone; others push what they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio.access import HOST_ID, Actor, Role, require, require_copying
from tengen_studio.audit import service as audit
from tengen_studio.context import context_of
from tengen_studio.db import release, utcnow
from tengen_studio.environment import environment
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tengen_studio.history.advance import advance
from tengen_studio.history.drafts import Label, Workshop
from tengen_studio.history.exchange import pull, receive
from tengen_studio.history.merging import merge_contents
from tengen_studio.history.models import Version
from tengen_studio.history.recording import (
    latest,
    parent_of,
    record,
    sees_held,
    shown,
    version,
    workshop,
)
from tengen_studio.history.suspects import scannable
from tengen_studio.paging import newest_first
from tengen_studio.paths import project_folder
from tengen_studio.projects.models import Project
from tengen_studio.steps import RemoveFiles, lock_project, promise
from tengen_studio.storage.folders import Content, write_whole
from tengen_studio.storage.packs import TREE
from tengen_studio.storage.trees import Entry, build

__all__ = [
    "before",
    "begin",
    "clear",
    "contents",
    "copyable",
    "export",
    "files",
    "get",
    "hidden",
    "merge_contents",
    "parse_number",
    "pull",
    "read",
    "receive",
    "restore",
    "save",
    "stream",
    "versions",
    "writer_of",
]

SHOWN = 5


def save(
    session: Session,
    actor: Actor,
    project: Project,
    message: str = "",
    author: Actor | None = None,
    automatic: bool = False,
    reason: str = "",
) -> Version:
    """Save the project's folder as a version; return the newest one if nothing has changed.

    A message makes a version of its own even then. An automatic one has its `reason`.

    Raises:
        NotFoundError, ForbiddenError: by the actor's role, or the folder is the host's.
        OverQuotaError: the quota is used up.
        ConflictError: the project's folder is gone.
    """
    require(session, actor, project, Role.editor)
    folder = project_folder(context_of(session), project)
    if folder is None:
        raise ForbiddenError("This project has no folder here; push a version instead.")
    if actor.id != HOST_ID:
        raise ForbiddenError("The host alone saves from this project's folder; push a version.")
    lock_project(session, project.id)
    newest = latest(session, project)
    place = workshop(session, project)
    release(session)
    label = Label((author or actor).name, message, utcnow())
    draft = place.from_folder(folder, parent_of(newest), label)
    if newest is not None and draft.commit == newest.commit:
        return newest
    why = (reason or "automatic") if automatic else ""
    with_what = {"environment": msgspec.to_builtins(environment())}
    return record(
        session,
        actor,
        project,
        draft,
        message=message,
        reason=why,
        author=author,
        details=with_what,
    )


def begin(
    session: Session,
    actor: Actor,
    project: Project,
    folder: Path,
    message: str,
    details: dict[str, Any],
) -> Version:
    """Add a project that is not in the database yet, with `folder` as its first version.

    Raises:
        OverQuotaError: the quota does not hold it.
    """
    storage = context_of(session).storage
    lock_project(session, project.id)
    place = workshop(session, project)
    release(session)
    own = str(storage.history(project.id).folder)
    promise(session, RemoveFiles([own], unless_committed=True))
    draft = place.from_folder(folder, None, Label(actor.name, message, utcnow()))
    session.add(project)
    session.flush()
    return record(session, actor, project, draft, message=message, details=details)


def copyable(
    session: Session,
    actor: Actor,
    project: Project,
    number: int | None = None,
    *,
    despite_findings: bool = False,
) -> Version:
    """Return the version that the actor may take away, the newest by default.

    Raises:
        NotFoundError: no such version.
        ForbiddenError: the actor may see the project and not copy it.
        ConflictError: it may hold secrets and `despite_findings` was not said.
    """
    require_copying(session, actor, project)
    row = get(session, actor, project, number)
    if row.held and not despite_findings:
        more = f" and {len(row.suspects) - SHOWN} more" if len(row.suspects) > SHOWN else ""
        raise ConflictError(
            f"Version {row.number} may hold secrets, in {', '.join(row.suspects[:SHOWN])}{more}, "
            "and a copy would hold them too. Remove them, or copy it despite the findings."
        )
    return row


def writer_of(session: Session, project: Project, row: Version) -> Callable[[Path], None]:
    """Return what writes a version's files into a new folder."""
    storage = context_of(session).storage
    history, tree = storage.history(project.id), row.tree

    def write(folder: Path) -> None:
        with history.reader() as reader:
            write_whole(Content(reader, storage.blobs), tree, folder)

    return write


def versions(
    session: Session, actor: Actor, project: Project, after: str | None = None
) -> tuple[list[Version], str | None]:
    """Return a page of the project's versions, the newest first, and the next page's cursor.

    Those that are held back are for its editors and owners.
    """
    require(session, actor, project)
    rows = select(Version).where(Version.project_id == project.id)
    if not sees_held(session, actor, project):
        rows = rows.where(Version.held.is_(False))
    return newest_first(session, rows, Version.created, Version.id, after)


def get(session: Session, actor: Actor, project: Project, number: int | None = None) -> Version:
    """Return one version, the newest that the actor may see by default.

    Raises:
        NotFoundError: there is no such version.
        ForbiddenError: it is held back, and the actor is neither editor nor owner.
    """
    return shown(session, actor, project, number)


def hidden(session: Session, actor: Actor, project: Project) -> frozenset[int]:
    """Return the numbers of the versions that are held back from the actor."""
    if sees_held(session, actor, project):
        return frozenset()
    rows = select(Version.number).where(Version.project_id == project.id, Version.held.is_(True))
    return frozenset(session.scalars(rows))


def before(session: Session, actor: Actor, project: Project, number: int) -> int:
    """Return the number of the version before `number` that the actor may see, 0 without one."""
    kept = hidden(session, actor, project)
    return next((other for other in range(number - 1, 0, -1) if other not in kept), 0)


def clear(session: Session, actor: Actor, project: Project, number: int | None = None) -> Version:
    """Show a version that is held back to everybody who sees the project; an owner has looked.

    Raises:
        NotFoundError: no such version.
        ForbiddenError: the actor is no owner.
    """
    require(session, actor, project, Role.owner)
    row = get(session, actor, project, number)
    if row.held:
        audit.record(
            session, actor, "version.clear", project.id, number=row.number, files=len(row.suspects)
        )
        row.held, row.suspects = False, []
        session.flush()
    return row


def parse_number(text: str) -> int | None:
    """Return a version's number, None for "latest".

    Raises:
        InvalidError: neither.
    """
    if text == "latest":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidError(f"A version's number or 'latest' was expected; {text[:40]!r} came.")
    return int(text)


def earlier_details(session: Session, project: Project, number: int) -> Iterator[dict[str, Any]]:
    """Give what was recorded with the versions before `number`, the nearest first."""
    yield from session.scalars(
        select(Version.details)
        .where(Version.project_id == project.id, Version.number < number)
        .order_by(Version.number.desc())
        .limit(100)
    )


def files(
    session: Session, actor: Actor, project: Project, number: int | None = None
) -> list[tuple[str, Entry, int]]:
    """Return the path, entry and size of each file of a version, sorted by path."""
    row = get(session, actor, project, number)
    with context_of(session).storage.history(project.id).reader() as reader:
        found = sorted(reader.files(row.tree).items())
        return [(path, entry, reader.size(entry)) for path, entry in found]


def read(
    session: Session, actor: Actor, project: Project, path: str, number: int | None = None
) -> bytes:
    """Return the content of one file of a version.

    Raises:
        NotFoundError: no such version, or no such file in it.
    """
    return b"".join(stream(session, actor, project, path, number)[1])


def stream(
    session: Session, actor: Actor, project: Project, path: str, number: int | None = None
) -> tuple[int, Iterator[bytes]]:
    """Return the size of one file of a version, and its content in pieces.

    Raises:
        NotFoundError: no such version, or no such file in it.
    """
    row = get(session, actor, project, number)
    storage = context_of(session).storage
    with storage.history(project.id).reader() as reader:
        entry = reader.find(row.tree, path)
        if entry is None:
            raise NotFoundError("This version has no such file.")
        pointer = reader.pointer(entry)
        if pointer is None:
            data = reader.blob(entry.oid)
            return len(data), iter([data])
    return pointer.size, _pieces(storage.blobs.open(pointer.sha256))


def contents(
    session: Session, actor: Actor, project: Project, number: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """Give the path and content of each file of a version, large files left out."""
    row = get(session, actor, project, number)
    with context_of(session).storage.history(project.id).reader() as reader:
        for path, entry in sorted(reader.files(row.tree).items()):
            content = scannable(reader, entry)
            if content is not None:
                yield path, content


def restore(
    session: Session, actor: Actor, project: Project, number: int, path: str | None = None
) -> Version:
    """Bring back a version, or one file of it, as a new version; what was there is kept first.

    Raises:
        NotFoundError: no such version or file.
        ConflictError: a file changed while this went on.
    """
    require(session, actor, project, Role.editor)
    row = version(session, project, number)
    tree = row.tree

    def make_tree(place: Workshop, present: str) -> str:
        if path is None:
            return tree
        history = place.storage.history(project.id)
        with history.reader() as reader:
            entry = reader.find(tree, path)
            if entry is None:
                raise NotFoundError("This version has no such file.")
            kept = without_conflict(reader.files(present), path)
            with history.writer(reader) as writer:
                return build({**kept, path: entry}, lambda data: writer.add(TREE, data))

    what = f"{path} of version {number}" if path else f"version {number}"
    return advance(
        session,
        actor,
        project,
        make_tree,
        message=f"Restored {what}",
        before="before restore",
        reason="restore",
        details={"restored": number, **({"path": path} if path else {})},
    )


def export(
    session: Session,
    actor: Actor,
    project: Project,
    number: int | None = None,
    *,
    despite_findings: bool = False,
) -> tuple[Version, Iterator[tuple[str, Entry, int, Iterator[bytes]]]]:
    """Return a version, and the path, entry, size and content of each of its files.

    The content is read as it is asked for, and needs the session no more.
    """
    row = copyable(session, actor, project, number, despite_findings=despite_findings)
    storage = context_of(session).storage
    history, tree = storage.history(project.id), row.tree

    def walk() -> Iterator[tuple[str, Entry, int, Iterator[bytes]]]:
        with history.reader() as reader:
            for path, entry in sorted(reader.files(tree).items()):
                pointer = reader.pointer(entry)
                if pointer:
                    pieces = _pieces(storage.blobs.open(pointer.sha256))
                    yield path, entry, pointer.size, pieces
                else:
                    data = reader.blob(entry.oid)
                    yield path, entry, len(data), iter([data])

    return row, walk()


def without_conflict(files: dict[str, Entry], path: str) -> dict[str, Entry]:
    """Return `files` less those that cannot stand beside a file at `path`."""
    parts = path.split("/")
    above = {"/".join(parts[:n]) for n in range(1, len(parts))}
    return {
        other: entry
        for other, entry in files.items()
        if other not in above and not other.startswith(f"{path}/")
    }


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(2**20):
            yield piece
