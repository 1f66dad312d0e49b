"""What the audit log's routes take and give."""

from __future__ import annotations

from msgspec import Struct


class AuditRow(Struct, frozen=True):
    """One thing that somebody did; `details` is a sentence's worth of names and numbers."""

    id: str
    at: str
    actor_kind: str
    actor_name: str
    address: str
    verb: str
    project_id: str | None
    details: dict[str, str]


class AuditPage(Struct, frozen=True):
    """One page of the log, the newest first."""

    items: list[AuditRow]
    next: str | None = None
