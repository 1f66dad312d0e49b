"""The rows that say which steps were committed."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt


class CommittedStep(Base):
    """A step whose transaction was committed; the row goes once the step is settled."""

    __tablename__ = "committed_steps"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    created: Mapped[CreatedAt]
