"""Collection: what nothing refers to goes, and nothing else does."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from sqlalchemy import delete

from tengen_studio.commands import gc
from tengen_studio.context import StudioContext
from tengen_studio.history.models import LargeFile
from tengen_studio.projects.models import Project
from tengen_studio.saving.service import keep_refused

from .studios import fill, places_of

LATER = gc.YOUNG_SECONDS + 60


def later() -> float:
    """Return a time at which what exists now is old."""
    return time.time() + LATER


def test_a_studio_in_use_has_nothing_to_collect(context: StudioContext) -> None:
    fill(context)
    assert gc.find(places_of(context), later()) == []


def test_what_a_deleted_project_leaves_is_found_and_removed(context: StudioContext) -> None:
    project_id = fill(context)
    with context.transaction() as session:
        session.execute(delete(Project).where(Project.id == project_id))
    places = places_of(context)
    assert gc.find(places) == [], "young files may belong to a version that is being saved"
    found = gc.find(places, later())
    assert [unused.kind for unused in found] == ["large file", "history"]
    assert all(unused.bytes > 0 for unused in found)
    assert gc.remove(places, found, later()) == found
    assert not any(unused.path.exists() for unused in found)
    assert len(list(context.storage.blobs)) == 1, "the data set's file stays"
    assert gc.find(places, later()) == []


def test_what_is_used_again_in_between_stays(context: StudioContext) -> None:
    project_id = fill(context)
    sha256, size = context.storage.blobs.put(io.BytesIO(b"unused"))
    places = places_of(context)
    found = gc.find(places, later())
    assert [unused.name for unused in found] == [sha256]
    with context.transaction() as session:
        session.add(LargeFile(project_id=project_id, sha256=sha256, size=size))
    assert gc.remove(places, found, later()) == []
    assert context.storage.blobs.has(sha256)


def test_a_file_that_is_put_once_more_is_young_again(context: StudioContext) -> None:
    fill(context)
    sha256, _ = context.storage.blobs.put(io.BytesIO(b"unused"))
    path: Path = context.storage.blobs.path(sha256)
    os.utime(path, (time.time() - LATER,) * 2)
    assert [unused.name for unused in gc.find(places_of(context))] == [sha256]
    context.storage.blobs.put(io.BytesIO(b"unused"))
    assert gc.find(places_of(context)) == []


def test_refused_saves_stay(context: StudioContext) -> None:
    fill(context)
    keep_refused(context, "a.txt", b"what was to be saved", b"what it started from")
    assert gc.find(places_of(context), later()) == []
