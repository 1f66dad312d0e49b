"""Who is asking, and may they: the one place where roles are compared.

Services call `require` before they touch a project. A project that the asker may not know of
does not exist for them (404); a known one that needs more than they have is refused (403).
Which people reach a route at all is `guard.py`; who the asker is, is `identity.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlalchemy.orm import Session

from tengen_studio.errors import ForbiddenError, LoginRequiredError, NotFoundError
from tengen_studio.roles import Role
from tengen_studio.sharing.models import Member

if TYPE_CHECKING:
    from tengen_studio.projects.models import Project

__all__ = [
    "HOST_ID",
    "Actor",
    "Grant",
    "Role",
    "may_copy",
    "require",
    "require_copying",
    "require_person",
    "role_of",
]

HOST_ID = "host"


@dataclass(frozen=True)
class Grant:
    """What an opened link gives in one project; `copying` allows forks and downloads."""

    link_id: str
    role: Role
    copying: bool


@dataclass(frozen=True)
class Actor:
    """The asker of one request.

    `kind` is "host" (logged in to Jupyter), "account" (an invited person), "link" (nobody
    known, holding opened links) or "anonymous". `id` is the account's id, "host" for the host,
    the link's id for a link, "" for nobody. `grants` maps project ids to what opened links
    give there, for every kind. `address` is where the request came from, `login_id` the session
    of an account.
    """

    kind: Literal["host", "account", "link", "anonymous"]
    id: str
    name: str
    grants: Mapping[str, Grant] = field(default_factory=dict)
    address: str = ""
    login_id: str = ""

    @property
    def is_person(self) -> bool:
        """Whether projects can belong to the asker: the host or an account."""
        return self.kind in ("host", "account")


def role_of(session: Session, actor: Actor, project: Project) -> Role | None:
    """Return the strongest role that `actor` has in `project`, or None for a stranger.

    A project in the trash exists for its owner alone. The host has no role in the projects of
    others unless they give it one.
    """
    if actor.is_person and project.owner_id == actor.id:
        return Role.owner
    if project.trashed is not None:
        return None
    roles = []
    if actor.is_person:
        member = session.get(Member, (project.id, actor.id))
        roles += [member.role] if member else []
    grant = actor.grants.get(project.id)
    roles += [grant.role] if grant else []
    if project.visibility == "public":
        roles.append(Role.viewer)
    return max(roles, default=None)


def require(
    session: Session, actor: Actor, project: Project | None, role: Role = Role.viewer
) -> None:
    """Return if `actor` has at least `role` in `project`; None counts as a missing project.

    Raises:
        NotFoundError: no such project, or one that the asker may not know of.
        ForbiddenError: the asker sees the project but has a lesser role.
    """
    held = role_of(session, actor, project) if project is not None else None
    if held is None:
        raise NotFoundError("There is no such project.")
    if held < role:
        raise ForbiddenError(f"This needs the role {role.name}; yours here is {held.name}.")


def require_copying(session: Session, actor: Actor, project: Project | None) -> None:
    """Return if `actor` may take `project` away: fork it, download it, pull its versions.

    Every member may, everyone may with a public project, and a link may unless it was made for
    viewing only.

    Raises:
        NotFoundError: as `require`.
        ForbiddenError: the asker's only way in is a link for viewing.
    """
    require(session, actor, project)
    assert project is not None
    if not may_copy(session, actor, project):
        raise ForbiddenError("This link shows the project; it does not allow a copy.")


def may_copy(session: Session, actor: Actor, project: Project) -> bool:
    """Tell whether `require_copying` lets `actor` pass."""
    grant = actor.grants.get(project.id)
    if grant is not None and grant.copying and role_of(session, actor, project) is not None:
        return True
    return role_of(session, _without_links(actor), project) is not None


def require_person(actor: Actor) -> None:
    """Return if `actor` is the host or an account.

    Raises:
        LoginRequiredError: nobody is logged in.
    """
    if not actor.is_person:
        raise LoginRequiredError("Log in first.")


def _without_links(actor: Actor) -> Actor:
    return Actor(actor.kind, actor.id, actor.name)
