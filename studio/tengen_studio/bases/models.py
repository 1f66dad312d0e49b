"""The table of merge bases."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import Base, CreatedAt


class MergeBase(Base):
    """A file's content under its SHA-256, compressed to `size` bytes, and when it was last seen."""

    __tablename__ = "merge_bases"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int]
    seen: Mapped[CreatedAt] = mapped_column(index=True)
