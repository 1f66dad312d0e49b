"""The tables of versions and of the large files that they hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt, Id


class Version(Base):
    """One saved state of a project; `commit` and `tree` name it in the project's git store.

    `number` counts from 1 within the project. `reason` says why an automatic version was made
    ("" for the user's own). The counts compare with the version before; `cells_*` are those of
    notebooks. `details` holds what other features record with a version. `suspects` are the
    files that may hold secrets; a version that is `held` back for them is for editors and owners.
    """

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    number: Mapped[int]
    commit: Mapped[str] = mapped_column(String(64))
    tree: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    author_name: Mapped[str] = mapped_column(String(200))
    automatic: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(40), default="")
    created: Mapped[CreatedAt]
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)
    cells_added: Mapped[int] = mapped_column(default=0)
    cells_changed: Mapped[int] = mapped_column(default=0)
    cells_removed: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    suspects: Mapped[list[str]] = mapped_column(JSON, default=list)
    held: Mapped[bool] = mapped_column(default=False)


class LargeFile(Base):
    """A blob that some version of a project holds; others' blobs are not the project's to read."""

    __tablename__ = "large_files"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
