"""What an owner chose for a project's public page."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import Base


class PageSettings(Base):
    """One row per project that departs from the defaults.

    `scripts` lets scripts in notebook outputs run, in a frame of an opaque origin.
    """

    __tablename__ = "page_settings"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    scripts: Mapped[bool] = mapped_column(default=False)
