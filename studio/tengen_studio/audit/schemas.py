"""What the audit log's routes take and give."""

from __future__ import annotations

from msgspec import Struct


class AuditQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of the log; `after` is the `next` of the page before."""

    after: str | None = None


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
