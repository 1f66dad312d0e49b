"""What is told of projects: many at once, with one query for each kind of fact."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role, role_of
from tengen_studio.context import context_of
from tengen_studio.history.models import Version
from tengen_studio.people.models import Account
from tengen_studio.projects import models, schemas
from tengen_studio.projects.models import ProjectTag
from tengen_studio.sharing.models import Member

_NEAR = 0.9
_ROLES: dict[Role, schemas.RoleName] = {
    Role.viewer: "viewer",
    Role.editor: "editor",
    Role.owner: "owner",
}


def answers(
    session: Session, actor: Actor, projects: Sequence[models.Project]
) -> list[schemas.Project]:
    """Return what `actor` may know of the projects; each must be one that they see."""
    ids = [project.id for project in projects]
    owners = {project.owner_id for project in projects}
    names = {
        row.id: row.name
        for row in session.execute(select(Account.id, Account.name).where(Account.id.in_(owners)))
    }
    newest = {
        row.project_id: row.number
        for row in session.execute(
            select(Version.project_id, func.max(Version.number).label("number"))
            .where(Version.project_id.in_(ids))
            .group_by(Version.project_id)
        )
    }
    tags: dict[str, list[str]] = {}
    for project_id, tag in session.execute(
        select(ProjectTag.project_id, ProjectTag.tag)
        .where(ProjectTag.project_id.in_(ids))
        .order_by(ProjectTag.tag)
    ):
        tags.setdefault(project_id, []).append(tag)
    # What `role_of` asks for one by one is in the session after this.
    session.scalars(
        select(Member).where(Member.project_id.in_(ids), Member.account_id == actor.id)
    ).all()
    return [
        _answer(session, actor, project, names, newest, tags.get(project.id, []))
        for project in projects
    ]


def answer(session: Session, actor: Actor, project: models.Project) -> schemas.Project:
    """Return what `actor` may know of one project."""
    return answers(session, actor, [project])[0]


def _answer(
    session: Session,
    actor: Actor,
    project: models.Project,
    names: dict[str, str],
    newest: dict[str, int],
    tags: list[str],
) -> schemas.Project:
    context = context_of(session)
    role = role_of(session, actor, project)
    assert role is not None, "the caller has asked for the role"
    limit = project.quota if project.quota is not None else context.limits.project_quota
    # Where the folder is concerns the host alone.
    here = project.root == str(context.root) and actor.kind == "host"
    directory = project.directory if here else None
    folder = f"{context.root}/{directory}" if directory is not None else None
    origin = (
        schemas.Origin(project.origin_project_id, project.origin_version or 0)
        if project.origin_project_id
        else None
    )
    return schemas.Project(
        id=project.id,
        name=project.name,
        slug=project.slug,
        description=project.description,
        directory=directory,
        missing=folder is not None and project.trashed is None and not os.path.isdir(folder),
        tags=tags,
        visibility="public" if project.visibility == "public" else "private",
        licence=project.licence,
        owner=schemas.Owner(project.owner_id, names.get(project.owner_id, "")),
        role=_ROLES[role],
        origin=origin,
        version=newest.get(project.id, 0),
        created=project.created.isoformat(),
        updated=project.updated.isoformat(),
        archived=project.archived.isoformat() if project.archived else None,
        trashed=project.trashed.isoformat() if project.trashed else None,
        usage=schemas.Usage(
            project.stored, limit or None, bool(limit) and project.stored >= limit * _NEAR
        ),
    )
