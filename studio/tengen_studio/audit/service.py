"""Writes and reads the audit log, and notes for the live feed which projects have changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role, require
from tengen_studio.audit.models import AuditEntry
from tengen_studio.audit.schemas import AuditPage, AuditRow
from tengen_studio.live import note
from tengen_studio.paging import newest_first
from tengen_studio.projects.models import Project

SECRET_WORDS = ("token", "password", "secret", "cookie")


def record(
    session: Session,
    actor: Actor,
    verb: str,
    project_id: str | None = None,
    **details: str | int | bool | None,
) -> None:
    """Add one row to the log within the request's transaction.

    `verb` is `<thing>.<what was done>`, as `member.set`. Details left None are dropped.

    Raises:
        ValueError: a detail is named as secrets are.
    """
    named = [key for key in details if any(word in key for word in SECRET_WORDS)]
    if named:
        raise ValueError(f"[audit] details without secrets were expected; {named} came")
    session.add(
        AuditEntry(
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            address=actor.address,
            verb=verb,
            project_id=project_id,
            details={key: str(value) for key, value in details.items() if value is not None},
        )
    )
    note(session, verb, project_id)


def of_project(
    session: Session, actor: Actor, project_id: str, after: str | None = None
) -> AuditPage:
    """Return a page of what was done to a project; only its owner may see it."""
    require(session, actor, session.get(Project, project_id), Role.owner)
    return _page(session, AuditEntry.project_id == project_id, after)


def of_studio(session: Session, actor: Actor, after: str | None = None) -> AuditPage:
    """Return a page of what was done to people: invitations, log-ins, accounts.

    The log of an account's own projects is its owner's, not the host's.
    """
    return _page(session, AuditEntry.project_id.is_(None), after)


def _page(session: Session, which: object, after: str | None) -> AuditPage:
    rows, cursor = newest_first(
        session,
        select(AuditEntry).where(which),  # type: ignore[arg-type]
        AuditEntry.at,
        AuditEntry.id,
        after,
    )
    return AuditPage([_row(entry) for entry in rows], cursor)


def _row(entry: AuditEntry) -> AuditRow:
    return AuditRow(
        id=entry.id,
        at=entry.at.isoformat(),
        actor_kind=entry.actor_kind,
        actor_name=entry.actor_name,
        address=entry.address,
        verb=entry.verb,
        project_id=entry.project_id,
        details=entry.details,
    )
