"""Publishing: what everybody gets to see of a project, after a look for secrets."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import Actor, require
from tengen_studio.errors import ConflictError
from tengen_studio.history import service as history
from tengen_studio.pages.models import PageSettings
from tengen_studio.projects.models import Project
from tengen_studio.secrets import service as secrets
from tengen_studio.sharing import schemas
from tengen_studio.sharing.service import PROJECT_PAGE, owned

SHOWN = 5


def publication(session: Session, actor: Actor, project_id: str) -> schemas.Publication:
    """Return what everybody gets to see of a project.

    Raises:
        NotFoundError: no such project for the asker.
    """
    project = session.get(Project, project_id)
    require(session, actor, project)
    assert project is not None
    return _shown(session, project)


def publish(
    session: Session, actor: Actor, project_id: str, request: schemas.PublicationRequest
) -> schemas.Publication:
    """Change what everybody gets to see.

    Raises:
        ConflictError: a version may hold secrets and `despite_findings` was not set.
        NotFoundError, ForbiddenError: as `access.require`.
    """
    project = owned(session, actor, project_id)
    if request.public and project.visibility != "public":
        check_secrets(session, actor, project, despite=request.despite_findings)
    if request.public is not None:
        project.visibility = "public" if request.public else "private"
    if request.scripts is not None:
        session.merge(PageSettings(project_id=project.id, scripts=request.scripts))
    session.flush()
    audit.record(
        session,
        actor,
        "project.publish",
        project.id,
        public=request.public,
        scripts=request.scripts,
        despite_findings=request.despite_findings or None,
    )
    return _shown(session, project)


def scripts_allowed(session: Session, project_id: str) -> bool:
    """Tell whether the owner lets scripts in a project's notebooks run on its page."""
    settings = session.get(PageSettings, project_id)
    return settings is not None and settings.scripts


def check_secrets(session: Session, actor: Actor, project: Project, *, despite: bool) -> None:
    """Return if no file of the newest version looks as if it held a secret.

    With `despite` the version is cleared instead. Older ones that may hold secrets stay held
    back in any case: nobody has been asked about them.

    Raises:
        ConflictError: one does; the message names the first places.
    """
    if not history.versions(session, actor, project)[0]:
        return
    if despite:
        history.clear(session, actor, project)
        return
    found = secrets.scan(session, history.contents(session, actor, project))
    if not found:
        return
    places = [
        f"{one.path}, cell {one.cell}" if one.cell else f"{one.path}, line {one.line}"
        for one in found[:SHOWN]
    ]
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise ConflictError(
        f"Sharing would show what may be secrets: {'; '.join(places)}{more}. "
        "Remove them, or share despite the findings."
    )


def _shown(session: Session, project: Project) -> schemas.Publication:
    return schemas.Publication(
        public=project.visibility == "public",
        licence=project.licence,
        scripts=scripts_allowed(session, project.id),
        page=PROJECT_PAGE + project.id,
    )
