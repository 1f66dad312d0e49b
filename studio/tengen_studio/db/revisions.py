"""The schema's revisions: makes a new database, upgrades an old one, refuses an unknown one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from tengen_studio.db.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"


class RevisionError(Exception):
    """The database is not at the revision that this release works with."""


def prepare(database: Database) -> None:
    """Return once the database is ready for this release; an empty one gets its tables.

    Raises:
        RevisionError: an older schema, or one that this release does not know.
    """
    with database.engine.begin() as connection:
        if not inspect(connection).get_table_names():
            upgrade(connection)
        _check(connection)


def migrate(database: Database) -> tuple[str | None, str]:
    """Upgrade the database to this release; return the revision before and the one after.

    Raises:
        RevisionError: a schema that this release does not know.
    """
    with database.engine.begin() as connection:
        before = current(connection)
        if before is not None and before not in _known():
            raise _unknown(before)
        upgrade(connection)
        return before, newest()


def current(connection: Connection) -> str | None:
    """Return the database's revision, or None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision of this release."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check(connection: Connection) -> None:
    found = current(connection)
    if found == newest():
        return
    if found is not None and found not in _known():
        raise _unknown(found)
    raise RevisionError(
        f"The studio's database is at revision {found}; this release needs {newest()}. "
        "Run `tengen-studio backup`, then `tengen-studio migrate`."
    )


def _unknown(found: str) -> RevisionError:
    return RevisionError(
        f"The studio's database is at revision {found}, which this release does not know: a "
        "newer release made it. Install that release, or restore a backup with "
        "`tengen-studio restore`."
    )


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}
