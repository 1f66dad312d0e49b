"""`tengen-studio migrate`: brings the database to this release's schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tengen_studio.commands.places import CommandError, Places
from tengen_studio.db.revisions import RevisionError, current, migrate, newest


def bring_up(places: Places) -> tuple[str | None, str, Path | None]:
    """Migrate; return the revision before and after, and the copy of the old SQLite file.

    Raises:
        CommandError: a schema that this release does not know.
    """
    with closing(places.open_database()) as database:
        with database.reading() as connection:
            before = current(connection)
        copy = None
        if before not in (None, newest()) and places.sqlite_file is not None:
            copy = _copy(places.sqlite_file, str(before))
        try:
            return *migrate(database), copy
        except RevisionError as error:
            raise CommandError(str(error)) from None


def _copy(file: Path, revision: str) -> Path:
    """Copy the database as it is, beside itself: a migration of SQLite cannot be undone."""
    target = file.with_name(f"{file.name}.before-{revision}")
    if target.exists():
        raise CommandError(f"{target} is there already; move it away first.")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    target.chmod(0o600)
    return target
