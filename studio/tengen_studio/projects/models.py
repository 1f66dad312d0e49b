"""The tables of projects and their tags."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt, Id

NAME_LENGTH = 200
TAG_LENGTH = 50


class Project(Base):
    """One project.

    `directory` is its folder relative to `root`, the resolved folder of the host's server; both
    are None for a project that lives only as versions, as those of invited accounts do.
    `stored` counts the bytes that its history takes; `quota` replaces the server's limit.
    """

    __tablename__ = "projects"
    __table_args__ = (Index(None, "owner_id", "updated"), Index(None, "visibility", "updated"))

    id: Mapped[Id]
    owner_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    slug: Mapped[str] = mapped_column(String(NAME_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    root: Mapped[str | None] = mapped_column(Text)
    directory: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(String(10), default="private")
    licence: Mapped[str] = mapped_column(String(100), default="")
    origin_project_id: Mapped[str | None] = mapped_column(
        ForeignKey("projects.id", ondelete="SET NULL"), index=True
    )
    origin_version: Mapped[int | None]
    created: Mapped[CreatedAt]
    updated: Mapped[CreatedAt]
    archived: Mapped[datetime | None]
    trashed: Mapped[datetime | None]
    stored: Mapped[int] = mapped_column(BigInteger, default=0)
    quota: Mapped[int | None] = mapped_column(BigInteger)

    tag_rows: Mapped[list[ProjectTag]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="ProjectTag.tag"
    )

    @property
    def tags(self) -> list[str]:
        """The project's tags, sorted."""
        return [row.tag for row in self.tag_rows]

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        kept = {row.tag: row for row in self.tag_rows}
        self.tag_rows = [kept.get(tag) or ProjectTag(tag=tag) for tag in sorted(set(tags))]


class ProjectTag(Base):
    """One tag of one project."""

    __tablename__ = "project_tags"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(TAG_LENGTH), primary_key=True, index=True)
