"""What is told of projects: many at once, with one query for each kind of fact."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role, role_of
from tengen_studio.context import context_of
from tengen_studio.history.models import Version
from tengen_studio.people.models import Account
from tengen_studio.projects import models, schemas
from tengen_studio.projects.models import ProjectTag
from tengen_studio.sharing.models import Member

_NEAR = 0.9
_MANY = 20
_ROLES: dict[Role, schemas.RoleName] = {
    Role.viewer: "viewer",
    Role.editor: "editor",
    Role.owner: "owner",
}
# A project, as an object or as a row of `COLUMNS`: of a thousand, rows take a third of the time.
Facts = Any
COLUMNS = tuple(models.Project.__table__.columns)
_FIELDS = attrgetter(*(column.name for column in COLUMNS))


@dataclass(frozen=True)
class _Known:
    """What was asked for all projects together.

    `newest` has the newest version, and the newest that is not held back. `root` is the folder
    that the asker may hear of, "" for none, `there` the projects' folders that are in it.
    `taken` is what all projects of an account take, of those accounts that have a quota.
    """

    owners: dict[str, schemas.Owner]
    newest: dict[str, tuple[int, int | None]]
    tags: dict[str, list[str]]
    root: str
    there: set[str]
    quota: int
    taken: dict[str, schemas.Usage]


def answers(session: Session, actor: Actor, projects: Sequence[Facts]) -> list[schemas.Project]:
    """Return what `actor` may know of the projects; each must be one that they see."""
    ids = [project.id for project in projects]
    owners = {project.owner_id for project in projects}
    accounts = session.execute(select(Account.id, Account.name).where(Account.id.in_(owners)))
    shown = case((Version.held.is_(False), Version.number))
    versions = session.execute(
        select(Version.project_id, func.max(Version.number), func.max(shown))
        .where(Version.project_id.in_(ids))
        .group_by(Version.project_id)
    )
    tags: dict[str, list[str]] = {}
    for project_id, tag in session.execute(
        select(ProjectTag.project_id, ProjectTag.tag)
        .where(ProjectTag.project_id.in_(ids))
        .order_by(ProjectTag.tag)
    ):
        tags.setdefault(project_id, []).append(tag)
    # What `role_of` asks for one by one is in the session after this.
    others = [project.id for project in projects if project.owner_id != actor.id]
    if others:
        session.scalars(
            select(Member).where(Member.project_id.in_(others), Member.account_id == actor.id)
        ).all()
    context = context_of(session)
    # Where a folder is concerns the host alone.
    root = str(context.root) if actor.kind == "host" else ""
    here = [p.directory for p in projects if p.directory is not None and p.root == root]
    known = _Known(
        owners={account_id: schemas.Owner(account_id, name) for account_id, name in accounts},
        newest={project_id: (newest, seen) for project_id, newest, seen in versions},
        tags=tags,
        root=root,
        there=_present(root, here),
        quota=context.limits.project_quota,
        taken=_taken(session, actor, owners),
    )
    return [_answer(project, role_of(session, actor, project), known) for project in projects]


def answer(session: Session, actor: Actor, project: models.Project) -> schemas.Project:
    """Return what `actor` may know of one project."""
    return answers(session, actor, [project])[0]


def _answer(project: Facts, role: Role | None, known: _Known) -> schemas.Project:
    assert role is not None, "the caller has asked for the role"
    # At once: one by one, the twenty of a row take longer than all the rest.
    (
        project_id,
        owner,
        name,
        slug,
        description,
        root,
        directory,
        visibility,
        licence,
        origin,
        origin_version,
        created,
        updated,
        archived,
        trashed,
        stored,
        quota,
    ) = project if isinstance(project, Row) else _FIELDS(project)
    newest, seen = known.newest.get(project_id, (0, 0))
    if root != known.root:
        directory = None
    return schemas.Project(
        id=project_id,
        name=name,
        slug=slug,
        description=description,
        directory=directory,
        missing=directory is not None and trashed is None and directory not in known.there,
        tags=known.tags.get(project_id, []),
        visibility="public" if visibility == "public" else "private",
        licence=licence,
        owner=known.owners.get(owner) or schemas.Owner(owner, ""),
        role=_ROLES[role],
        origin=schemas.Origin(origin, origin_version or 0) if origin else None,
        version=(newest if role >= Role.editor else seen) or 0,
        created=created.isoformat(),
        updated=updated.isoformat(),
        archived=archived and archived.isoformat(),
        trashed=trashed and trashed.isoformat(),
        usage=_usage(stored, known.quota if quota is None else quota, known.taken.get(owner)),
    )


def _usage(stored: int, limit: int, owners: schemas.Usage | None) -> schemas.Usage:
    """Return the project's own usage or its owner's, whichever is nearer to its quota."""
    own = schemas.Usage(stored, limit or None, bool(limit) and stored >= limit * _NEAR)
    if owners is None or not owners.quota:
        return own
    return owners if not limit or owners.stored * limit > stored * owners.quota else own


def _taken(session: Session, actor: Actor, owners: set[str]) -> dict[str, schemas.Usage]:
    """Return what the asker's projects take together, where the asker has a quota.

    What others' projects take together is theirs to know.
    """
    limit = context_of(session).limits.account_quota
    if actor.kind != "account" or actor.id not in owners or not limit:
        return {}
    total = select(func.sum(models.Project.stored)).where(models.Project.owner_id == actor.id)
    used = int(session.scalar(total) or 0)
    return {actor.id: schemas.Usage(used, limit, used >= limit * _NEAR)}


def _present(root: str, directories: Iterable[str]) -> set[str]:
    """Return those of the directories below `root` that are there."""
    wanted = set(directories)
    top = [name for name in wanted if "/" not in name]
    there: set[str] = set()
    if len(top) > _MANY:
        # One look at the folder that holds them all, in place of one at each.
        with os.scandir(root) as entries:
            there = {entry.name for entry in entries if entry.name in wanted and entry.is_dir()}
        wanted -= set(top)
    return there | {name for name in wanted if os.path.isdir(f"{root}/{name}")}
