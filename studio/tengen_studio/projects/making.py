"""Makes projects: from nothing, a template, a folder, an archive, a git address or a version.

The host's new project gets a folder, filled under a temporary name and given its own once the
project is in the database. An account's project is filled in the studio's scratch folder and
lives on as versions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import HOST_ID, Actor, require_person
from tengen_studio.context import context_of
from tengen_studio.db import hold, new_id, release, utcnow
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError, TooLargeError
from tengen_studio.history import service as history
from tengen_studio.history.models import Version
from tengen_studio.paths import resolve_directory
from tengen_studio.projects import cloning, rules, schemas
from tengen_studio.projects.answers import answer
from tengen_studio.projects.models import Project
from tengen_studio.projects.service import check_folder, free_name, get
from tengen_studio.sizes import size_text
from tengen_studio.steps import PlaceFolder, promise
from tengen_studio.storage import archives
from tengen_studio.storage.durable import temporary_name
from tengen_studio.storage.folders import sync_whole
from tengen_studio.templates import service as templates

Fill = Callable[[Path], None]


def create(session: Session, actor: Actor, request: schemas.ProjectRequest) -> schemas.NewProject:
    """Make the project that the request describes.

    Raises:
        LoginRequiredError: nobody is logged in.
        InvalidError: two sources at once, or a text that breaks the rules.
        NotFoundError: no such template, folder or branch.
        ForbiddenError: an account asks for what is in the host's folder.
        TooLargeError, OverQuotaError: more than the limits or the quota allow.
    """
    require_person(actor)
    sources = [request.template, request.folder, request.git]
    if sum(source is not None for source in sources) > 1:
        raise InvalidError("One of template, folder and git was expected; more came.")
    if request.folder is not None:
        return _adopt(session, actor, request, request.folder)
    details: dict[str, object] = {}
    opened: list[str] = []
    context = context_of(session)
    if request.git is not None:
        address = cloning.checked(request.git, insecure=context.limits.insecure_git)
        name = request.name or cloning.name_of(address)
        project = _draft(actor, request, name)
        release(session)
        scratch = hold(session).enter_context(context.storage.scratch())
        source = hold(session).enter_context(
            cloning.cloned(address, request.branch, scratch / "git", context.limits.of(actor.kind))
        )
        details = {"git": address.text, "git_commit": source.commit}
        fill: Fill = source.write_to
    elif request.template is not None:
        slug = request.template
        project = _draft(actor, request, request.name or templates.title(context, slug))

        def fill(folder: Path) -> None:
            opened.append(templates.write_files(context, slug, folder))

        details = {"template": slug}
    else:
        project = _draft(actor, request, request.name)

        def fill(folder: Path) -> None:
            folder.mkdir()
            text = f"# {project.name}\n\n{project.description}".strip()
            (folder / "README.md").write_text(f"{text}\n", encoding="utf-8")

    version = _place(session, actor, project, request.directory, fill, details)
    return _made(session, actor, project, version, opened)


def import_archive(
    session: Session, actor: Actor, archive: BinaryIO, name: str, directory: str = ""
) -> schemas.NewProject:
    """Make a project of the files in a zip archive.

    Raises:
        InvalidError: not a zip archive, or one with a name that leads out of it.
        TooLargeError, OverQuotaError: it unpacks to more than the limits or the quota allow.
    """
    require_person(actor)
    project = _draft(actor, schemas.ProjectRequest(), name)
    limits = context_of(session).limits.of(actor.kind)
    version = _place(
        session,
        actor,
        project,
        directory,
        lambda folder: archives.unpack(archive, folder, limits),
        {"archive": True},
    )
    return _made(session, actor, project, version, [])


def fork(
    session: Session, actor: Actor, project_id: str, request: schemas.ForkRequest
) -> schemas.NewProject:
    """Make a project of the actor's own from a version of another one.

    Raises:
        NotFoundError: no such project for the actor, or no such version.
        ForbiddenError: the actor may see the project and not copy it.
        ConflictError: the version may hold secrets.
        TooLargeError, OverQuotaError: the quota does not hold it.
    """
    require_person(actor)
    origin = get(session, actor, project_id)
    version = history.copyable(
        session, actor, origin, request.version, despite_findings=request.despite_findings
    )
    most = context_of(session).limits.of(actor.kind).import_bytes
    if version.bytes > most:
        raise TooLargeError(
            f"A version of at most {size_text(most)} was expected; this one has "
            f"{size_text(version.bytes)}."
        )
    name = request.name or origin.name
    project = _draft(actor, schemas.ProjectRequest(tags=origin.tags), name)
    project.description, project.licence = origin.description, origin.licence
    project.origin_project_id, project.origin_version = origin.id, version.number
    details: dict[str, object] = {"forked": {"project": origin.id, "version": version.number}}
    made = _place(
        session,
        actor,
        project,
        request.directory,
        history.writer_of(session, origin, version),
        details,
        message=f"Forked from {origin.name}, version {version.number}",
    )
    audit.record(session, actor, "project.fork", origin.id, fork=project.id)
    return _made(session, actor, project, made, [])


def _draft(actor: Actor, request: schemas.ProjectRequest, name: str) -> Project:
    kept = rules.name(name)
    project = Project(
        id=new_id(),
        owner_id=actor.id,
        name=kept,
        slug=rules.slug(kept),
        description=rules.text("description", request.description, rules.MOST_DESCRIPTION),
        visibility="private",
        licence="",
        stored=0,
        created=utcnow(),
        updated=utcnow(),
    )
    project.tags = rules.tags(request.tags)
    return project


def _adopt(
    session: Session, actor: Actor, request: schemas.ProjectRequest, path: str
) -> schemas.NewProject:
    _host_only(actor)
    context = context_of(session)
    folder = resolve_directory(context, path)
    check_folder(session, folder)
    project = _draft(actor, request, request.name or folder.name)
    project.root = str(context.root)
    project.directory = folder.relative_to(context.root).as_posix()
    release(session)
    version = history.begin(session, actor, project, folder, "First version", {})
    check_folder(session, folder, but=project.id)
    return _made(session, actor, project, version, [])


def _place(
    session: Session,
    actor: Actor,
    project: Project,
    directory: str,
    fill: Fill,
    details: dict[str, object],
    message: str = "First version",
) -> Version:
    """Fill a folder, make it the project's first version, and give the folder to the host."""
    context = context_of(session)
    parent = resolve_directory(context, directory) if actor.id == HOST_ID else None
    if actor.id != HOST_ID and directory:
        _host_only(actor)
    release(session)
    if parent is None:
        folder = hold(session).enter_context(context.storage.scratch()) / "files"
        fill(folder)
    else:
        target = free_name(parent / project.slug)
        check_folder(session, target)
        release(session)
        folder = temporary_name(parent)
        promise(session, PlaceFolder(str(folder), str(target)))
        try:
            target.mkdir()
        except FileExistsError:
            raise ConflictError("A folder of this name has just been made; try again.") from None
        project.root = str(context.root)
        project.directory = target.relative_to(context.root).as_posix()
        fill(folder)
        sync_whole(folder)
    return history.begin(session, actor, project, folder, message, details)


def _made(
    session: Session, actor: Actor, project: Project, version: Version, opened: list[str]
) -> schemas.NewProject:
    audit.record(session, actor, "project.create", project.id, name=project.name)
    session.flush()
    first = f"{project.directory}/{opened[0]}" if opened and project.directory else None
    skipped = version.details.get("skipped", {})
    return schemas.NewProject(answer(session, actor, project), first, skipped)


def _host_only(actor: Actor) -> None:
    if actor.id != HOST_ID:
        raise ForbiddenError("Only the host of this studio has folders here.")
