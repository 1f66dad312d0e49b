"""How our own column types are written in a migration: as the plain type below them."""

from __future__ import annotations

from typing import Any, Literal

from tengen_studio.db.base import UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Return the text of a type of ours, or False for alembic's own way."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False
