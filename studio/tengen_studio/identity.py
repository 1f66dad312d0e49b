"""From what a request carries to the actor it stands for.

jupyter_server says whether it is the host. The session cookie of an account and the visitor
cookie of opened links are read here and nowhere else, so no handler of Jupyter's own ever takes
an account for its user.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio.access import HOST_ID, Actor, Grant
from tengen_studio.credentials import digest
from tengen_studio.db import utcnow
from tengen_studio.people.models import Account, LoginSession
from tengen_studio.roles import Role
from tengen_studio.sharing.models import Link, Visit

LINK_ROLES = {"view": Role.viewer, "fork": Role.viewer, "edit": Role.editor}


def resolve(
    session: Session,
    *,
    is_host: bool,
    login_token: str | None,
    visitor_token: str | None,
    address: str,
) -> Actor:
    """Return who asks; a token that is unknown, ended or expired counts as none.

    `is_host` says that jupyter_server knows the asker; a session cookie beside that is not
    looked at.
    """
    grants = grants_of(session, visitor_token) if visitor_token else {}
    if is_host:
        host = session.get(Account, HOST_ID)
        assert host is not None, "the host's account is made when the server starts"
        return Actor("host", HOST_ID, host.name, grants, address)
    login = open_login(session, login_token) if login_token else None
    if login is not None:
        account = login.account
        return Actor("account", account.id, account.name, grants, address, login.id)
    if grants:
        first = next(iter(grants.values()))
        return Actor("link", first.link_id, "Visitor with a link", grants, address)
    return Actor("anonymous", "", "", {}, address)


def open_login(session: Session, token: str) -> LoginSession | None:
    """Return the open session that `token` belongs to, or None."""
    login = session.scalar(select(LoginSession).where(LoginSession.token_hash == digest(token)))
    if login is None or login.expires <= utcnow() or login.account.removed is not None:
        return None
    return login


def grants_of(session: Session, visitor_token: str) -> dict[str, Grant]:
    """Return what the links opened in this browser give now, by project id; the strongest wins."""
    visits = session.scalars(
        select(Visit).join(Visit.link).where(Visit.visitor_hash == digest(visitor_token))
    )
    grants: dict[str, Grant] = {}
    for link in (visit.link for visit in visits):
        if not is_live(link):
            continue
        grant = Grant(link.id, LINK_ROLES[link.permission], link.permission != "view")
        held = grants.get(link.project_id)
        if held is None or (held.role, held.copying) < (grant.role, grant.copying):
            grants[link.project_id] = grant
    return grants


def is_live(link: Link) -> bool:
    """Tell whether a link still gives what it was made for to those who have opened it."""
    return link.revoked is None and (link.expires is None or link.expires > utcnow())
