"""Accounts, the invitations they come from, and their open sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tengen_studio.db.base import Base, CreatedAt, Id
from tengen_studio.roles import Role


class Account(Base):
    """A person who can own projects: the host, with the id "host", or someone invited.

    `login` is `name` folded by `names.fold`, and unique; the host has no password because
    jupyter_server lets the host in. A removed account keeps its row, for the history's sake.
    """

    __tablename__ = "accounts"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64))
    login: Mapped[str] = mapped_column(String(128), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created: Mapped[CreatedAt]
    removed: Mapped[datetime | None]


class Invitation(Base):
    """A one-time permission to make an account, optionally with a role in a project."""

    __tablename__ = "invitations"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(String(200))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    role: Mapped[Role | None] = mapped_column(Enum(Role, native_enum=False, length=16))
    created: Mapped[CreatedAt]
    expires: Mapped[datetime]
    used: Mapped[datetime | None]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))


class LoginSession(Base):
    """An open log-in of an account; ending it deletes the row."""

    __tablename__ = "login_sessions"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created: Mapped[CreatedAt]
    expires: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))

    account: Mapped[Account] = relationship(lazy="joined")
