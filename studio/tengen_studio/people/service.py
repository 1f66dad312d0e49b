"""Accounts and their sessions: log-in, passwords, and the end of both."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import HOST_ID, Actor
from tengen_studio.context import context_of
from tengen_studio.credentials import digest, hash_password, new_token, password_matches
from tengen_studio.db import release, utcnow
from tengen_studio.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LoginRequiredError,
    NotFoundError,
)
from tengen_studio.names import clean, fold
from tengen_studio.paging import newest_first
from tengen_studio.people import schemas
from tengen_studio.people.models import Account, LoginSession
from tengen_studio.projects.models import Project
from tengen_studio.rates import Limit
from tengen_studio.sharing import service as sharing

SESSION_DAYS = 30
SHORTEST, LONGEST = 10, 1024
# A person who mistypes is let through, a machine that guesses is not: per name and address,
# per name from anywhere, and per address for any name.
PAIR = Limit(10, 15 * 60)
NAME = Limit(100, 60 * 60)
ADDRESS = Limit(50, 15 * 60)


def me(session: Session, actor: Actor) -> schemas.Me:
    """Return who asks."""
    return schemas.Me(actor.kind, actor.id, actor.name)


def rename(session: Session, actor: Actor, name: str) -> schemas.Me:
    """Give the asker a new name.

    Raises:
        InvalidError: not a name.
        ConflictError: somebody else's.
    """
    account = session.get_one(Account, actor.id)
    take_name(session, account, name)
    audit.record(session, actor, "account.rename", name=account.name)
    return schemas.Me(actor.kind, actor.id, account.name)


def take_name(session: Session, account: Account, name: str) -> None:
    """Set an account's name, if nobody else has it in any spelling; see `rename`."""
    kept = clean(name)
    holder = session.scalar(select(Account.id).where(Account.login == fold(kept)))
    if holder is not None and holder != account.id:
        raise ConflictError(f"name: a free name was expected; {kept!r} is somebody's already.")
    account.name, account.login = kept, fold(kept)


def log_in(session: Session, actor: Actor, name: str, password: str) -> tuple[schemas.Me, str]:
    """Return the account that `name` and `password` belong to, and the token of a new session.

    Raises:
        LoginRequiredError: no such account, or another password; which of them is not said,
            and both take equally long.
        TooManyError: too many tries for the name or from the address.
    """
    rates, login = context_of(session).rates, fold(name)
    rates.count("log-in", f"{login}\n{actor.address}", PAIR)
    rates.count("log-in by name", login, NAME)
    rates.count("log-in by address", actor.address, ADDRESS)
    account = session.scalar(select(Account).where(Account.login == login))
    kept = account.password_hash if account else None
    release(session)
    if not password_matches(password, kept) or account is None:
        # What was typed as a name may be a password, so only names that exist are written down.
        audit.record(session, actor, "session.refuse", name=account.name if account else None)
        raise LoginRequiredError("The name or the password is wrong.")
    rates.forget("log-in", f"{login}\n{actor.address}")
    return open_session(session, actor, account)


def open_session(session: Session, actor: Actor, account: Account) -> tuple[schemas.Me, str]:
    """Return the account as `Me`, and the token of a new session of it."""
    token = new_token()
    now = utcnow()
    session.execute(
        delete(LoginSession).where(
            LoginSession.account_id == account.id, LoginSession.expires <= now
        )
    )
    session.add(
        LoginSession(
            token_hash=digest(token),
            account_id=account.id,
            expires=now + timedelta(days=SESSION_DAYS),
            address=actor.address,
        )
    )
    known = Actor("account", account.id, account.name, address=actor.address)
    audit.record(session, known, "session.open")
    return schemas.Me("account", account.id, account.name), token


def log_out(session: Session, actor: Actor) -> None:
    """End the session that asks; without one, nothing happens."""
    if actor.login_id:
        session.execute(delete(LoginSession).where(LoginSession.id == actor.login_id))
        audit.record(session, actor, "session.end")


def change_password(session: Session, actor: Actor, old: str, new: str) -> tuple[schemas.Me, str]:
    """Set a new password, end every session, and return a new one for the asker.

    Raises:
        ForbiddenError: the host, who has none here; or `old` is not the password.
        InvalidError: `new` is too short or too long.
        TooManyError: too many tries.
    """
    if actor.kind != "account":
        raise ForbiddenError("The host logs in to Jupyter and has no password here.")
    context_of(session).rates.count("password", actor.id, PAIR)
    check_password(new)
    account = session.get_one(Account, actor.id)
    release(session)
    if not password_matches(old, account.password_hash):
        raise ForbiddenError("The old password is wrong.")
    hashed = hash_password(new)
    set_password(session, account, hashed)
    audit.record(session, actor, "account.password")
    return open_session(session, actor, account)


def set_password(session: Session, account: Account, hashed: str) -> None:
    """Give an account another password, which ends its sessions."""
    session.execute(update(Account).where(Account.id == account.id).values(password_hash=hashed))
    end_sessions(session, account.id)


def check_password(password: str) -> None:
    """Return if `password` may be one.

    Raises:
        InvalidError: too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidError(
            f"password: {SHORTEST} to {LONGEST} characters were expected; {len(password)} came."
        )


def end_sessions(session: Session, account_id: str) -> None:
    """Log an account out everywhere."""
    session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))


def sessions(session: Session, actor: Actor) -> schemas.OpenSessionPage:
    """Return the asker's open sessions."""
    rows = session.scalars(
        select(LoginSession)
        .where(LoginSession.account_id == actor.id, LoginSession.expires > utcnow())
        .order_by(LoginSession.created.desc())
    )
    return schemas.OpenSessionPage(
        [
            schemas.OpenSession(
                id=row.id,
                created=row.created.isoformat(),
                expires=row.expires.isoformat(),
                address=row.address,
                current=row.id == actor.login_id,
            )
            for row in rows
        ]
    )


def end_session(session: Session, actor: Actor, session_id: str) -> None:
    """End one of the asker's own sessions.

    Raises:
        NotFoundError: the asker has no such session.
    """
    row = session.get(LoginSession, session_id)
    if row is None or row.account_id != actor.id:
        raise NotFoundError("There is no such session.")
    session.delete(row)
    audit.record(session, actor, "session.end")


def accounts(session: Session, actor: Actor, after: str | None = None) -> schemas.AccountPage:
    """Return a page of the people of this studio."""
    rows, cursor = newest_first(
        session,
        select(Account).where(Account.removed.is_(None)),
        Account.created,
        Account.id,
        after,
    )
    return schemas.AccountPage([_account(row) for row in rows], cursor)


def account_of(session: Session, account_id: str) -> Account:
    """Return an invited person's account.

    Raises:
        NotFoundError: no such account, a removed one, or the host's.
    """
    account = session.get(Account, account_id)
    if account is None or account.removed is not None or account.id == HOST_ID:
        raise NotFoundError("There is no such account.")
    return account


def remove(session: Session, actor: Actor, account_id: str) -> None:
    """Remove an account: its sessions, roles and links end, its projects become the host's.

    Nothing that it made is lost, and its name is free again.

    Raises:
        NotFoundError: no such account.
    """
    account = account_of(session, account_id)
    end_sessions(session, account.id)
    sharing.leave_all(session, actor, account.id)
    session.execute(
        update(Project)
        .where(Project.owner_id == account.id)
        .values(owner_id=HOST_ID, visibility="private")
    )
    account.removed = utcnow()
    account.login = f"\nremoved {account.id}"
    account.password_hash = None
    audit.record(session, actor, "account.remove", name=account.name)


def _account(row: Account) -> schemas.Account:
    kind = "host" if row.id == HOST_ID else "account"
    return schemas.Account(row.id, row.name, kind, row.created.isoformat())  # type: ignore[arg-type]
