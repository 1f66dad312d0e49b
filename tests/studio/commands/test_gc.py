"""Collection: what nothing refers to goes, and nothing else does."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tengen_studio.commands import gc
from tengen_studio.context import StudioContext
from tengen_studio.history import service as history
from tengen_studio.history.advance import advance
from tengen_studio.history.drafts import Workshop
from tengen_studio.history.models import LargeFile
from tengen_studio.projects import service as projects
from tengen_studio.projects.leftovers import YOUNG_SECONDS
from tengen_studio.projects.models import Project
from tengen_studio.saving.service import keep_refused
from tengen_studio.storage import Storage

from ..actors import HOST
from ..history.project import Work
from .studios import LARGE, fill, places_of

LATER = YOUNG_SECONDS + 60


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


def unfinished(work: Work) -> None:
    """Put content into the project's history whose version never came to be."""

    def fail(place: Workshop, present: str) -> str:
        raise RuntimeError("cut off")

    work.write(lost=os.urandom(50_000))
    with pytest.raises(RuntimeError):
        work.call(advance, fail, message="m", before="before test")
    work.write(lost=None)


def test_objects_of_no_version_are_taken_out_of_a_history(context: StudioContext) -> None:
    work = Work(context)
    work.write(a="one")
    work.save("Second")
    unfinished(work)
    before = context.storage.history(work.id).bytes()
    places = places_of(context)
    assert gc.find(places) == [], "young ones may belong to a version that is being saved"
    (unused,) = gc.find(places, later())
    assert (unused.kind, unused.name) == ("objects", work.id)
    assert 50_000 < unused.bytes < 51_000
    assert gc.remove(places, [unused], later()) == [unused]
    after = context.storage.history(work.id).bytes()
    assert before - 55_000 < after < before - 49_000
    with context.transaction(read_only=True) as session:
        assert session.get_one(Project, work.id).stored == after
    work.write(a="two")
    work.save("Third")
    work.restore(2)
    assert work.tree()["a"] == "one"
    assert gc.find(places, later()) == []


def test_a_project_that_is_being_saved_is_left_alone(
    context: StudioContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "_WAIT_SECONDS", 0.1)
    work = Work(context)
    unfinished(work)
    found = gc.find(places_of(context), later())
    with context.storage.lock(work.id):
        assert gc.remove(places_of(context), found, later()) == []
    assert gc.remove(places_of(context), found, later()) == found


def test_versions_saved_while_histories_are_pruned_stay_whole(context: StudioContext) -> None:
    work = Work(context)
    places = places_of(context)
    ended = threading.Event()
    wrong: list[BaseException] = []

    def attempt(do: Callable[[], object]) -> None:
        try:
            while not ended.is_set():
                do()
        except BaseException as error:
            wrong.append(error)

    def prune() -> None:
        storage, database = Storage(context.data_dir), places.open_database()
        with storage.lock(work.id):
            gc._prune(work.id, storage, database)
        database.close()

    def read() -> None:
        with context.transaction(read_only=True) as session:
            project = projects.get(session, HOST, work.id)
            for path, _, size in history.files(session, HOST, project):
                assert len(history.read(session, HOST, project, path)) == size

    threads = [threading.Thread(target=attempt, args=(do,)) for do in (prune, read, read)]
    for thread in threads:
        thread.start()
    for number in range(8):
        work.write({f"file{number % 7}": os.urandom(500), "same": f"{number}"})
        work.save(f"{number}")
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    for version in work.versions():
        assert len(work.call(history.files, version.number)) == version.files


@pytest.mark.parametrize("shared", [False, True])
def test_deleting_for_good_frees_what_nobody_else_holds(
    context: StudioContext, shared: bool
) -> None:
    project_id = fill(context)
    with context.transaction(read_only=True) as session:
        rows = select(LargeFile.sha256).where(LargeFile.project_id == project_id)
        (sha256,) = session.scalars(rows)
    os.utime(context.storage.blobs.path(sha256), (time.time() - LATER,) * 2)
    if shared:
        keep_refused(context, "a.txt", LARGE, None)
        os.utime(context.storage.blobs.path(sha256), (time.time() - LATER,) * 2)
    with context.transaction() as session:
        projects.trash(session, HOST, project_id)
    with context.transaction() as session:
        projects.delete(session, HOST, project_id)
    assert context.storage.blobs.has(sha256) is shared
    assert not context.storage.history(project_id).exists()


def test_a_large_file_that_was_just_put_survives_its_removal(context: StudioContext) -> None:
    blobs = context.storage.blobs
    sha256, _ = blobs.put(io.BytesIO(b"large"))
    assert not blobs.remove(sha256, before=time.time() - YOUNG_SECONDS)
    assert blobs.remove(sha256, before=time.time() + 1)
    assert not blobs.renew(sha256)
