"""Versions that come from elsewhere: from the project's origin, or pushed as an archive."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role, require, require_copying
from tengen_studio.context import context_of
from tengen_studio.errors import ConflictError, ForbiddenError
from tengen_studio.history.advance import advance
from tengen_studio.history.drafts import Workshop
from tengen_studio.history.merging import Joined, join
from tengen_studio.history.models import Version
from tengen_studio.history.recording import latest, shown, version
from tengen_studio.projects.models import Project
from tengen_studio.storage.folders import Content
from tengen_studio.storage.packs import TREE
from tengen_studio.storage.scan import Intake
from tengen_studio.storage.trees import build

_LARGEST_JOINED = 8 * 2**20


def pull(
    session: Session, actor: Actor, project: Project, number: int | None = None
) -> tuple[Version, Joined]:
    """Bring what the origin changed since the last time into the project.

    Raises:
        ForbiddenError: the actor may not take versions from the origin, or not this one.
        NotFoundError: the origin has no such version.
        ConflictError: the project has no origin left, or nothing new has come.
    """
    require(session, actor, project, Role.editor)
    origin = session.get(Project, project.origin_project_id or "")
    if origin is None:
        raise ConflictError("This project has no origin to pull from, or it was deleted.")
    require_copying(session, actor, origin)
    theirs = shown(session, actor, origin, number)
    seen = _last_seen(session, project, origin)
    if theirs.number == seen:
        raise ConflictError(f"Version {seen} of the origin is here already; nothing new has come.")
    base = version(session, origin, seen).tree
    source, tree = context_of(session).storage.history(origin.id), theirs.tree
    joined: list[Joined] = []

    def make_tree(place: Workshop, present: str) -> str:
        place.copy_tree(source, base)
        place.copy_tree(source, tree)
        joined.append(
            join_trees(place, base, present, tree, f"{origin.name[:60]} v{theirs.number}")
        )
        return _write(place, joined[0])

    row = advance(
        session,
        actor,
        project,
        make_tree,
        message=f"Pulled version {theirs.number} of {origin.name}",
        before="before pull",
        reason="pull",
        details={"pulled": {"project": origin.id, "version": theirs.number}},
    )
    return row, joined[0]


def receive(
    session: Session,
    actor: Actor,
    project: Project,
    folder: Path,
    base: int,
    message: str = "",
    merge: bool = False,
) -> tuple[Version, Joined]:
    """Make the files in `folder`, which build on version `base`, the next version.

    Where another version came first they are joined with it, if `merge` says so.

    Raises:
        ConflictError: another version came first.
        ForbiddenError: the actor is no editor.
    """
    require(session, actor, project, Role.editor)
    if not actor.is_person:
        raise ForbiddenError("Log in to push a version.")
    old = version(session, project, base).tree
    newest = latest(session, project)
    assert newest is not None, "there is a version to build on"
    if newest.number != base and not merge:
        raise ConflictError(
            f"This builds on version {base}, but the newest is {newest.number}. Get that one and "
            "join both, or push again and have them joined here."
        )
    joined: list[Joined] = []

    def make_tree(place: Workshop, present: str) -> str:
        pushed = place.tree_of(folder)
        joined.append(join_trees(place, old, present, pushed, actor.name[:60]))
        return _write(place, joined[0])

    row = advance(
        session,
        actor,
        project,
        make_tree,
        message=message or "Pushed",
        before="before push",
        expected=newest.number,
    )
    return row, joined[0]


def join_trees(place: Workshop, base: str, ours: str, theirs: str, label: str) -> Joined:
    """Return what joining two trees of the project's store gives."""
    history = place.storage.history(place.project_id)
    with history.reader() as reader, history.writer(reader, place.room.spender()) as writer:
        content = Content(reader, place.storage.blobs)
        intake = Intake(writer, place.storage.blobs, place.large_file, place.held)
        return join(
            reader.files(base),
            reader.files(ours),
            reader.files(theirs),
            lambda entry: content.read(entry) if reader.size(entry) <= _LARGEST_JOINED else None,
            lambda data: intake.small("", data)[0],
            # A slash would make a folder of it.
            "".join(c if c.isalnum() or c in " ._-" else "-" for c in label).strip(),
        )


def _write(place: Workshop, joined: Joined) -> str:
    history = place.storage.history(place.project_id)
    with history.reader() as reader, history.writer(reader) as writer:
        return build(joined.files, lambda data: writer.add(TREE, data))


def _last_seen(session: Session, project: Project, origin: Project) -> int:
    """Return the number of the origin's version that the project has last taken in."""
    rows = session.scalars(
        select(Version)
        .where(Version.project_id == project.id, Version.reason == "pull")
        .order_by(Version.number.desc())
    )
    for row in rows:
        pulled = row.details.get("pulled", {})
        if pulled.get("project") == origin.id:
            return int(pulled["version"])
    return project.origin_version or 1
