"""`tengen-studio backup FILE`: one consistent archive of database and store, while the server runs.

Objects come to the store before the rows that name them, and packs are only ever replaced by
others with the same content. So the store's files are held by links first, the rows are read in
one transaction, and what came to the store meanwhile is held as well: what the rows name is
there, whatever the server does during the copying.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, text

from tengen_studio.commands import rows
from tengen_studio.commands.archive import FORM, MANIFEST, Manifest, Writer
from tengen_studio.commands.places import CommandError, Places
from tengen_studio.db import Database, utcnow
from tengen_studio.db.revisions import current
from tengen_studio.secrets.vault import KEY_FILE
from tengen_studio.storage import Storage, durable
from tengen_studio.version import __version__

STORED = ("blobs", "histories")
_SKIPPED = ("files.cache",)


def backup(places: Places, target: Path, *, with_key: bool = False) -> Writer:
    """Write the archive `target`, which must not be there; return what it counted.

    Raises:
        CommandError: `target` is there, or there is no studio to back up.
    """
    if os.path.lexists(target):
        raise CommandError(f"{target} is there already; nothing was overwritten.")
    if not target.parent.is_dir():
        raise CommandError(f"There is no folder {target.parent}.")
    if not (places.data_dir / STORED[0]).is_dir():
        raise CommandError(f"There is no studio in {places.data_dir}.")
    storage = Storage(places.data_dir)
    database = places.open_database()
    try:
        with storage.scratch() as scratch:
            _hold(places.data_dir, scratch / "store")
            counts, revision = _write_rows(database, scratch)
            _hold(places.data_dir, scratch / "store")
            if with_key and (places.data_dir / KEY_FILE).is_file():
                shutil.copyfile(places.data_dir / KEY_FILE, scratch / "store" / KEY_FILE)
            manifest = Manifest(FORM, __version__, revision, utcnow().isoformat(), counts)
            return _write(target, scratch, manifest)
    finally:
        database.close()


def _hold(data_dir: Path, held: Path) -> None:
    """Link every file of the store into `held`, in addition to those that are there."""
    for name in STORED:
        for folder, _, files in os.walk(data_dir / name):
            place = held / Path(folder).relative_to(data_dir)
            place.mkdir(parents=True, exist_ok=True)
            for file in files:
                if file in _SKIPPED or file.startswith((durable.TEMPORARY, ".")):
                    continue
                _link(Path(folder, file), place / file)


def _link(source: Path, target: Path) -> None:
    # What changes in place of its name, such as a branch, is taken as it is the second time.
    with contextlib.suppress(FileNotFoundError):  # removed meanwhile: its content is elsewhere
        if target.exists():
            if os.path.samefile(source, target):
                return
            target.unlink()
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without links
            shutil.copyfile(source, target)


def _write_rows(database: Database, scratch: Path) -> tuple[dict[str, int], str]:
    """Write the rows as they were at one moment; return their numbers and the revision."""
    folder = scratch / "database"
    folder.mkdir()
    counts: dict[str, int] = {}
    with _one_moment(database) as connection:
        revision = current(connection)
        if revision is None:
            raise CommandError("The database has no tables; start the studio once first.")
        for table in rows.tables(connection):
            counts[table.name] = 0
            with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
                for line in rows.dump(connection, table):
                    file.write(line + "\n")
                    counts[table.name] += 1
    return counts, revision


@contextlib.contextmanager
def _one_moment(database: Database) -> Iterator[Connection]:
    """Give a connection whose reads all see the database as it was at the first of them."""
    with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        yield connection


def _write(target: Path, scratch: Path, manifest: Manifest) -> Writer:
    """Write the archive under a temporary name, and give it its own once it is on the disk."""
    with durable.new_file(target) as file, tarfile.open(fileobj=file, mode="w:") as archive:
        writer = Writer(archive)
        writer.add_bytes(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        for part in ("database", "store"):
            for folder, folders, files in os.walk(scratch / part):
                folders.sort()
                for name in sorted(files):
                    path = Path(folder, name)
                    writer.add_file(path.relative_to(scratch).as_posix(), path)
        writer.finish()
    return writer
