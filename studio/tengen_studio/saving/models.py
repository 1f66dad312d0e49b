"""The table of saves that were refused because the file had changed meanwhile."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import Base, CreatedAt, Id


class RefusedSave(Base):
    """What a stale writer wanted to save; the contents are blobs under their SHA-256.

    `path` is relative to `root`, the server's folder. `base` is what the writer had started
    from, None where nobody remembers it.
    """

    __tablename__ = "refused_saves"

    id: Mapped[Id]
    created: Mapped[CreatedAt]
    root: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(String(64), index=True)
    base: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
