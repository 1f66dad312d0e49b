"""Keeps the host's secrets, finds secrets in files, and takes stored ones out of what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tengen_studio.access import HOST_ID, Actor
from tengen_studio.audit import service as audit
from tengen_studio.context import context_of
from tengen_studio.db import utcnow
from tengen_studio.errors import ForbiddenError, InvalidError, NotFoundError
from tengen_studio.secrets import scanner, vault
from tengen_studio.secrets.models import NAME_LENGTH, Secret
from tengen_studio.secrets.redaction import Redaction
from tengen_studio.secrets.schemas import Finding, SecretEntry, SecretList

_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{NAME_LENGTH - 1}}}")
SHORTEST, LONGEST = 8, 16_384


def list_secrets(session: Session, actor: Actor) -> SecretList:
    """Return the names that `actor` has stored values under, with when each was set and used."""
    rows = session.scalars(select(Secret).where(Secret.owner_id == actor.id).order_by(Secret.name))
    return SecretList([_entry(row) for row in rows])


def put(session: Session, actor: Actor, name: str, value: str) -> SecretEntry:
    """Store `value` under `name`, in place of an earlier one.

    Raises:
        InvalidError: a name that is not a variable's, or a value too short to be told from
            ordinary text when outputs are cleaned of it, or too long.
    """
    if not _NAME.fullmatch(name):
        raise InvalidError("A secret's name has letters, digits and underscores, as HF_TOKEN.")
    if not SHORTEST <= len(value) <= LONGEST or not value.strip() or "\0" in value:
        raise InvalidError(
            f"A secret's value of {SHORTEST} to {LONGEST} characters was expected; "
            f"{len(value)} came."
        )
    row = session.get(Secret, (actor.id, name))
    if row is None:
        row = Secret(owner_id=actor.id, name=name)
        session.add(row)
    row.sealed = vault.seal(context_of(session).data_dir, value)
    row.updated, row.used = utcnow(), None
    audit.record(session, actor, "secret.put", name=name)
    return _entry(row)


def remove(session: Session, actor: Actor, name: str) -> None:
    """Forget the value under `name`; notebooks that ask for it are refused from now on.

    Raises:
        NotFoundError: nothing is stored under `name`.
    """
    gone = session.execute(
        delete(Secret)
        .where(Secret.owner_id == actor.id, Secret.name == name)
        .returning(Secret.name)
    )
    if gone.first() is None:
        raise NotFoundError("No secret of this name is stored.")
    audit.record(session, actor, "secret.remove", name=name)


def use(session: Session, name: str) -> str:
    """Return the host's value under `name`, for a kernel that asked for it.

    Raises:
        NotFoundError: nothing is stored under `name`.
        ForbiddenError: it was stored with another key file.
    """
    row = session.get(Secret, (HOST_ID, name))
    if row is None:
        raise NotFoundError("No secret of this name is stored.")
    value = vault.unseal(context_of(session).data_dir, row.sealed)
    row.used = utcnow()
    return value


def redaction(session: Session) -> Redaction:
    """Return what takes every stored value out of a text; those of a lost key are passed over."""
    values: dict[str, str] = {}
    data_dir = context_of(session).data_dir
    for row in session.scalars(select(Secret)):
        try:
            values[row.name] = vault.unseal(data_dir, row.sealed)
        except ForbiddenError:
            continue
    return Redaction(values)


def version_guard(session: Session) -> Callable[[str, bytes], None] | None:
    """Return what refuses a file that holds a stored value, or None where none is stored.

    A value would stay in a version for as long as the project lives, and go with every fork.
    """
    stored = redaction(session)
    if not stored:
        return None

    def inspect(path: str, content: bytes) -> None:
        if stored.content(content) != content:
            found = scanner.scan([(path, content)], stored.values)
            cell = f", cell {found[0].cell}" if found and found[0].cell else ""
            raise InvalidError(
                f"{path}{cell} shows the value of a stored secret, which no version may hold. "
                "Have notebooks ask for it with tengen_studio.secrets.get, and save them again."
            )

    return inspect


def version_scanner(session: Session) -> Callable[[str, bytes], set[str]]:
    """Return what finds the possible secrets in a file, stored values among them.

    It needs the session no more.
    """
    stored = redaction(session).values
    return lambda path, content: scanner.values_in(path, content, stored)


def scan(session: Session, files: Iterable[tuple[str, bytes]]) -> list[Finding]:
    """Return the possible secrets in `files`, stored values among them."""
    return scanner.scan(files, redaction(session).values)


def _entry(row: Secret) -> SecretEntry:
    used = row.used.isoformat() if row.used else None
    return SecretEntry(row.name, row.updated.isoformat(), used)
