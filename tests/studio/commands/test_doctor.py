"""The doctor: a studio in health passes, and each thing that is broken is named with advice."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tengen_studio.commands import doctor
from tengen_studio.commands.places import Places
from tengen_studio.context import StudioContext

from .studios import fill, places_of


def bad(places: Places, **options: bool) -> list[str]:
    """Return the checks that are not well; each must come with advice."""
    found = [finding for finding in doctor.examine(places, **options) if not finding.well]
    assert all(finding.advice for finding in found)
    return [finding.check for finding in found]


@pytest.fixture(autouse=True)
def without_engine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Leave the engine's own check, which takes seconds, to the one test that is about it."""
    if "engine" not in request.node.name:
        monkeypatch.setattr(doctor, "_engine", lambda: iter(()))


def test_a_studio_in_health_passes(context: StudioContext) -> None:
    fill(context)
    assert bad(places_of(context), thorough=True) == []


def test_before_the_first_start_there_is_nothing_wrong(
    context: StudioContext, tmp_path: Path
) -> None:
    assert bad(places_of(context, tmp_path / "absent")) == []


def test_the_engine_is_tried(context: StudioContext) -> None:
    (finding,) = [f for f in doctor.examine(places_of(context)) if f.check == "engine"]
    assert finding.well, finding.note
    assert "numba" in finding.note


def _open_to_all(context: StudioContext) -> None:
    context.data_dir.chmod(0o755)


def _blob_gone(context: StudioContext) -> None:
    sha256 = next(iter(context.storage.blobs))
    context.storage.blobs.path(sha256).unlink()


def _blob_cut(context: StudioContext) -> None:
    path = context.storage.blobs.path(next(iter(context.storage.blobs)))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])


def _history_gone(context: StudioContext) -> None:
    shutil.rmtree(next((context.data_dir / "histories").iterdir()))


def _pack_gone(context: StudioContext) -> None:
    for path in (context.data_dir / "histories").rglob("*.idx"):
        path.unlink()


def _folder_gone(context: StudioContext) -> None:
    os.rename(context.root / "work", context.root / "moved")


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (_open_to_all, "permissions"),
        (_blob_gone, "large files"),
        (_blob_cut, "large files"),
        (_history_gone, "versions"),
        (_pack_gone, "versions"),
        (_folder_gone, "project folders"),
    ],
)
def test_harm_is_named(
    context: StudioContext, harm: Callable[[StudioContext], None], check: str
) -> None:
    fill(context)
    harm(context)
    assert bad(places_of(context)) == [check]


def test_a_changed_byte_is_found_when_looked_for(context: StudioContext) -> None:
    fill(context)
    path = context.storage.blobs.path(next(iter(context.storage.blobs)))
    path.chmod(0o600)
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert bad(places_of(context)) == []
    assert bad(places_of(context), thorough=True) == ["large files"]


def test_an_older_and_a_broken_database_are_named(context: StudioContext, tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "blobs").mkdir(parents=True)
    old.chmod(0o700)
    with sqlite3.connect(old / "studio.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0000')")
    connection.close()
    (old / "studio.db").chmod(0o600)
    assert bad(places_of(context, old, "")) == ["database"]
    (old / "studio.db").write_bytes(b"no database" * 100)
    assert bad(places_of(context, old, "")) == ["database"]


def test_a_full_disk_is_named(context: StudioContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE", 2**60)
    assert bad(places_of(context)) == ["free space", "free space"]
