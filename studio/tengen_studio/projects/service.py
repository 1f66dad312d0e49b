"""Projects: found, listed, changed, archived, trashed and deleted. Making them is `making.py`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import delete as delete_rows
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import HOST_ID, Actor, Role, require, require_person, role_of
from tengen_studio.context import StudioContext, context_of
from tengen_studio.db import at_end, release, utcnow
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError, OverQuotaError
from tengen_studio.history import service as history
from tengen_studio.history.models import LargeFile
from tengen_studio.paging import newest_first
from tengen_studio.paths import inside, project_folder, resolve_directory
from tengen_studio.projects import leftovers, rules, schemas
from tengen_studio.projects.answers import COLUMNS, answer, answers
from tengen_studio.projects.models import Project, ProjectTag
from tengen_studio.sharing.models import Member
from tengen_studio.steps import MoveFolder, RemoveFiles, promise

TRASH = ".tengen-trash"
MOST_LISTED = 1_000
_LONGEST_SEARCH = 200


def get(session: Session, actor: Actor, project_id: str, role: Role = Role.viewer) -> Project:
    """Return the project, if the actor has at least `role` in it.

    Raises:
        NotFoundError: no such project, or none that the actor may know of.
        ForbiddenError: the actor has a lesser role.
    """
    project = session.get(Project, project_id)
    require(session, actor, project, role)
    assert project is not None
    return project


def show(session: Session, actor: Actor, project_id: str) -> schemas.Project:
    """Return what the actor may know of one project."""
    return answer(session, actor, get(session, actor, project_id))


def listing(
    session: Session,
    actor: Actor,
    q: str = "",
    tag: str = "",
    state: str = "active",
    after: str | None = None,
    limit: int = 50,
) -> schemas.ProjectPage:
    """Return a page of the projects that the actor owns or is a member of, the latest first.

    Each has every word of `q` in its name, description or tags, and the tag if one is given.
    Projects in the trash are shown to their owner.

    Raises:
        LoginRequiredError: nobody is logged in.
        InvalidError: `after` is no cursor, or `limit` out of bounds.
    """
    require_person(actor)
    if not 1 <= limit <= MOST_LISTED:
        raise InvalidError(f"limit: 1 to {MOST_LISTED} was expected; {limit} came.")
    mine = Project.owner_id == actor.id
    if actor.id == HOST_ID:
        # Another server's folder holds the projects that were made there.
        root = str(context_of(session).root)
        mine &= or_(Project.root == root, Project.root.is_(None))
    joined = select(Member.project_id).where(Member.account_id == actor.id)
    statement = select(*COLUMNS)
    if state == "trashed":
        statement = statement.where(mine, Project.trashed.is_not(None))
    else:
        archived = Project.archived.is_not(None) if state == "archived" else None
        statement = statement.where(
            or_(mine, Project.id.in_(joined)),
            Project.trashed.is_(None),
            archived if archived is not None else Project.archived.is_(None),
        )
    for word in q[:_LONGEST_SEARCH].split():
        statement = statement.where(
            or_(
                Project.name.icontains(word, autoescape=True),
                Project.description.icontains(word, autoescape=True),
                Project.tag_rows.any(ProjectTag.tag.icontains(word, autoescape=True)),
            )
        )
    if tag:
        statement = statement.where(Project.tag_rows.any(ProjectTag.tag == tag))
    rows, cursor = newest_first(session, statement, Project.updated, Project.id, after, limit)
    return schemas.ProjectPage(answers(session, actor, rows), cursor)


def tags(session: Session, actor: Actor) -> schemas.TagList:
    """Return the tags of the actor's own projects, sorted."""
    require_person(actor)
    found = session.scalars(
        select(ProjectTag.tag)
        .join(Project, Project.id == ProjectTag.project_id)
        .where(Project.owner_id == actor.id, Project.trashed.is_(None))
        .distinct()
        .order_by(ProjectTag.tag)
    )
    return schemas.TagList(list(found))


def change(
    session: Session, actor: Actor, project_id: str, request: schemas.ChangeRequest
) -> schemas.Project:
    """Change what the request names, and return the project.

    An editor may change name, description and tags; the rest needs the owner.

    Raises:
        InvalidError: a text breaks the rules.
        ConflictError: another project has the folder.
    """
    owners = (request.licence, request.archived, request.directory)
    role = Role.editor if all(value is None for value in owners) else Role.owner
    project = get(session, actor, project_id, role)
    if request.name is not None:
        project.name = rules.name(request.name)
        project.slug = rules.slug(project.name)
    if request.description is not None:
        limit = rules.MOST_DESCRIPTION
        project.description = rules.text("description", request.description, limit)
    if request.tags is not None:
        project.tags = rules.tags(request.tags)
    if request.licence is not None:
        project.licence = rules.text("licence", request.licence, rules.MOST_LICENCE)
    if request.archived is not None:
        project.archived = utcnow() if request.archived else None
    if request.directory is not None:
        _relocate(session, actor, project, request.directory)
    project.updated = utcnow()
    audit.record(session, actor, "project.change", project.id)
    session.flush()
    return answer(session, actor, project)


def trash(session: Session, actor: Actor, project_id: str) -> schemas.Project:
    """Put a project into the trash, its folder saved and out of sight; `untrash` undoes it.

    Raises:
        ConflictError: it is there already.
        ForbiddenError: it has a folder, which is the host's.
    """
    project = get(session, actor, project_id, Role.owner)
    if project.trashed is not None:
        raise ConflictError("This project is in the trash already.")
    context = context_of(session)
    folder = _present_folder(context, project)
    if folder is not None and actor.id != HOST_ID:
        raise ForbiddenError("The project has a folder of the host's, who alone puts it away.")
    if folder is not None:
        # The folder itself is kept, so that a full quota need not keep a project out of the trash.
        with suppress(OverQuotaError):
            history.save(session, actor, project, automatic=True, reason="before trash")
        promise(session, MoveFolder(str(folder), str(trash_folder(context, project))))
    project.trashed = utcnow()
    audit.record(session, actor, "project.trash", project.id)
    session.flush()
    return answer(session, actor, project)


def untrash(session: Session, actor: Actor, project_id: str) -> schemas.Project:
    """Take a project out of the trash; its folder comes back, under a free name.

    Raises:
        ConflictError: it is not in the trash.
    """
    project = get(session, actor, project_id, Role.owner)
    if project.trashed is None:
        raise ConflictError("This project is not in the trash.")
    context = context_of(session)
    source = trash_folder(context, project)
    if project.directory is not None and source.is_dir():
        target = free_name(context.root / project.directory)
        project.directory = target.relative_to(context.root).as_posix()
        promise(session, MoveFolder(str(source), str(target)))
    project.trashed = None
    project.updated = utcnow()
    audit.record(session, actor, "project.untrash", project.id)
    session.flush()
    return answer(session, actor, project)


def delete(session: Session, actor: Actor, project_id: str) -> None:
    """Delete a project that is in the trash for good: its versions, links and folder.

    Large files that no other project holds go as well, those of the last hour with the next
    `tengen-studio gc`.

    Raises:
        ConflictError: it is not in the trash.
    """
    project = get(session, actor, project_id, Role.owner)
    if project.trashed is None:
        raise ConflictError("Put the project into the trash before deleting it for good.")
    context = context_of(session)
    release(session)
    paths = [str(context.storage.history(project.id).folder)]
    if project.directory is not None:
        paths.append(str(trash_folder(context, project)))
    promise(session, RemoveFiles(paths))
    audit.record(session, actor, "project.delete", project.id, name=project.name)
    large = session.scalars(select(LargeFile.sha256).where(LargeFile.project_id == project.id))
    candidates = list(large)

    def free(committed: bool) -> None:
        if committed:
            leftovers.remove_unused(context, candidates)

    at_end(session, free)
    session.execute(delete_rows(Project).where(Project.id == project.id))


def forks(
    session: Session, actor: Actor, project_id: str, after: str | None = None
) -> schemas.ForkPage:
    """Return a page of a project's forks that the actor may see, the newest first."""
    project = get(session, actor, project_id)
    statement = select(Project).where(
        Project.origin_project_id == project.id, Project.trashed.is_(None)
    )
    rows, cursor = newest_first(session, statement, Project.created, Project.id, after)
    seen = [row for row in rows if role_of(session, actor, row) is not None]
    items = [
        schemas.Fork(it.id, it.name, it.owner, row.origin_version or 0, it.created)
        for it, row in zip(answers(session, actor, seen), seen, strict=True)
    ]
    return schemas.ForkPage(items, cursor)


def trash_folder(context: StudioContext, project: Project) -> Path:
    """Return where the folder of a project lies while it is in the trash."""
    return context.root / TRASH / project.id


def free_name(wanted: Path) -> Path:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3` and so on that is not there."""
    number, found = 1, wanted
    while os.path.lexists(found):
        number += 1
        found = wanted.with_name(f"{wanted.name}-{number}")
    return found


def check_folder(session: Session, folder: Path, but: str | None = None) -> None:
    """Return if no project but `but` has the folder, one inside it, or one around it.

    Raises:
        ConflictError: one has.
        InvalidError: it is the server's whole folder.
    """
    context = context_of(session)
    if folder == context.root:
        raise InvalidError("A project has a folder of its own within the server's folder.")
    others = session.execute(
        select(Project.id, Project.name, Project.directory).where(
            Project.root == str(context.root),
            Project.directory.is_not(None),
            Project.trashed.is_(None),
        )
    )
    for row in others:
        other = context.root / row.directory
        if row.id != but and (inside(other, folder) or inside(folder, other)):
            raise ConflictError(f"The project {row.name!r} has the folder {row.directory}.")


def _relocate(session: Session, actor: Actor, project: Project, directory: str) -> None:
    if actor.id != HOST_ID or project.directory is None:
        raise InvalidError("directory: this project has no folder on this server.")
    context = context_of(session)
    folder = resolve_directory(context, directory)
    check_folder(session, folder, but=project.id)
    project.root = str(context.root)
    project.directory = folder.relative_to(context.root).as_posix()


def _present_folder(context: StudioContext, project: Project) -> Path | None:
    try:
        return project_folder(context, project)
    except ConflictError:
        return None
