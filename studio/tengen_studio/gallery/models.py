"""Who starred which project."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import Base, CreatedAt


class Star(Base):
    """Somebody's mark on a project."""

    __tablename__ = "stars"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created: Mapped[CreatedAt]
