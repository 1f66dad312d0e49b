"""Takes the waiting for the disk out of Jupyter's record of which notebooks are trusted.

Jupyter writes to that database whenever a trusted notebook is opened or saved, in the server's
event loop: at each of them every other request would wait for the disk. A record that a power
cut loses costs a click on "Trust"; the notebooks themselves are another matter.
"""

from __future__ import annotations

import sqlite3
from typing import Any


def do_not_wait(notary: Any) -> None:
    """Let the notary's database leave the writing to the system, if it is one of SQLite."""
    database = getattr(notary.store, "db", None)
    if isinstance(database, sqlite3.Connection):
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
