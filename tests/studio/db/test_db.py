"""The database: its transactions, its revision, and that the migration makes the tables."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tengen_studio.context import StudioContext
from tengen_studio.db import at_end, hold, new_id, release
from tengen_studio.db.engine import Database
from tengen_studio.db.revisions import RevisionError, migrate, newest, prepare
from tengen_studio.db.tables import Base
from tengen_studio.projects.models import Project

from ..factory import fresh_database_url


def add(context: StudioContext, name: str) -> None:
    """Add a project's row."""
    with context.transaction() as session:
        session.add(Project(owner_id="host", name=name, slug=name))


def names(context: StudioContext) -> list[str]:
    """Return the names of all projects."""
    with context.transaction(read_only=True) as session:
        return sorted(session.scalars(select(Project.name)))


def test_the_migration_makes_the_tables(context: StudioContext) -> None:
    with context.database.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(migration, Base.metadata) == [], "run scripts/migration.py"


def test_a_known_revision_is_opened_again(context: StudioContext, tmp_path: Path) -> None:
    add(context, "kept")
    prepare(context.database)
    assert names(context) == ["kept"]
    assert migrate(context.database) == (newest(), newest())


@pytest.mark.parametrize(("revision", "said"), [("9999", "a newer release"), (None, "migrate")])
def test_other_revisions_are_refused(
    context: StudioContext, revision: str | None, said: str
) -> None:
    with context.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(
                text("INSERT INTO alembic_version VALUES (:number)"), {"number": revision}
            )
    with pytest.raises(RevisionError, match=said):
        prepare(context.database)
    if revision:
        with pytest.raises(RevisionError, match="does not know"):
            migrate(context.database)


def test_a_transaction_is_whole(context: StudioContext) -> None:
    with pytest.raises(RuntimeError), context.transaction() as session:
        session.add(Project(owner_id="host", name="lost", slug="lost"))
        session.flush()
        raise RuntimeError
    assert names(context) == []


def test_a_read_only_transaction_keeps_nothing(context: StudioContext) -> None:
    with context.transaction(read_only=True) as session:
        session.add(Project(owner_id="host", name="lost", slug="lost"))
        session.flush()
    assert names(context) == []


def test_an_error_does_not_repeat_what_was_written(context: StudioContext) -> None:
    with pytest.raises(DBAPIError) as caught, context.transaction() as session:
        session.execute(text("INSERT INTO nothing (value) VALUES (:v)"), {"v": "a-secret-value"})
    assert "INSERT INTO nothing" in str(caught.value)
    assert "a-secret-value" not in str(caught.value)


def test_readers_wait_for_no_writer(context: StudioContext) -> None:
    add(context, "old")
    with context.transaction() as session:
        session.add(Project(owner_id="host", name="new", slug="new"))
        session.flush()
        assert names(context) == ["old"]
    assert names(context) == ["new", "old"]


def test_writers_wait_for_each_other(context: StudioContext) -> None:
    """Both read before they write: without the lock at the start one of them would fail."""

    def rename() -> None:
        with context.transaction() as session:
            project = session.scalars(select(Project).with_for_update()).one()
            project.name += "x"

    add(context, "a")
    threads = [threading.Thread(target=rename) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(context) == ["axxxxxxxx"]


def test_locks_can_be_given_up_before_writing_only(context: StudioContext) -> None:
    with context.transaction() as session:
        session.scalars(select(Project)).all()
        release(session)
        add(context, "from another transaction")
        session.add(Project(owner_id="host", name="own", slug="own"))
        with pytest.raises(RuntimeError, match="it has written"):
            release(session)
        session.flush()
        with pytest.raises(RuntimeError, match="it has written"):
            release(session)


def test_endings_are_told_how_it_ended(context: StudioContext) -> None:
    told: list[object] = []
    with context.transaction() as session:
        hold(session).callback(told.append, "let go")
        at_end(session, told.append)
        at_end(session, lambda committed: 1 / 0)
    with pytest.raises(RuntimeError), context.transaction() as session:
        at_end(session, told.append)
        raise RuntimeError
    assert told == [True, "let go", False]


def test_times_have_a_zone(context: StudioContext) -> None:
    add(context, "a")
    with context.transaction() as session:
        project = session.scalars(select(Project)).one()
        assert project.created.tzinfo is UTC
        project.archived = datetime(2026, 1, 1)
        with pytest.raises(Exception, match="a time with its zone"):
            session.flush()
        session.rollback()


def test_ids_are_safe_names() -> None:
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(len(i) == 22 and i[0].isalnum() for i in ids)


def test_a_database_in_memory_is_refused() -> None:
    if fresh_database_url():
        pytest.skip("this is about SQLite")
    with pytest.raises(ValueError, match="a file was expected"):
        Database("sqlite://")
