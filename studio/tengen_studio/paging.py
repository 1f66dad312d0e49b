"""Lists in pages, the newest first, by a cursor that stays right while rows are added."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from tengen_studio.errors import InvalidError

Row = TypeVar("Row")

PAGE = 50


def newest_first(
    session: Session,
    statement: Select[Row],
    moment: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[str],
    after: str | None = None,
    limit: int = PAGE,
) -> tuple[list[Row], str | None]:
    """Return one page of what `statement` selects, and the cursor of the next page.

    Where it selects one thing, such as a table's class, the page has those; else it has rows.

    Rows are ordered by `moment`, then by `key`, both falling; `after` is the cursor that the
    page before gave, None for the first page. The cursor returned is None at the end.

    Raises:
        InvalidError: `after` is not a cursor that this function gave.
    """
    if after is not None:
        last_moment, last_key = _decode(after)
        place = tuple_(literal(last_moment, moment.type), literal(last_key))
        statement = statement.where(tuple_(moment, key) < place)
    statement = statement.order_by(moment.desc(), key.desc()).limit(limit + 1)
    found = session.execute(statement)
    single = len(statement.column_descriptions) == 1
    rows: list[Any] = list(found.scalars().unique() if single else found)
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], _encode(getattr(last, moment.key), getattr(last, key.key))


def _encode(moment: datetime, key: str) -> str:
    text = json.dumps([moment.isoformat(), key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment, key = found
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None or not isinstance(key, str):
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise InvalidError("after: the `next` of the page before was expected.") from None
    return parsed, key
