"""Versions by the service: saved, read, restored; nothing is lost on the way."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dulwich.repo import Repo

from tengen_studio.context import Limits, StudioContext
from tengen_studio.errors import ConflictError, ForbiddenError, NotFoundError
from tengen_studio.history import advance, service
from tengen_studio.history.models import LargeFile
from tengen_studio.projects import service as projects
from tengen_studio.roles import Role
from tengen_studio.storage.trees import Pointer

from ..actors import HOST, make_account, make_member, make_project
from ..factory import make_context
from .project import Work, notebook, texts

README = "# Work\n"


def test_a_version_holds_what_the_folder_held(work: Work) -> None:
    work.write({"a.txt": "one", "deep/er/b.txt": "two"})
    (work.folder / "run.sh").write_text("#!/bin/sh")
    (work.folder / "run.sh").chmod(0o755)
    (work.folder / "link").symlink_to("deep/er/b.txt")
    row = work.save("A start")
    assert (row.number, row.message, row.files, row.added, row.changed) == (2, "A start", 5, 4, 0)
    assert not row.automatic
    found = {path: (oct(entry.mode), size) for path, entry, size in work.call(service.files)}
    assert found == {
        "README.md": ("0o100644", 7),
        "a.txt": ("0o100644", 3),
        "deep/er/b.txt": ("0o100644", 3),
        "link": ("0o120000", 13),
        "run.sh": ("0o100755", 9),
    }
    assert work.call(service.read, "deep/er/b.txt") == b"two"
    with pytest.raises(NotFoundError):
        work.call(service.read, "a.txt", 1)
    with pytest.raises(NotFoundError):
        work.call(service.read, "deep")
    with pytest.raises(NotFoundError):
        work.call(service.read, "a.txt", 7)


def test_saving_what_is_saved_gives_the_newest_version(work: Work) -> None:
    assert work.save().number == 1
    assert work.save("Named").number == 2, "a message is a version's name, and worth one"
    assert work.save().number == 2
    assert work.save(automatic=True, reason="before pull").number == 2


def test_changes_are_counted_by_file_and_cell(work: Work) -> None:
    work.write({"a.ipynb": notebook("one", "two", "three")}, gone="x", kept="y")
    work.save()
    changed = notebook("one", "two = 2", "four", outputs={0: "1"})
    work.write({"a.ipynb": changed}, gone=None, new="z")
    row = work.save()
    assert (row.added, row.changed, row.removed) == (1, 1, 1)
    assert (row.cells_added, row.cells_changed, row.cells_removed) == (1, 2, 1)


def test_an_edit_within_the_clocks_tick_is_seen(work: Work) -> None:
    path = work.folder / "a.txt"
    path.write_text("one")
    moment = path.stat()
    work.save()
    path.write_text("two")
    os.utime(path, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    assert work.save().changed == 1


def test_files_that_rested_are_not_read_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tengen_studio.storage.scan._REST_NS", -1_000_000_000)
    work.write(a="1", b="2")
    work.save()
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *a, **k: opened.append(str(a[0])) or real(*a, **k))
    work.write(b="3")
    work.save()
    inside = [path for path in opened if path.startswith(str(work.folder))]
    assert inside == [str(work.folder / "b")]


def test_what_no_version_holds_is_left_out(work: Work) -> None:
    ignored = (".git/config", ".ipynb_checkpoints/a", "env/pyvenv.cfg", "env/lib", "__pycache__/x")
    work.write(dict.fromkeys(ignored, "x"))
    (work.folder / "out").symlink_to("../..")
    (work.folder / "absolute").symlink_to("/etc/passwd")
    os.mkfifo(work.folder / "pipe")
    (work.folder / os.fsdecode(b"bad-\xff")).write_text("x")
    (work.folder / "secret").write_text("x")
    row = work.save("m")
    assert [path for path, _, _ in work.call(service.files)] == ["README.md", "secret"]
    assert row.details["skipped"] == {
        "out": "a link that leaves the project",
        "absolute": "a link that leaves the project",
        "pipe": "neither a file nor a link",
        "bad-?": "its name is not UTF-8",
    }


def test_a_restored_version_is_a_new_one_and_loses_nothing(work: Work) -> None:
    work.write({"d/e": "x"}, a="one", b="old")
    work.save()
    work.write({"d/e": None}, a="two", b=None, c="new")
    (work.folder / "d").rmdir()
    (work.folder / "d").write_text("a file now")
    work.save()
    work.write(a="three, not saved")
    row = work.restore(2)
    assert work.tree() == {"README.md": README, "a": "one", "b": "old", "d/e": "x"}
    assert [v.reason for v in work.versions()] == ["restore", "before restore", "", "", ""]
    assert row.details == {"restored": 2}
    assert work.call(service.read, "a", 4) == b"three, not saved"
    work.restore(4)
    assert work.tree() == {
        "README.md": README,
        "a": "three, not saved",
        "c": "new",
        "d": "a file now",
    }
    assert list(work.context.storage.journal("any").parent.iterdir()) == []


def test_one_file_is_restored(work: Work) -> None:
    work.write(a="one", b="one")
    work.save()
    work.write(a="two", b="two")
    work.restore(2, "a")
    assert work.tree() == {"README.md": README, "a": "one", "b": "two"}
    work.write(a=None)
    work.restore(2, "a")
    assert work.tree()["a"] == "one"
    with pytest.raises(NotFoundError):
        work.restore(2, "absent")


def test_restoring_leaves_what_no_version_holds(work: Work) -> None:
    work.write({".git/config": "theirs", "sub/a": "x"})
    work.save()
    work.write({"sub/__pycache__/z": "cache"})
    work.restore(1)
    assert work.tree() == {
        "README.md": README,
        ".git/config": "theirs",
        "sub/__pycache__/z": "cache",
    }


def test_a_file_changed_meanwhile_stops_the_restore(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.write(a="one", b="one")
    work.save()
    work.write(a="two", b="two")
    real = advance._change_folder

    def changed_meanwhile(*args: object) -> None:
        work.write(b="an editor's autosave")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(advance, "_change_folder", changed_meanwhile)
    with pytest.raises(ConflictError, match="b was changed while"):
        work.restore(2)
    assert work.tree() == {"README.md": README, "a": "two", "b": "an editor's autosave"}
    assert [v.number for v in work.versions()] == [2, 1]


def test_a_transaction_that_fails_turns_the_folder_back(work: Work) -> None:
    work.write(a="one")
    work.save()
    work.write(a="two", b="new")
    with pytest.raises(RuntimeError), work.context.transaction() as session:
        service.restore(session, HOST, projects.get(session, HOST, work.id), 2)
        assert work.tree()["a"] == "one"
        raise RuntimeError("the database is lost")
    assert work.tree() == {"README.md": README, "a": "two", "b": "new"}
    assert [v.number for v in work.versions()] == [2, 1]


def test_no_file_is_written_through_a_link(work: Work, tmp_path: Path) -> None:
    work.write({"d/a": "one"})
    work.save()
    outside = tmp_path / "outside"
    outside.mkdir()
    (work.folder / "d" / "a").unlink()
    (work.folder / "d").rmdir()
    (work.folder / "d").symlink_to(outside)
    with pytest.raises(ConflictError):
        work.restore(2)
    assert list(outside.iterdir()) == []


def test_large_files_are_kept_once_for_all_projects(tmp_path: Path) -> None:
    context = make_context(tmp_path, limits=Limits(large_file=1_000))
    one, two = Work(context, "One"), Work(context, "Two")
    data = os.urandom(5_000)
    for work in (one, two):
        work.write(big=data, same=data)
        work.save()
    assert len(list(context.storage.blobs)) == 1
    assert one.call(service.read, "big") == data
    assert {path: size for path, _, size in one.call(service.files)}["big"] == 5_000
    with context.transaction(read_only=True) as session:
        assert session.query(LargeFile).count() == 2
        stored = projects.get(session, HOST, one.id).stored
    assert 5_000 < stored < 8_000
    one.write(big="small now")
    one.save()
    one.restore(2)
    assert (one.folder / "big").read_bytes() == data
    context.close()


def test_a_file_that_looks_like_a_pointer_is_a_file(work: Work) -> None:
    other = make_account(work.context, "Ana")
    text = Pointer("0" * 64, 5).text()
    work.write(a=text)
    work.save()
    assert work.call(service.read, "a") == text
    work.write(a="x")
    work.restore(2)
    assert (work.folder / "a").read_bytes() == text
    assert other.id


def test_modes_come_back(work: Work) -> None:
    work.write(a="x")
    (work.folder / "a").chmod(0o755)
    work.save()
    (work.folder / "a").chmod(0o644)
    work.restore(2)
    assert (work.folder / "a").stat().st_mode & stat.S_IXUSR


def test_who_may(work: Work) -> None:
    editor, viewer = make_account(work.context, "Ed"), make_account(work.context, "Vi")
    make_member(work.context, work.id, editor, Role.editor)
    make_member(work.context, work.id, viewer, Role.viewer)
    stranger = make_account(work.context, "Stranger")
    with work.context.transaction() as session:
        project = projects.get(session, HOST, work.id)
        with pytest.raises(ForbiddenError, match="host alone"):
            service.save(session, editor, project)
        with pytest.raises(ForbiddenError):
            service.restore(session, viewer, project, 1)
        assert service.read(session, viewer, project, "README.md") == README.encode()
        for call in (service.files, service.versions, service.get):
            with pytest.raises(NotFoundError):
                call(session, stranger, project)
        with pytest.raises(NotFoundError):
            service.read(session, stranger, project, "README.md")


def test_an_editor_restores_into_the_hosts_folder(work: Work) -> None:
    editor = make_account(work.context, "Ed")
    make_member(work.context, work.id, editor, Role.editor)
    work.write(a="not saved")
    with work.context.transaction() as session:
        row = service.restore(session, editor, projects.get(session, editor, work.id), 1)
    assert work.tree() == {"README.md": README}
    assert row.author_name == "Ed"
    assert work.call(service.read, "a", 2) == b"not saved"


def test_a_lost_folder_is_said(work: Work) -> None:
    work.folder.rename(work.folder.with_name("moved"))
    with pytest.raises(ConflictError, match="The folder work of this project is gone"):
        work.save()


def test_a_project_without_versions(context: StudioContext) -> None:
    project_id = make_project(context)
    with context.transaction() as session:
        project = projects.get(session, HOST, project_id)
        with pytest.raises(NotFoundError, match="no version yet"):
            service.get(session, HOST, project)
        with pytest.raises(ForbiddenError, match="no folder"):
            service.save(session, HOST, project)


def test_two_savers_at_once_make_two_versions(work: Work) -> None:
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda n: work.save(f"number {n}"), range(8)))
    assert sorted(row.number for row in rows) == list(range(2, 10))


def test_a_save_does_not_wait_for_ever(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tengen_studio.steps.journal.LONGEST_WAIT", 0.1)
    with (
        work.context.storage.lock(work.id),
        pytest.raises(ConflictError, match="being saved elsewhere"),
    ):
        work.save("m")


def test_git_itself_reads_the_history(work: Work) -> None:
    work.write({"a": "one", "d/b": "two"})
    work.save("First\n\nwith a text")
    with Repo(str(work.context.storage.history(work.id).folder)) as repository:
        entries = list(repository.get_walker(include=[repository.refs[b"refs/heads/versions"]]))
        assert [entry.commit.message for entry in entries] == [
            b"First\n\nwith a text",
            b"First version",
        ]


def test_many_versions_share_packs(work: Work) -> None:
    for number in range(60):
        work.write(a=str(number))
        work.save()
    packs = list(work.context.storage.history(work.id).packs.glob("*.pack"))
    assert len(packs) <= 51
    assert work.call(service.read, "a", 2) == b"0"
    assert texts(work.folder)["a"] == "59"
