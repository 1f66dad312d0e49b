"""Where the studio's data and its database are, as the settings of the server say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tengen_studio.db.engine import Database
from tengen_studio.errors import is_full
from tengen_studio.start import start_refusal


@dataclass(frozen=True)
class Places:
    """The data folder, the database's address, and the folder that the server shows."""

    data_dir: Path
    database_url: str
    root: Path

    @property
    def url(self) -> str:
        """The database's address; SQLite in the data folder where none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'studio.db'}"

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, or None for PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.url.removeprefix(prefix)) if self.url.startswith(prefix) else None

    def open_database(self) -> Database:
        """Return the database; the caller closes it."""
        return Database(self.url)


class CommandError(Exception):
    """A command cannot do what was asked; the message says why and what helps."""


def command_refusal(error: Exception) -> str | None:
    """Return why a command has failed, in a sentence, or None where that is our own fault."""
    if is_full(error):
        return "The disk is full; nothing was changed. Make room, then run it again."
    if isinstance(error, PermissionError):
        return f"{error.filename} cannot be read or written; run it as the server's own user."
    return start_refusal(error)
