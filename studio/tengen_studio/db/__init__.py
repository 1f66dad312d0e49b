"""The database: the tables' base, engines and sessions, and the revisions of the schema."""

from tengen_studio.db.base import Base, CreatedAt, Id, UtcDateTime, new_id, utcnow
from tengen_studio.db.engine import Database, at_end, before_commit, hold, release

__all__ = [
    "Base",
    "CreatedAt",
    "Database",
    "Id",
    "UtcDateTime",
    "at_end",
    "before_commit",
    "hold",
    "new_id",
    "release",
    "utcnow",
]
