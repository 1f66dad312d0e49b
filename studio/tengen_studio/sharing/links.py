"""Links into a project: made and revoked by its owners, opened by whoever has the address."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import Actor
from tengen_studio.context import context_of
from tengen_studio.credentials import digest, hash_password, new_token, password_matches
from tengen_studio.db import release, utcnow
from tengen_studio.errors import InvalidError, LoginRequiredError, NotFoundError
from tengen_studio.identity import is_live
from tengen_studio.paging import newest_first
from tengen_studio.projects.models import Project
from tengen_studio.rates import Limit
from tengen_studio.sharing import schemas
from tengen_studio.sharing.models import Link, Visit
from tengen_studio.sharing.publication import check_secrets
from tengen_studio.sharing.service import PROJECT_PAGE, owned

OPEN_PAGE = "/tengen-studio/open"
LONGEST_DAYS = 3650
MOST_USES = 1_000_000
ADDRESS = Limit(60, 15 * 60)
PASSWORD = Limit(20, 15 * 60)


def make_link(
    session: Session, actor: Actor, project_id: str, request: schemas.LinkRequest
) -> schemas.NewLink:
    """Return a new link with its token.

    Raises:
        InvalidError: days, uses or a password out of range.
        ConflictError: a file may hold secrets and `despite_findings` was not set.
        NotFoundError, ForbiddenError: as `access.require`.
    """
    _check(request)
    project = owned(session, actor, project_id)
    if not request.despite_findings:
        check_secrets(session, actor, project, despite=False)
    release(session)
    hashed = hash_password(request.password) if request.password is not None else None
    project = owned(session, actor, project_id)
    if request.despite_findings:
        check_secrets(session, actor, project, despite=True)
    token = new_token()
    row = Link(
        project_id=project_id,
        permission=request.permission,
        note=request.note[:200],
        token_hash=digest(token),
        password_hash=hashed,
        created_by=actor.id,
        expires=utcnow() + timedelta(days=request.days) if request.days is not None else None,
        uses=0,
        most_uses=request.most_uses,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "link.make", project_id, link=row.id, permission=row.permission)
    return schemas.NewLink(_shown(row), token, f"{OPEN_PAGE}#{token}")


def links(
    session: Session, actor: Actor, project_id: str, after: str | None = None
) -> schemas.LinkPage:
    """Return a page of a project's links; for its owners.

    Raises:
        NotFoundError, ForbiddenError: as `access.require`.
    """
    owned(session, actor, project_id)
    rows, cursor = newest_first(
        session, select(Link).where(Link.project_id == project_id), Link.created, Link.id, after
    )
    return schemas.LinkPage([_shown(row) for row in rows], cursor)


def revoke(session: Session, actor: Actor, project_id: str, link_id: str) -> None:
    """End a link, for those who opened it as well.

    Raises:
        NotFoundError, ForbiddenError: no such link; or as `access.require`.
    """
    owned(session, actor, project_id)
    row = session.get(Link, link_id)
    if row is None or row.project_id != project_id:
        raise NotFoundError("There is no such link.")
    if row.revoked is None:
        row.revoked = utcnow()
        audit.record(session, actor, "link.revoke", project_id, link=row.id)


def open_link(
    session: Session, actor: Actor, visitor_token: str | None, token: str, password: str | None
) -> tuple[schemas.Opened, str]:
    """Return what a link opens, and the token that the visitor's cookie is to hold.

    A browser that has opened the link before uses nothing up.

    Raises:
        LoginRequiredError: no such link, not open any more, or another password: which of
            these is not said, save to who has a good token, who is asked for the password.
        TooManyError: too many tries from the address, or for the link's password.
    """
    rates = context_of(session).rates
    rates.count("link by address", actor.address, ADDRESS)
    row = session.scalar(select(Link).where(Link.token_hash == digest(token)))
    held = digest(visitor_token) if visitor_token else None
    again = row is not None and held is not None and session.get(Visit, (held, row.id)) is not None
    if row is None or not is_live(row) or not (again or _has_uses(row)) or _gone(session, row):
        audit.record(session, actor, "link.refuse", row.project_id if row else None)
        raise LoginRequiredError("This link is not good any more. Ask for a new one.")
    visitor = visitor_token or ""
    if not again:
        if row.password_hash is not None:
            _check_password(session, actor, row, password)
        _use(session, row)
        visitor = _renew(session, held)
        session.add(Visit(visitor_hash=digest(visitor), link_id=row.id))
        audit.record(session, actor, "link.open", row.project_id, link=row.id)
    permission: schemas.Permission = row.permission  # type: ignore[assignment]
    return schemas.Opened(row.project_id, permission, PROJECT_PAGE + row.project_id), visitor


def _check(request: schemas.LinkRequest) -> None:
    days, uses = request.days, request.most_uses
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InvalidError(f"days: 1 to {LONGEST_DAYS} or null were expected; {days} came.")
    if uses is not None and not 1 <= uses <= MOST_USES:
        raise InvalidError(f"most_uses: 1 to {MOST_USES} or null were expected; {uses} came.")
    if request.password is not None and not 4 <= len(request.password) <= 1024:
        raise InvalidError("password: 4 to 1024 characters or null were expected.")


def _check_password(session: Session, actor: Actor, row: Link, password: str | None) -> None:
    context_of(session).rates.count("link password", row.id, PASSWORD)
    kept = row.password_hash
    release(session)
    if password is None:
        raise LoginRequiredError("This link asks for its password.")
    if not password_matches(password, kept):
        audit.record(session, actor, "link.refuse", row.project_id, link=row.id)
        raise LoginRequiredError("The link's password is wrong.")


def _use(session: Session, row: Link) -> None:
    """Count a use, in one statement, so that two at once cannot both be the last."""
    used = session.execute(
        update(Link)
        .where(Link.id == row.id, Link.revoked.is_(None))
        .where(Link.most_uses.is_(None) | (Link.uses < Link.most_uses))
        .values(uses=Link.uses + 1)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise LoginRequiredError("This link is not good any more. Ask for a new one.")


def _renew(session: Session, held: str | None) -> str:
    """Return a new token for the visitor's cookie, to which what was opened before moves.

    Somebody who knew the old one, or planted it, gets nothing of what is opened now.
    """
    token = new_token()
    if held is not None:
        session.execute(
            update(Visit).where(Visit.visitor_hash == held).values(visitor_hash=digest(token))
        )
    return token


def _has_uses(row: Link) -> bool:
    return row.most_uses is None or row.uses < row.most_uses


def _gone(session: Session, row: Link) -> bool:
    return session.get_one(Project, row.project_id).trashed is not None


def _shown(row: Link) -> schemas.Link:
    if row.revoked is not None:
        state = "revoked"
    elif not is_live(row):
        state = "expired"
    else:
        state = "open" if _has_uses(row) else "used"
    return schemas.Link(
        id=row.id,
        permission=row.permission,  # type: ignore[arg-type]
        note=row.note,
        state=state,  # type: ignore[arg-type]
        created=row.created.isoformat(),
        created_by=row.created_by,
        expires=row.expires.isoformat() if row.expires else None,
        uses=row.uses,
        most_uses=row.most_uses,
        has_password=row.password_hash is not None,
    )
