"""What every table is made of: the base class, ids, and times."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, mapped_column

ID_LENGTH = 22


def new_id() -> str:
    """Return a fresh opaque id: 22 characters from A-Z a-z 0-9 - _, 128 random bits.

    The first character is a letter or a digit, so that an id is never taken for an option.
    """
    while True:
        text = secrets.token_urlsafe(16)
        if text[0].isalnum():
            return text


def utcnow() -> datetime:
    """Return the time now, in UTC and saying so."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite, which keeps no zone, gives it back with its zone as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: nobody can tell what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"[UtcDateTime] a time with its zone was expected; {value!r} came")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every time its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base of every table; constraints get predictable names."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: dict[Any, Any] = {datetime: UtcDateTime()}


Id = Annotated[str, mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)]
"""Type of a table's own id column."""

CreatedAt = Annotated[datetime, mapped_column(UtcDateTime(), default=utcnow)]
"""Type of a column that holds when the row was made."""
