"""Invitations: links of one use by which somebody makes an account or resets a password."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import Actor
from tengen_studio.context import context_of
from tengen_studio.credentials import digest, hash_password, new_token
from tengen_studio.db import utcnow
from tengen_studio.errors import InvalidError, LoginRequiredError, NotFoundError
from tengen_studio.paging import newest_first
from tengen_studio.people import schemas, service
from tengen_studio.people.models import Account, Invitation
from tengen_studio.rates import Limit
from tengen_studio.roles import Role
from tengen_studio.sharing import service as sharing

PAGE = "/tengen-studio/join"
RESET_DAYS = 1
LONGEST_DAYS = 90
ADDRESS = Limit(30, 15 * 60)


def invite(
    session: Session,
    actor: Actor,
    note: str = "",
    days: int = 7,
    project_id: str | None = None,
    role: str | None = None,
) -> schemas.NewInvitation:
    """Return a new invitation, with its token, for an account and perhaps a role.

    Raises:
        InvalidError: `days` is out of range, or only one of project and role came.
        NotFoundError, ForbiddenError: the asker does not own the project.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidError(f"days: 1 to {LONGEST_DAYS} were expected; {days} came.")
    if (project_id is None) != (role is None):
        raise InvalidError("project_id and role go together; one of them came alone.")
    if project_id is not None:
        sharing.owned(session, actor, project_id)
    row = Invitation(note=note[:200], project_id=project_id, role=Role[role] if role else None)
    return _issue(session, actor, row, days, "invitation.make")


def invite_to_reset(session: Session, actor: Actor, account_id: str) -> schemas.NewInvitation:
    """Return an invitation by which an account's owner sets a new password.

    Raises:
        NotFoundError: no such account.
    """
    account = service.account_of(session, account_id)
    row = Invitation(note=account.name, account_id=account.id)
    return _issue(session, actor, row, RESET_DAYS, "invitation.reset")


def invitations(session: Session, actor: Actor, after: str | None = None) -> schemas.InvitationPage:
    """Return a page of all invitations."""
    rows, cursor = newest_first(
        session, select(Invitation), Invitation.created, Invitation.id, after
    )
    return schemas.InvitationPage([_shown(session, row) for row in rows], cursor)


def withdraw(session: Session, actor: Actor, invitation_id: str) -> None:
    """Make an unused invitation worthless.

    Raises:
        NotFoundError: no such invitation, or a used one.
    """
    row = session.get(Invitation, invitation_id)
    if row is None or row.used is not None:
        raise NotFoundError("There is no such open invitation.")
    session.delete(row)
    audit.record(session, actor, "invitation.withdraw", note=row.note)


def accept(
    session: Session, actor: Actor, token: str, name: str, password: str
) -> tuple[schemas.Me, str]:
    """Use an invitation up; return the account as `Me`, and the token of a session of it.

    Raises:
        LoginRequiredError: the invitation is unknown, used, withdrawn or expired.
        InvalidError, ConflictError: the name or the password cannot be taken; the invitation
            stays good.
        TooManyError: too many tries from the address.
    """
    context_of(session).rates.count("invitation", actor.address, ADDRESS)
    service.check_password(password)
    hashed = hash_password(password)
    row = session.scalar(
        select(Invitation).where(Invitation.token_hash == digest(token)).with_for_update()
    )
    if row is None or _state(row) != "open":
        audit.record(session, actor, "invitation.refuse")
        raise LoginRequiredError("This invitation is not good any more. Ask for a new one.")
    row.used = utcnow()
    if row.account_id is not None:
        account = service.account_of(session, row.account_id)
        service.set_password(session, account, hashed)
        audit.record(session, actor, "account.reset", name=account.name)
    else:
        account = Account(password_hash=hashed)
        service.take_name(session, account, name)
        session.add(account)
        session.flush()
        row.account_id = account.id
        audit.record(session, actor, "account.make", name=account.name)
        if row.project_id is not None and row.role is not None:
            sharing.join(session, actor, row.project_id, account, row.role)
    return service.open_session(session, actor, account)


def _issue(
    session: Session, actor: Actor, row: Invitation, days: int, verb: str
) -> schemas.NewInvitation:
    token = new_token()
    row.token_hash = digest(token)
    row.expires = utcnow() + timedelta(days=days)
    session.add(row)
    session.flush()
    audit.record(session, actor, verb, row.project_id, note=row.note)
    return schemas.NewInvitation(_shown(session, row), token, f"{PAGE}#{token}")


def _state(row: Invitation) -> str:
    if row.used is not None:
        return "used"
    return "open" if row.expires > utcnow() else "expired"


def _shown(session: Session, row: Invitation) -> schemas.Invitation:
    account = session.get(Account, row.account_id) if row.account_id else None
    return schemas.Invitation(
        id=row.id,
        note=row.note,
        state=_state(row),  # type: ignore[arg-type]
        created=row.created.isoformat(),
        expires=row.expires.isoformat(),
        project_id=row.project_id,
        role=row.role.name if row.role else None,
        account=account.name if account else None,
    )
