"""The audit log's one table: rows are added and never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt, Id


class AuditEntry(Base):
    """One thing that somebody did.

    Names and ids are copied rather than referred to, so that the row outlives what it tells
    of. `details` never holds a token, a password or a hash of either.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_project_id_at", "project_id", "at"),
        Index("ix_audit_entries_at", "at"),
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    actor_name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    verb: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
