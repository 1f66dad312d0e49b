"""What every service gets to know of the running server, gathered once at start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.orm import Session

from tengen_studio.db.engine import Database
from tengen_studio.live import Rooms
from tengen_studio.rates import RateLimiter
from tengen_studio.storage import Storage
from tengen_studio.tasks import Tasks

THREADS = 16
_INFO = "tengen_studio_context"


@dataclass(frozen=True)
class Limits:
    """What one server allows; bytes, unless said otherwise.

    `project_quota` bounds the history of one project, `account_quota` that of all projects of
    one invited account (the host has the whole disk). A file from `large_file` on is kept once
    for all projects. `import_files` and `import_bytes` bound what one import may unpack to.
    `private_downloads` lets data sets come by plain http and from private networks.
    """

    project_quota: int = 20 * 2**30
    account_quota: int = 5 * 2**30
    large_file: int = 10 * 2**20
    import_files: int = 50_000
    import_bytes: int = 20 * 2**30
    upload_bytes: int = 4 * 2**30
    insecure_git: bool = False
    private_downloads: bool = False

    def of(self, kind: str) -> Limits:
        """Return what imports of that kind of actor may hold: an account's, at most its quota."""
        if kind == "host" or not self.account_quota:
            return self
        return replace(self, import_bytes=min(self.import_bytes, self.account_quota))


@dataclass(frozen=True)
class StudioContext:
    """The user's folder, the studio's own folder and database, and nothing of HTTP.

    `root` is the resolved folder that JupyterLab's file browser shows; no service reads or
    writes outside it, save `templates_dir` and `dataset_folders`, which are only read, and
    `data_dir`, which is the studio's own.
    """

    root: Path
    templates_dir: Path
    data_dir: Path
    database: Database
    storage: Storage
    limits: Limits = Limits()
    allow_hidden: bool = False
    dataset_folders: tuple[Path, ...] = ()
    wheelhouse: str = ""
    tasks: Tasks = field(default_factory=Tasks)
    rates: RateLimiter = field(default_factory=RateLimiter)
    rooms: Rooms = field(default_factory=Rooms)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="tengen-studio")
    )

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """Give a session of one transaction; `context_of` finds this context from it."""
        with self.database.transaction({_INFO: self}, read_only=read_only) as session:
            self.rooms.watch(session)
            yield session

    def close(self) -> None:
        """Let running work end, then close the database."""
        self.tasks.close()
        self.threads.shutdown()
        self.database.close()


def context_of(session: Session) -> StudioContext:
    """Return the context that `session` was made by."""
    return session.info[_INFO]


SETTING = "tengen_studio_context"
