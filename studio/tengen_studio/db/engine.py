"""Engines and sessions: SQLite in WAL mode by default, PostgreSQL by URL.

SQLite transactions that may write take the write lock when they begin (`BEGIN IMMEDIATE`), so
that none fails halfway because another one wrote in the meantime.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from tengen_studio.storage.durable import boundary

log = logging.getLogger(__name__)

WAIT_SECONDS = 30
_READ_ONLY = "tengen_read_only"
_WRITTEN = "tengen_written"
_HELD = "tengen_held"
_ENDINGS = "tengen_endings"
_LAST = "tengen_last"


class AddressError(ValueError):
    """The database's address is not understood; the message holds no part of it."""


class Database:
    """One database: makes sessions, each of which is one transaction of one request."""

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self.engine = _make_engine(self.url)

    @contextmanager
    def transaction(
        self, info: dict[str, Any] | None = None, *, read_only: bool = False
    ) -> Iterator[Session]:
        """Give a session and commit it at the end, or roll it back if the block raises.

        `info` becomes the session's `info`. A `read_only` transaction is rolled back in any
        case, and on SQLite waits for no writer. Loaded objects stay readable afterwards.
        """
        bind = self.engine.execution_options(**{_READ_ONLY: read_only})
        endings: list[Callable[[bool], None]] = []
        committed = False
        with ExitStack() as held:
            try:
                with Session(bind, expire_on_commit=False, info=dict(info or {})) as session:
                    session.info.update({_HELD: held, _ENDINGS: endings, _LAST: []})
                    event.listen(session, "after_flush", _note_writing)
                    yield session
                    # A read-only one is rolled back when its session closes.
                    if not read_only:
                        for last in session.info[_LAST]:
                            last(session)
                        boundary("before commit")
                        session.commit()
                        boundary("after commit")
                    committed = not read_only
            finally:
                _end(endings, committed)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection in a transaction that only reads."""
        with self.engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back to the system."""
        self.engine.dispose()


def release(session: Session) -> None:
    """End the transaction so far, so that no lock is held during slow work on files.

    The next statement begins a new transaction; whatever was read must be asked again there
    if it decides what is written. Loaded objects stay readable.

    Raises:
        RuntimeError: the session has written something already.
    """
    if session.info.get(_WRITTEN) or session.new or session.dirty or session.deleted:
        raise RuntimeError("[release] a session that has only read was expected; it has written")
    session.commit()


def hold(session: Session) -> ExitStack:
    """Return the stack of what is held until the transaction has ended, locks above all."""
    return session.info[_HELD]


def before_commit(session: Session, last: Callable[[Session], None]) -> None:
    """Have `last` called as the last thing that the transaction does."""
    session.info[_LAST].append(last)


def at_end(session: Session, ending: Callable[[bool], None]) -> None:
    """Have `ending` called after the transaction, with whether it was committed.

    What it raises goes to the log: the answer to the request is decided by then.
    """
    session.info[_ENDINGS].append(ending)


def _end(endings: list[Callable[[bool], None]], committed: bool) -> None:
    for ending in reversed(endings):
        try:
            ending(committed)
        except Exception:
            log.exception("tengen_studio: what follows a transaction has failed")


def _note_writing(session: Session, context: Any) -> None:
    session.info[_WRITTEN] = True


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ValueError, ArgumentError):
        # Without the address, and without a part of it: it may hold a password.
        raise AddressError(
            "[database] an address as postgresql+psycopg://user@host/name was expected; "
            "special characters of a password are written as %40 for @"
        ) from None


def _make_engine(url: URL) -> Engine:
    # Rows hold what belongs in no log: a failing statement is told without its values.
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, **options)
    if not url.database or url.database == ":memory:":
        raise AddressError("[database] a file was expected in a SQLite URL; none came")
    connect_args = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect_args, **options)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, record: Any) -> None:
    # The driver's own transaction handling would begin too late and commit too early.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit that was answered is on the disk, also after a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
