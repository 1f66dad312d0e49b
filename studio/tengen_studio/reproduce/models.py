"""The table of reproductions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt, Id
from tengen_studio.reproduce.states import State


class Reproduction(Base):
    """One run of a version, started by `actor_id`.

    `process` works on it while it runs. `report` is what `schemas.Report` describes; `message`
    sums it up, or says why there is none.
    """

    __tablename__ = "reproductions"
    __table_args__ = (Index("ix_reproductions_project_id_created", "project_id", "created"),)

    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    version: Mapped[int]
    actor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    state: Mapped[State] = mapped_column(String(10), default=State.running)
    message: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    process: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[CreatedAt]
    finished: Mapped[datetime | None]
