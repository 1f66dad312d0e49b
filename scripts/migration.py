"""Writes the first migration from the tables; run it after changing a model.

Until the first release one revision holds the whole schema and is written anew each time.
Afterwards every change adds a revision of its own, and this script is no longer run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from tengen_studio.db.engine import Database
from tengen_studio.db.revisions import MIGRATIONS

VERSIONS = MIGRATIONS / "versions"


def write() -> Path:
    """Write revision 0001 and return its file."""
    for old in VERSIONS.glob("0001_*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, "The first schema", autogenerate=True, rev_id="0001")
        database.close()
    (written,) = VERSIONS.glob("0001_*.py")
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["format"], ["check", "--fix"], ["format"]):
        subprocess.run([ruff, *arguments, "--quiet", written], check=True)
    return written


if __name__ == "__main__":
    print(write())
