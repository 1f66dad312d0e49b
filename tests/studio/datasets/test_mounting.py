"""Mounting: a project's folder gets the files without a second copy, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from pathlib import Path

import pytest

from tengen_studio.datasets import mounting
from tengen_studio.datasets.listing import Listed
from tengen_studio.datasets.mounting import LockEntry
from tengen_studio.errors import ConflictError, InvalidError
from tengen_studio.storage.blobs import BlobStore

CONTENT = {"a.csv": b"a,b\n1,2\n", "deep/er/b.bin": b"\0\1\2"}


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """A store that holds CONTENT."""
    store = BlobStore(tmp_path / "blobs", tmp_path / "lock")
    for data in CONTENT.values():
        store.put(io.BytesIO(data))
    return store


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def listed() -> list[Listed]:
    """Return CONTENT as a data set's files."""
    return [
        Listed(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in CONTENT.items()
    ]


def test_files_are_there_once_and_read_only(project: Path, blobs: BlobStore) -> None:
    mounting.mount(project, "set", listed(), blobs)
    for file in listed():
        place = project / "datasets" / "set" / file.path
        assert place.read_bytes() == CONTENT[file.path]
        assert os.path.samefile(place, blobs.path(file.sha256))
        assert not stat.S_IMODE(place.stat().st_mode) & 0o222
    assert mounting.is_whole(project, "set", listed())
    assert os.listdir(project / "datasets") == ["set"]


def test_on_another_disk_they_are_copies(
    project: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    mounting.mount(project, "set", listed(), blobs)
    place = project / "datasets" / "set" / "a.csv"
    assert place.read_bytes() == CONTENT["a.csv"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o444
    assert mounting.is_whole(project, "set", listed())


def test_a_missing_blob_leaves_nothing_behind(project: Path, blobs: BlobStore) -> None:
    blobs.remove(listed()[1].sha256)
    with pytest.raises(FileNotFoundError):
        mounting.mount(project, "set", listed(), blobs)
    assert os.listdir(project / "datasets") == []


def test_what_is_there_stays(project: Path, blobs: BlobStore, tmp_path: Path) -> None:
    mounting.mount(project, "set", listed(), blobs)
    with pytest.raises(ConflictError, match="is there already"):
        mounting.mount(project, "set", listed(), blobs)
    (project / "datasets" / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConflictError, match="is there already"):
        mounting.mount(project, "link", listed(), blobs)


def test_a_linked_folder_is_not_followed(project: Path, blobs: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "datasets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError, match="folder of its own"):
        mounting.mount(project, "set", listed(), blobs)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_unmounting_leaves_the_store_and_the_others(project: Path, blobs: BlobStore) -> None:
    mounting.mount(project, "one", listed(), blobs)
    mounting.mount(project, "two", listed(), blobs)
    mounting.unmount(project, "one")
    assert os.listdir(project / "datasets") == ["two"]
    assert all(blobs.has(file.sha256) for file in listed())
    mounting.unmount(project, "two")
    assert os.listdir(project) == []


def test_changes_in_the_folder_are_seen(project: Path, blobs: BlobStore) -> None:
    assert mounting.is_whole(project, "set", listed()) is None
    mounting.mount(project, "set", listed(), blobs)
    place = project / "datasets" / "set" / "a.csv"
    place.unlink()
    assert mounting.is_whole(project, "set", listed()) is False
    place.write_bytes(b"other")
    assert mounting.is_whole(project, "set", listed()) is False
    place.unlink()
    place.symlink_to(blobs.path(listed()[0].sha256))
    assert mounting.is_whole(project, "set", listed()) is False


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".git", "a/b", "a\\b", "a b", "ä", "a" * 101, "a."]
)
def test_names_that_could_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        mounting.check_name(name)


def entry(name: str = "set") -> LockEntry:
    """Return a line of the lock file."""
    return LockEntry(name, "fashion", "1", "ab" * 32, 2, 11, "MIT")


def test_the_lock_file_lists_and_vanishes(project: Path) -> None:
    mounting.write_lock(project, [entry("two"), entry("one")])
    assert [e.name for e in mounting.read_lock(project)] == ["one", "two"]
    assert stat.S_IMODE((project / mounting.LOCK).stat().st_mode) == 0o644
    mounting.write_lock(project, [])
    assert os.listdir(project) == []
    assert mounting.read_lock(project) == []


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"datasets": [{"name": 3}]}', b"\xff"])
def test_a_broken_lock_file_lists_nothing(project: Path, text: bytes) -> None:
    (project / mounting.LOCK).write_bytes(text)
    assert mounting.read_lock(project) == []


def test_names_in_a_lock_file_are_not_trusted(project: Path) -> None:
    mounting.write_lock(project, [entry("../../etc"), entry("good")])
    assert [e.name for e in mounting.read_lock(project)] == ["good"]
