"""Backup and restore: a studio comes back whole, elsewhere, and nothing is ever overwritten."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tengen_studio.commands.backup import backup
from tengen_studio.commands.places import CommandError
from tengen_studio.commands.restore import restore
from tengen_studio.context import StudioContext
from tengen_studio.errors import ForbiddenError
from tengen_studio.history import service as history
from tengen_studio.projects import service as projects
from tengen_studio.secrets import service as secrets
from tengen_studio.start import open_context

from ..actors import HOST
from ..factory import fresh_database_url
from .studios import LARGE, VALUE, fill, places_of, rows_of, save


def reopened(context: StudioContext, data_dir: Path) -> StudioContext:
    """Open the studio that was restored into `data_dir`, with SQLite."""
    return open_context(context.root, context.templates_dir, data_dir)


def names(archive: Path) -> list[str]:
    """Return the names of an archive's members."""
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_everything_comes_back(context: StudioContext, tmp_path: Path) -> None:
    project_id = fill(context)
    backup(places_of(context), tmp_path / "a.tar")
    assert stat.S_IMODE((tmp_path / "a.tar").stat().st_mode) == 0o600
    restore(places_of(context, tmp_path / "new", ""), tmp_path / "a.tar")
    again = reopened(context, tmp_path / "new")
    try:
        before, after = rows_of(context), rows_of(again)
        assert before["versions"] and before["dataset_files"] and before["members"]
        assert after == before
        with again.transaction(read_only=True) as session:
            project = projects.get(session, HOST, project_id)
            assert history.read(session, HOST, project, "train.py", 1) == b"print(1)\n"
            assert history.read(session, HOST, project, "weights.bin") == LARGE
        assert save(again, project_id, "three") == 3
    finally:
        again.close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_it_comes_back_into_the_kind_of_database_that_it_came_from(
    context: StudioContext, tmp_path: Path
) -> None:
    fill(context)
    before, url = rows_of(context), places_of(context).database_url
    backup(places_of(context), tmp_path / "a.tar")
    context.close()
    assert bool(fresh_database_url()) == bool(url)
    restore(places_of(context, tmp_path / "new", url), tmp_path / "a.tar")
    again = open_context(context.root, context.templates_dir, tmp_path / "new", url)
    try:
        assert rows_of(again) == before
    finally:
        again.close()
    if url:
        with pytest.raises(CommandError, match="database is not empty"):
            restore(places_of(context, tmp_path / "third", url), tmp_path / "a.tar")
        assert not (tmp_path / "third").exists()


def test_the_key_of_the_secrets_goes_along_only_when_asked(
    context: StudioContext, tmp_path: Path
) -> None:
    fill(context)
    for name, with_key in (("without", False), ("with", True)):
        archive = tmp_path / f"{name}.tar"
        backup(places_of(context), archive, with_key=with_key)
        assert ("store/secrets.key" in names(archive)) == with_key
        assert VALUE.encode() not in archive.read_bytes()
        restore(places_of(context, tmp_path / name, ""), archive)
        again = reopened(context, tmp_path / name)
        with again.transaction() as session:
            if with_key:
                assert secrets.use(session, "HF_TOKEN") == VALUE
            else:
                with pytest.raises(ForbiddenError, match="another key file"):
                    secrets.use(session, "HF_TOKEN")
        again.close()


def test_what_is_there_is_never_overwritten(context: StudioContext, tmp_path: Path) -> None:
    fill(context)
    archive = tmp_path / "a.tar"
    backup(places_of(context), archive)
    with pytest.raises(CommandError, match="is there already"):
        backup(places_of(context), archive)
    with pytest.raises(CommandError, match="is not empty"):
        restore(places_of(context), archive)
    with pytest.raises(CommandError, match="no studio"):
        backup(places_of(context, tmp_path / "absent", ""), tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_a_backup_while_versions_are_saved_holds_what_its_rows_name(
    context: StudioContext, tmp_path: Path
) -> None:
    project_id = fill(context)
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            (context.root / "work" / "train.py").write_text(f"print({number})\n")
            save(context, project_id, f"busy {number}")

    busy = threading.Thread(target=work)
    busy.start()
    try:
        for number in range(4):
            archive = tmp_path / f"{number}.tar"
            backup(places_of(context), archive)
            restore(places_of(context, tmp_path / str(number), ""), archive)
            again = reopened(context, tmp_path / str(number))
            with again.transaction(read_only=True) as session:
                project = projects.get(session, HOST, project_id)
                newest = history.get(session, HOST, project)
                for version in range(1, newest.number + 1):
                    assert history.read(session, HOST, project, "train.py", version)
            again.close()
    finally:
        stop.set()
        busy.join()


def rewritten(archive: Path, change: Callable[[str, bytes], bytes | None], extra: bytes) -> Path:
    """Write the archive anew with changed members; None leaves one out."""
    target = archive.with_name("changed.tar")
    target.unlink(missing_ok=True)
    with tarfile.open(archive) as source, tarfile.open(target, "w:") as out:
        for entry in source:
            content = source.extractfile(entry)
            assert content is not None
            data = change(entry.name, content.read())
            if data is not None:
                entry.size = len(data)
                out.addfile(entry, io.BytesIO(data))
        if extra:
            entry = tarfile.TarInfo(extra.decode())
            out.addfile(entry, io.BytesIO())
    return target


def test_a_damaged_or_foreign_archive_leaves_nothing_behind(
    context: StudioContext, tmp_path: Path
) -> None:
    fill(context)
    archive = tmp_path / "a.tar"
    backup(places_of(context), archive)
    member = next(name for name in names(archive) if name.startswith("store/histories"))

    def flip(name: str, data: bytes) -> bytes:
        return data[:-1] + bytes([data[-1] ^ 1]) if name == member else data

    bad = {
        "damaged": lambda: rewritten(archive, flip, b""),
        "is not what": lambda: rewritten(archive, lambda n, d: None if n == member else d, b""),
        "checksums are missing": lambda: rewritten(
            archive, lambda n, d: None if n == "checksums.txt" else d, b""
        ),
        "no backup": lambda: rewritten(archive, lambda n, d: d, b"../outside"),
        "it has '/etc": lambda: rewritten(archive, lambda n, d: d, b"/etc/passwd"),
        "it has 'store/other": lambda: rewritten(archive, lambda n, d: d, b"store/other"),
    }
    for said, make in bad.items():
        with pytest.raises(CommandError, match=said):
            restore(places_of(context, tmp_path / "new", ""), make())
        assert sorted(p.name for p in tmp_path.iterdir() if "new" in p.name) == []
    (tmp_path / "text.tar").write_text("no archive")
    with pytest.raises(CommandError, match="cannot be read"):
        restore(places_of(context, tmp_path / "new", ""), tmp_path / "text.tar")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("form", "2", "A backup of form 1"), ("revision", '"9999"', "does not know the schema")],
)
def test_an_archive_of_another_form_is_refused(
    context: StudioContext, tmp_path: Path, field: str, value: str, said: str
) -> None:
    fill(context)
    backup(places_of(context), tmp_path / "a.tar")
    made: dict[str, bytes] = {}

    def change(name: str, data: bytes) -> bytes:
        if name == "manifest.json":
            manifest = json.loads(data)
            manifest[field] = json.loads(value)
            made["old"], made["new"] = data, json.dumps(manifest).encode()
            return made["new"]
        if name == "checksums.txt":
            sums = [hashlib.sha256(made[key]).hexdigest().encode() for key in ("old", "new")]
            return data.replace(*sums)
        return data

    changed = rewritten(tmp_path / "a.tar", change, b"")
    with pytest.raises(CommandError, match=said):
        restore(places_of(context, tmp_path / "new", ""), changed)
    assert not (tmp_path / "new").exists()
