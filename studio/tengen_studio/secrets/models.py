"""The table of stored secrets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt

NAME_LENGTH = 100


class Secret(Base):
    """One secret of one person; `sealed` is its value, encrypted with the server's key file."""

    __tablename__ = "secrets"

    owner_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated: Mapped[CreatedAt]
    used: Mapped[datetime | None]
