"""Who has which role in a project, by membership or by link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tengen_studio.db.base import Base, CreatedAt, Id
from tengen_studio.people.models import Account
from tengen_studio.roles import Role


class Member(Base):
    """A person's role in a project; the project's owner has none of these rows."""

    __tablename__ = "members"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=16))
    created: Mapped[CreatedAt]

    account: Mapped[Account] = relationship(lazy="joined")


class Link(Base):
    """A way into a project for whoever has its address; the token is kept as a hash only.

    `permission` is "view", "fork" or "edit". A link is open until it is revoked, has expired,
    or was used `most_uses` times.
    """

    __tablename__ = "links"

    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    permission: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created: Mapped[CreatedAt]
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    uses: Mapped[int] = mapped_column(default=0)
    most_uses: Mapped[int | None]


class Visit(Base):
    """An opened link in one browser, whose cookie holds the token that is hashed here."""

    __tablename__ = "visits"

    visitor_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    link_id: Mapped[str] = mapped_column(
        ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    opened: Mapped[CreatedAt]

    link: Mapped[Link] = relationship(lazy="joined")
