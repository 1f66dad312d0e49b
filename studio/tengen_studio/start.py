"""Opens the studio's folder and database, for the server, the command line and the tests alike."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from sqlalchemy.exc import DBAPIError

from tengen_studio.access import HOST_ID
from tengen_studio.context import Limits, StudioContext
from tengen_studio.db.engine import AddressError, Database
from tengen_studio.db.revisions import RevisionError, prepare
from tengen_studio.errors import is_full
from tengen_studio.people.models import Account
from tengen_studio.steps import settle_all
from tengen_studio.storage import Storage

HOST_NAME = "Host"


def data_folder(setting: str) -> Path:
    """Return the studio's data folder; where none is set, one in Jupyter's own."""
    return Path(setting) if setting else Path(jupyter_data_dir()) / "tengen-studio"


def open_context(
    root: Path,
    templates_dir: Path,
    data_dir: Path,
    database_url: str = "",
    *,
    limits: Limits | None = None,
    allow_hidden: bool = False,
    dataset_folders: Iterable[Path] = (),
    wheelhouse: str = "",
) -> StudioContext:
    """Return the context of a server over `root`, ready for requests.

    `database_url` is empty for SQLite in `data_dir`. What a crash left unfinished is finished
    or undone first.

    Raises:
        RevisionError: the database belongs to another release.
    """
    data = data_dir.resolve()
    storage = Storage(data)
    database = Database(database_url or f"sqlite:///{data / 'studio.db'}")
    prepare(database)
    storage.clean()
    with database.transaction() as session:
        if session.get(Account, HOST_ID) is None:
            session.add(Account(id=HOST_ID, name=HOST_NAME, login=HOST_ID))
    context = StudioContext(
        root=root.resolve(),
        templates_dir=templates_dir.resolve(),
        data_dir=data,
        database=database,
        storage=storage,
        limits=limits or Limits(),
        allow_hidden=allow_hidden,
        dataset_folders=tuple(folder.resolve() for folder in dataset_folders),
        wheelhouse=wheelhouse,
    )
    settle_all(context)
    return context


def start_refusal(error: Exception) -> str | None:
    """Return why the studio cannot start, in a sentence, or None where that is our own fault.

    It names no address of a database: that may hold a password.
    """
    if isinstance(error, RevisionError | AddressError):
        return str(error)
    if is_full(error):
        return "The disk is full: the studio cannot start. Make room, then start it again."
    if isinstance(error, DBAPIError):
        reason = str(error.orig).strip().splitlines() or ["no reason given"]
        return f"The studio's database cannot be opened: {reason[0]}"
    return None
