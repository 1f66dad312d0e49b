"""What a project's versions show that nobody should see; asked before anything leaves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role
from tengen_studio.history import service as history
from tengen_studio.projects import service as projects
from tengen_studio.secrets import service
from tengen_studio.secrets.schemas import FindingList

MOST = 200


def findings(session: Session, actor: Actor, project_id: str, which: str) -> FindingList:
    """Return the possible secrets in a version, by number or "latest"; at most the first 200.

    Raises:
        NotFoundError: no such project or version.
        ForbiddenError: the asker may not change the project, and so not mend it either.
        InvalidError: neither a number nor "latest".
    """
    project = projects.get(session, actor, project_id, Role.editor)
    version = history.get(session, actor, project, history.parse_number(which))
    found = service.scan(session, history.contents(session, actor, project, version.number))
    return FindingList(version.number, found[:MOST])
