"""The gallery of public projects, and the stars that people give."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import Actor, require
from tengen_studio.gallery import schemas
from tengen_studio.gallery.models import Star
from tengen_studio.paging import newest_first
from tengen_studio.people.models import Account
from tengen_studio.projects.models import Project, ProjectTag
from tengen_studio.sharing.service import PROJECT_PAGE

LONGEST_SEARCH = 200


def gallery(
    session: Session, actor: Actor, q: str = "", tag: str = "", after: str | None = None
) -> schemas.GalleryPage:
    """Return a page of the public projects that have every word of `q` and the tag.

    A word is looked for in the name, the description, the tags and the owner's name.
    """
    statement = select(Project).where(
        Project.visibility == "public", Project.trashed.is_(None), Project.archived.is_(None)
    )
    for word in q[:LONGEST_SEARCH].split():
        statement = statement.where(_has(word))
    if tag:
        statement = statement.where(Project.tag_rows.any(ProjectTag.tag == tag))
    rows, cursor = newest_first(session, statement, Project.updated, Project.id, after)
    return schemas.GalleryPage(_items(session, actor, rows), cursor)


def tags(session: Session, limit: int = 30) -> list[str]:
    """Return the tags that most public projects carry, the most frequent first."""
    rows = session.execute(
        select(ProjectTag.tag, func.count())
        .join(Project, Project.id == ProjectTag.project_id)
        .where(
            Project.visibility == "public", Project.trashed.is_(None), Project.archived.is_(None)
        )
        .group_by(ProjectTag.tag)
        .order_by(func.count().desc(), ProjectTag.tag)
        .limit(limit)
    )
    return [tag for tag, _ in rows]


def stars_of(session: Session, actor: Actor, project_id: str) -> schemas.Stars:
    """Return a project's stars.

    Raises:
        NotFoundError: no such project for the asker.
    """
    require(session, actor, session.get(Project, project_id))
    count = session.scalar(select(func.count()).where(Star.project_id == project_id)) or 0
    mine = actor.is_person and session.get(Star, (project_id, actor.id)) is not None
    return schemas.Stars(count, mine)


def star(session: Session, actor: Actor, project_id: str) -> schemas.Stars:
    """Give a project the asker's star; a second one changes nothing.

    Raises:
        NotFoundError: no such project for the asker.
    """
    require(session, actor, session.get(Project, project_id))
    if session.get(Star, (project_id, actor.id)) is None:
        session.add(Star(project_id=project_id, account_id=actor.id))
        audit.record(session, actor, "star.give", project_id)
        session.flush()
    return stars_of(session, actor, project_id)


def unstar(session: Session, actor: Actor, project_id: str) -> schemas.Stars:
    """Take the asker's star back.

    Raises:
        NotFoundError: no such project for the asker.
    """
    require(session, actor, session.get(Project, project_id))
    session.execute(delete(Star).where(Star.project_id == project_id, Star.account_id == actor.id))
    audit.record(session, actor, "star.take", project_id)
    return stars_of(session, actor, project_id)


def _has(word: str) -> ColumnElement[bool]:
    owners = select(Account.id).where(Account.name.icontains(word, autoescape=True))
    return or_(
        Project.name.icontains(word, autoescape=True),
        Project.description.icontains(word, autoescape=True),
        Project.tag_rows.any(ProjectTag.tag.icontains(word, autoescape=True)),
        Project.owner_id.in_(owners),
    )


def _items(
    session: Session, actor: Actor, projects: Sequence[Project]
) -> list[schemas.GalleryItem]:
    ids = [project.id for project in projects]
    owner_ids = {project.owner_id for project in projects}
    names = dict(
        session.execute(select(Account.id, Account.name).where(Account.id.in_(owner_ids))).all()
    )
    given = dict(
        session.execute(
            select(Star.project_id, func.count())
            .where(Star.project_id.in_(ids))
            .group_by(Star.project_id)
        ).all()
    )
    forks = dict(
        session.execute(
            select(Project.origin_project_id, func.count())
            .where(Project.origin_project_id.in_(ids), Project.trashed.is_(None))
            .group_by(Project.origin_project_id)
        ).all()
    )
    mine = set(
        session.scalars(
            select(Star.project_id).where(Star.project_id.in_(ids), Star.account_id == actor.id)
        )
    )
    return [
        schemas.GalleryItem(
            id=project.id,
            name=project.name,
            description=project.description,
            owner=names.get(project.owner_id, ""),
            tags=project.tags,
            licence=project.licence,
            updated=project.updated.isoformat(),
            stars=given.get(project.id, 0),
            forks=forks.get(project.id, 0),
            starred=project.id in mine,
            page=PROJECT_PAGE + project.id,
        )
        for project in projects
    ]
