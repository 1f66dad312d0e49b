"""Every row of the database as lines of JSON, and back, on SQLite and PostgreSQL alike.

Tables are taken as the database has them, not as this release describes them: the rows of an
older revision are read, and written, as well.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, LargeBinary, MetaData, Table, bindparam, select, update
from sqlalchemy.types import Boolean

REVISIONS = "alembic_version"
# Alembic's own, and what is remembered for a while only.
UNTAKEN = {REVISIONS, "merge_bases"}
_BATCH = 500


def tables(connection: Connection) -> list[Table]:
    """Return the database's tables, each after those that it refers to, without `UNTAKEN`."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name not in UNTAKEN]


def dump(connection: Connection, table: Table) -> Iterator[str]:
    """Give each row of `table` as one line."""
    keys = list(table.primary_key.columns) or list(table.columns)
    for row in connection.execute(select(table).order_by(*keys)).mappings():
        yield json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)


def load(connection: Connection, table: Table, lines: Iterable[str]) -> int:
    """Write the rows of `lines` into the empty `table`; return how many there were.

    References of a table to itself are written once all rows are there.
    """
    back = {column.name: _reader(column.type, connection) for column in table.columns}
    own = [key.parent.name for key in table.foreign_keys if key.column.table.name == table.name]
    count, waiting, later = 0, [], []
    for line in lines:
        row = {name: back[name](value) for name, value in json.loads(line).items()}
        if any(row.get(name) is not None for name in own):
            later.append(dict(row))
            row |= dict.fromkeys(own)
        waiting.append(row)
        count += 1
        if len(waiting) == _BATCH:
            connection.execute(table.insert(), waiting)
            waiting = []
    if waiting:
        connection.execute(table.insert(), waiting)
    if later:
        _set_own(connection, table, own, later)
    return count


def _set_own(
    connection: Connection, table: Table, own: list[str], rows: list[dict[str, Any]]
) -> None:
    keys = list(table.primary_key.columns)
    change = (
        update(table)
        .where(*(key == bindparam(f"key_{key.name}") for key in keys))
        .values({name: bindparam(f"own_{name}") for name in own})
    )
    connection.execute(
        change,
        [
            {f"key_{key.name}": row[key.name] for key in keys}
            | {f"own_{name}": row[name] for name in own}
            for row in rows
        ],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    return value


def _reader(kind: Any, connection: Connection) -> Callable[[Any], Any]:
    """Return what turns a column's JSON back into its value."""
    if isinstance(kind, DateTime):
        naive = connection.dialect.name == "sqlite"

        def moment(value: Any) -> Any:
            if value is None:
                return None
            parsed = datetime.fromisoformat(value)
            return parsed.replace(tzinfo=None) if naive else parsed

        return moment
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value)
    if isinstance(kind, Boolean):
        return lambda value: None if value is None else bool(value)
    return lambda value: value
