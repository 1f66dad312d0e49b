"""The rows of versions: which there are, and the one that a draft becomes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tengen_studio.access import HOST_ID, Actor, Role, require, role_of
from tengen_studio.audit import service as audit
from tengen_studio.context import context_of
from tengen_studio.db import utcnow
from tengen_studio.errors import ForbiddenError, NotFoundError
from tengen_studio.history.drafts import Draft, Parent, Room, Workshop
from tengen_studio.history.models import LargeFile, Version
from tengen_studio.projects.models import Project
from tengen_studio.secrets import service as secrets


def latest(session: Session, project: Project) -> Version | None:
    """Return the newest version, or None before the first."""
    return session.scalar(
        select(Version)
        .where(Version.project_id == project.id)
        .order_by(Version.number.desc())
        .limit(1)
    )


def version(session: Session, project: Project, number: int) -> Version:
    """Return the version of that number.

    Raises:
        NotFoundError: the project has none.
    """
    found = session.scalar(
        select(Version).where(Version.project_id == project.id, Version.number == number)
    )
    if found is None:
        raise NotFoundError(f"This project has no version {number}.")
    return found


def parent_of(row: Version | None) -> Parent | None:
    """Return a version as what the next one follows."""
    if row is None:
        return None
    return Parent(row.commit, row.tree, row.files, row.bytes, frozenset(row.suspects))


def sees_held(session: Session, actor: Actor, project: Project) -> bool:
    """Tell whether the actor sees versions that are held back: those who can mend them do."""
    role = role_of(session, actor, project)
    return role is not None and role >= Role.editor


def shown(session: Session, actor: Actor, project: Project, number: int | None = None) -> Version:
    """Return one version that the actor may see, the newest of them by default.

    Raises:
        NotFoundError: there is no such version.
        ForbiddenError: it is held back.
    """
    require(session, actor, project)
    everything = sees_held(session, actor, project)
    if number is None:
        rows = select(Version).where(Version.project_id == project.id)
        if not everything:
            rows = rows.where(Version.held.is_(False))
        newest = session.scalar(rows.order_by(Version.number.desc()).limit(1))
        if newest is None:
            raise NotFoundError("This project has no version yet.")
        return newest
    row = version(session, project, number)
    if row.held and not everything:
        raise ForbiddenError(
            f"Version {number} is held back: it may hold a secret, and no owner has cleared it."
        )
    return row


def workshop(session: Session, project: Project) -> Workshop:
    """Return where the project's drafts are made, with what its quota leaves."""
    context = context_of(session)
    held = session.scalars(select(LargeFile.sha256).where(LargeFile.project_id == project.id))
    room = room_of(session, project)
    limit = context.limits.large_file
    inspect, look = secrets.version_guard(session), secrets.version_scanner(session)
    return Workshop(context.storage, project.id, limit, room, frozenset(held), inspect, look)


def room_of(session: Session, project: Project) -> Room:
    """Return what the project's quota and its owner's leave, whichever is less."""
    limits = context_of(session).limits
    limit = project.quota if project.quota is not None else limits.project_quota
    rooms = [Room(max(0, limit - project.stored), limit)] if limit else []
    if limits.account_quota and project.owner_id != HOST_ID:
        used = session.scalar(
            select(func.sum(Project.stored)).where(Project.owner_id == project.owner_id)
        )
        left = max(0, limits.account_quota - int(used or 0))
        rooms.append(Room(left, limits.account_quota))
    return min(rooms, key=lambda room: room.left or 0, default=Room(None))


def record(
    session: Session,
    actor: Actor,
    project: Project,
    draft: Draft,
    *,
    message: str = "",
    reason: str = "",
    author: Actor | None = None,
    details: dict[str, Any] | None = None,
) -> Version:
    """Add the row of the version that `draft` is; a `reason` marks it as automatic."""
    before = latest(session, project)
    writer = author or actor
    row = Version(
        project_id=project.id,
        number=before.number + 1 if before else 1,
        commit=draft.commit,
        tree=draft.tree,
        message=message,
        author_id=writer.id,
        author_name=writer.name,
        automatic=bool(reason),
        reason=reason,
        files=draft.files,
        bytes=draft.bytes,
        added=sum(old is None for _, old, _ in draft.changes),
        removed=sum(new is None for _, _, new in draft.changes),
        changed=sum(old is not None and new is not None for _, old, new in draft.changes),
        cells_added=draft.cells.added,
        cells_changed=draft.cells.changed,
        cells_removed=draft.cells.removed,
        details={**(details or {}), **({"skipped": draft.skipped} if draft.skipped else {})},
        suspects=sorted(draft.suspects),
        held=bool(draft.suspects),
    )
    session.add(row)
    _hold_large(session, project, draft.large)
    project.updated = utcnow()
    audit.record(session, actor, "version.save", project.id, number=row.number, reason=reason)
    session.flush()
    return row


def _hold_large(session: Session, project: Project, large: dict[str, int]) -> None:
    rows = session.execute(
        select(LargeFile.sha256, LargeFile.size).where(LargeFile.project_id == project.id)
    )
    held = {row.sha256: row.size for row in rows}
    for sha256 in large.keys() - held.keys():
        session.add(LargeFile(project_id=project.id, sha256=sha256, size=large[sha256]))
    history = context_of(session).storage.history(project.id)
    project.stored = history.bytes() + sum((held | large).values())
