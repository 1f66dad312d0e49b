"""Where the studio keeps what: one folder, with every key made of ids."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from tengen_studio.storage import durable
from tengen_studio.storage.blobs import BlobStore
from tengen_studio.storage.history import HistoryStore

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ABANDONED_SECONDS = 86_400


class Storage:
    """The studio's files under `folder`; made at the first use, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("blobs", "histories", "locks", "journal", "scratch"):
            durable.make_directory(folder / name)
        self.blobs = BlobStore(folder / "blobs", folder / "locks" / "blobs.lock")

    def history(self, project_id: str) -> HistoryStore:
        """Return the history of a project; it comes to be with its first version."""
        return HistoryStore(self.folder / "histories" / checked(project_id))

    @contextmanager
    def lock(self, project_id: str, seconds: float = -1) -> Iterator[None]:
        """Keep every other writer of the project's history and folder out, in any process.

        Raises:
            filelock.Timeout: another has it after `seconds`; less than 0 waits for ever.
        """
        lock = FileLock(self.folder / "locks" / checked(project_id), mode=0o600, thread_local=False)
        with lock.acquire(timeout=seconds):
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder that is gone afterwards."""
        folder = durable.temporary_name(self.folder / "scratch")
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def journal(self, entry_id: str) -> Path:
        """Return the file of one unfinished change of a folder."""
        return self.folder / "journal" / f"{checked(entry_id)}.json"

    def clean(self) -> None:
        """Remove the temporary files and folders that a crash left, once they are a day old."""
        for place in ("scratch", "journal"):
            for left in (self.folder / place).glob(f"{durable.TEMPORARY}*"):
                if left.stat().st_mtime >= time.time() - _ABANDONED_SECONDS:
                    continue
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


def checked(key: str) -> str:
    """Return `key`, which must be an id of ours: a path is never made of anything else.

    Raises:
        ValueError: it has another form.
    """
    if not _ID.fullmatch(key):
        raise ValueError(f"[storage] an id was expected; {key!r} came")
    return key
