"""`tengen-studio restore FILE`: makes a studio from a backup where there is none yet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, inspect

from tengen_studio.commands import rows
from tengen_studio.commands.archive import FORM, MANIFEST, Manifest, reading_lines, unpack
from tengen_studio.commands.places import CommandError, Places
from tengen_studio.db import Database
from tengen_studio.db.revisions import MIGRATIONS, upgrade
from tengen_studio.storage import durable


def restore(places: Places, archive: Path) -> Manifest:
    """Make the studio's folder and database from `archive`, whole or not at all.

    Rows of an older release are written under its schema and then migrated.

    Raises:
        CommandError: something is there already, or the archive is not a whole backup.
    """
    if places.data_dir.is_dir() and any(places.data_dir.iterdir()):
        raise CommandError(f"{places.data_dir} is not empty; nothing was overwritten.")
    if places.data_dir.exists() and not places.data_dir.is_dir():
        raise CommandError(f"{places.data_dir} is no folder.")
    durable.make_directory(places.data_dir.parent)
    staging = places.data_dir.with_name(f".{places.data_dir.name}-restoring")
    shutil.rmtree(staging, ignore_errors=True)
    store = staging / "store"
    durable.make_directory(store)
    try:
        unpack(archive, staging)
        manifest = _manifest(staging)
        if places.database_url:
            _load(Database(places.url), staging, manifest)
        else:
            _load(Database(f"sqlite:///{store / 'studio.db'}"), staging, manifest)
        # All is on the disk before the folder gets its name.
        os.sync()
        if places.data_dir.is_dir():
            places.data_dir.rmdir()
        durable.rename(store, places.data_dir)
        durable.sync_directory(places.data_dir.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _manifest(staging: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((staging / MANIFEST).read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise CommandError(f"The archive's manifest is not understood: {error}") from None
    if manifest.form != FORM:
        raise CommandError(
            f"A backup of form {FORM} was expected; this one has {manifest.form}, from the "
            f"release {manifest.release}."
        )
    return manifest


def _load(database: Database, staging: Path, manifest: Manifest) -> None:
    try:
        with database.engine.begin() as connection:
            if inspect(connection).get_table_names():
                raise CommandError("The database is not empty; nothing was overwritten.")
            _make_tables(connection, manifest)
            for table in rows.tables(connection):
                _load_table(connection, table, staging, manifest)
            upgrade(connection)
    finally:
        database.close()


def _make_tables(connection: Connection, manifest: Manifest) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, manifest.revision)
    except Exception as error:
        raise CommandError(
            f"This release does not know the schema {manifest.revision} of the backup, which the "
            f"release {manifest.release} made: {error}"
        ) from None


def _load_table(connection: Connection, table: Table, staging: Path, manifest: Manifest) -> None:
    name = table.name
    member = staging / "database" / f"{name}.jsonl"
    if not member.is_file():
        raise CommandError(f"The archive has no rows of {name}.")
    with reading_lines(member) as lines:
        count = rows.load(connection, table, lines)
    if count != manifest.rows.get(name):
        raise CommandError(f"{manifest.rows.get(name)} rows of {name} were expected; {count} came.")
