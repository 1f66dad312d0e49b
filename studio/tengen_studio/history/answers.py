"""What the history's routes do: look the project up, call the service, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from sqlalchemy.orm import Session

from tengen_studio.access import HOST_ID, Actor, Role
from tengen_studio.context import context_of
from tengen_studio.db import hold, release
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError
from tengen_studio.history import compare, models, schemas, service
from tengen_studio.history.merging import Joined
from tengen_studio.history.sides import FolderSides, Sides
from tengen_studio.paths import project_folder
from tengen_studio.projects import service as projects
from tengen_studio.storage import archives, trees
from tengen_studio.storage.folders import Content

Item = TypeVar("Item")

PAGE = 1_000
_UNTOLD = {"skipped", "environment"}
_KINDS = {trees.FILE: "file", trees.EXECUTABLE: "executable", trees.LINK: "link"}


def save(session: Session, actor: Actor, project_id: str, message: str) -> schemas.Version:
    """Save the project's folder, and return the newest version."""
    if len(message) > 10_000 or "\0" in message:
        raise InvalidError("message: a text of at most 10000 characters was expected.")
    project = projects.get(session, actor, project_id, Role.editor)
    return version_answer(service.save(session, actor, project, message.strip()))


def versions(
    session: Session, actor: Actor, project_id: str, after: str | None
) -> schemas.VersionPage:
    """Return a page of the project's versions, the newest first."""
    project = projects.get(session, actor, project_id)
    rows, cursor = service.versions(session, actor, project, after)
    return schemas.VersionPage([version_answer(row) for row in rows], cursor)


def version(session: Session, actor: Actor, project_id: str, number: str) -> schemas.Version:
    """Return one version; `number` may be "latest"."""
    project = projects.get(session, actor, project_id)
    return version_answer(service.get(session, actor, project, service.parse_number(number)))


def files(
    session: Session, actor: Actor, project_id: str, number: str, after: str | None
) -> schemas.FilePage:
    """Return a page of a version's files, sorted by path."""
    project = projects.get(session, actor, project_id)
    found = service.files(session, actor, project, service.parse_number(number))
    page, cursor = _page([item for item in found if after is None or item[0] > after])
    items = [
        schemas.VersionFile(path, size, _KINDS.get(entry.mode, "file"), entry.oid)  # type: ignore[arg-type]
        for path, entry, size in page
    ]
    return schemas.FilePage(items, items[-1].path if cursor else None)


def content(
    session: Session, actor: Actor, project_id: str, number: str, path: str
) -> tuple[int, Iterator[bytes]]:
    """Return the size and content of one file of a version."""
    project = projects.get(session, actor, project_id)
    return service.stream(session, actor, project, path, service.parse_number(number))


def diff(
    session: Session, actor: Actor, project_id: str, query: schemas.DiffQuery
) -> schemas.ChangePage:
    """Return a page of the files that differ, sorted by path."""
    with _sides(session, actor, project_id, query.from_, query.to, query.folder) as found:
        sides, old, new = found
        items = compare.listing(sides)
    after = query.after
    page, more = _page([item for item in items if after is None or item.path > after])
    cursor = page[-1].path if more else None
    return schemas.ChangePage(old, new, page, cursor)


def file_diff(
    session: Session, actor: Actor, project_id: str, query: schemas.FileDiffQuery
) -> schemas.FileDiff:
    """Return how one file differs."""
    with _sides(session, actor, project_id, query.from_, query.to, query.folder) as found:
        return compare.file_diff(found[0], query.path, query.old_path)


def clear(session: Session, actor: Actor, project_id: str, number: str) -> schemas.Version:
    """Show a version that is held back."""
    project = projects.get(session, actor, project_id, Role.owner)
    row = service.clear(session, actor, project, service.parse_number(number))
    return version_answer(row)


def restore(
    session: Session, actor: Actor, project_id: str, request: schemas.RestoreRequest
) -> schemas.Version:
    """Bring back a version or a file of one."""
    project = projects.get(session, actor, project_id, Role.editor)
    row = service.restore(session, actor, project, request.version, request.path)
    return version_answer(row)


def archive(
    session: Session, actor: Actor, project_id: str, number: str, despite_findings: bool
) -> tuple[str, Iterator[bytes]]:
    """Return the file name and content of a version as a zip archive."""
    project = projects.get(session, actor, project_id)
    chosen = service.parse_number(number)
    row, found = service.export(session, actor, project, chosen, despite_findings=despite_findings)
    return f"{project.slug}-v{row.number}.zip", archives.pack(found, row.created)


def pull(session: Session, actor: Actor, project_id: str, number: int | None) -> schemas.Merged:
    """Bring in the origin's changes."""
    project = projects.get(session, actor, project_id, Role.editor)
    return _merged(*service.pull(session, actor, project, number))


def push(
    session: Session, actor: Actor, project_id: str, sent: BinaryIO, query: schemas.PushQuery
) -> schemas.Merged:
    """Make the files of an archive the next version."""
    project = projects.get(session, actor, project_id, Role.editor)
    context = context_of(session)
    release(session)
    folder = hold(session).enter_context(context.storage.scratch()) / "files"
    archives.unpack(sent, folder, context.limits.of(actor.kind))
    row, joined = service.receive(
        session, actor, project, folder, query.base, query.message, query.merge
    )
    return _merged(row, joined)


def version_answer(row: models.Version) -> schemas.Version:
    """Return what is told of a version."""
    details = {key: value for key, value in row.details.items() if key not in _UNTOLD}
    return schemas.Version(
        id=row.id,
        number=row.number,
        message=row.message,
        author_id=row.author_id,
        author=row.author_name,
        created=row.created.isoformat(),
        automatic=row.automatic,
        reason=row.reason,
        files=row.files,
        bytes=row.bytes,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        cells_added=row.cells_added,
        cells_changed=row.cells_changed,
        cells_removed=row.cells_removed,
        skipped=row.details.get("skipped", {}),
        held=row.held,
        suspects=row.suspects,
        details=details,
    )


def _merged(row: models.Version, joined: Joined) -> schemas.Merged:
    return schemas.Merged(version_answer(row), joined.taken, joined.merged, joined.conflicts)


@contextmanager
def _sides(
    session: Session,
    actor: Actor,
    project_id: str,
    old: int | None,
    new: int | None,
    folder: bool,
) -> Iterator[tuple[Sides, int, int | None]]:
    project = projects.get(session, actor, project_id)
    context = context_of(session)
    history = context.storage.history(project.id)
    if folder:
        if actor.id != HOST_ID:
            raise ForbiddenError("Only the host sees this project's folder.")
        here = project_folder(context, project)
        if here is None:
            raise ConflictError("This project has no folder.")
        before = service.get(session, actor, project, old)
        with history.reader() as reader:
            place = Content(reader, context.storage.blobs)
            limit = context.limits.large_file
            yield FolderSides(place, before.tree, here, history, limit), before.number, None
        return
    after = service.get(session, actor, project, new)
    number = service.before(session, actor, project, after.number) if old is None else old
    tree = service.get(session, actor, project, number).tree if number else None
    with history.reader() as reader:
        yield Sides(Content(reader, context.storage.blobs), tree, after.tree), number, after.number


def _page(items: list[Item]) -> tuple[list[Item], bool]:
    return items[:PAGE], len(items) > PAGE
