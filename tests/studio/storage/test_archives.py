"""Archives from anywhere: what they may hold, and what they are refused for."""

from __future__ import annotations

import io
import os
import stat
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.context import Limits
from tengen_studio.db import utcnow
from tengen_studio.errors import InvalidError, NoSpaceError, StudioError, TooLargeError
from tengen_studio.storage import trees
from tengen_studio.storage.archives import pack, unpack
from tengen_studio.storage.trees import Entry

from ..history.project import texts

LIMITS = Limits(import_files=10, import_bytes=1_000_000)
Entries = list[tuple[str | zipfile.ZipInfo, bytes]]


def archive(
    *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> io.BytesIO:
    """Return a zip archive of these entries, duplicates and all."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as opened:
        for name, data in entries:
            opened.writestr(name, data)
    return kept


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """Return the entry of a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def refused(tmp_path: Path, kept: io.BytesIO, error: type[StudioError], text: str) -> None:
    """Unpack and expect the refusal; nothing may be outside the folder."""
    with pytest.raises(error, match=text):
        unpack(kept, tmp_path / "in" / "files", LIMITS)
    assert sorted(os.listdir(tmp_path)) == ["in"]


@pytest.fixture(autouse=True)
def parent(tmp_path: Path) -> None:
    """The folder that files are unpacked in, with nothing beside it."""
    (tmp_path / "in").mkdir()


def test_files_links_and_modes(tmp_path: Path) -> None:
    run = zipfile.ZipInfo("top/run.sh")
    run.external_attr = 0o755 << 16
    kept = archive(
        ("top/", b""),
        ("top/a.txt", b"one"),
        ("top/d/é 天.txt", b"two"),
        (run, b"#!"),
        link("top/d/l", "../a.txt"),
        ("top/.git/config", b"theirs"),
        ("top/d/.GIT/hooks/x", b"theirs"),
    )
    unpack(kept, tmp_path / "out", LIMITS)
    assert texts(tmp_path / "out") == {
        "a.txt": "one",
        "d/é 天.txt": "two",
        "d/l": "-> ../a.txt",
        "run.sh": "#!",
    }
    assert (tmp_path / "out" / "run.sh").stat().st_mode & stat.S_IXUSR
    assert not (tmp_path / "out" / "a.txt").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "C:/x",
        "a//x",
        "./x",
        "a\\..\\x",
        "a\nb",
        "x" * 256,
        "é" * 128,
        "/".join(["d" * 100] * 11),
        ".tengen-new-1/x",
    ],
)
def test_paths_that_are_refused(tmp_path: Path, name: str) -> None:
    refused(tmp_path, archive((name, b"x")), InvalidError, "a path that is not allowed")


def test_a_name_of_255_bytes_is_a_name(tmp_path: Path) -> None:
    name = "é" * 127 + "x"
    unpack(archive((name, b"x")), tmp_path / "out", LIMITS)
    assert os.listdir(tmp_path / "out") == [name]


@pytest.mark.parametrize("target", ["../../x", "/etc/passwd", "..", "a/../../..", "x" * 2000, ""])
def test_links_that_lead_out_are_refused(tmp_path: Path, target: str) -> None:
    kept = archive(("a/b", b"x"), link("l", target))
    refused(tmp_path, kept, InvalidError, "leads out")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    kept = archive(link("d", "."), ("d/x", b"x"), ("y", b"y"))
    refused(tmp_path, kept, InvalidError, "is both")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_stands_once(tmp_path: Path) -> None:
    kept = archive(("a", b"1"), ("a", b"2"), ("b", b""))
    refused(tmp_path, kept, InvalidError, "came twice")


def test_too_many_files(tmp_path: Path) -> None:
    kept = archive(*((f"f{n}", b"") for n in range(11)))
    refused(tmp_path, kept, TooLargeError, "more than 10 files")
    # The count at the end may lie.
    data = bytearray(kept.getvalue())
    at = data.rfind(b"PK\5\6")
    data[at + 8 : at + 12] = b"\1\0\1\0"
    refused(tmp_path, io.BytesIO(bytes(data)), TooLargeError, "more than 10 files")
    refused(tmp_path, archive(*((f"d{n}/", b"") for n in range(11))), TooLargeError, "10 files")


@pytest.mark.parametrize("named", ["f{}", "d{}/"])
def test_a_list_of_files_too_long_is_not_read(tmp_path: Path, named: str) -> None:
    kept = archive(*((named.format(n), b"") for n in range(20_000)))
    data = bytearray(kept.getvalue())
    at = data.rfind(b"PK\5\6")
    data[at + 8 : at + 12] = b"\1\0\1\0"
    tracemalloc.start()
    try:
        refused(tmp_path, io.BytesIO(bytes(data)), TooLargeError, "more than 10 files")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 2**20, "an entry of zipfile's takes a kilobyte"


def test_folders_do_not_count_as_files(tmp_path: Path) -> None:
    unpack(
        archive(*((f"d{n}/", b"") for n in range(8)), *((f"d{n}/f", b"") for n in range(8))),
        tmp_path / "out",
        LIMITS,
    )
    assert len(texts(tmp_path / "out")) == 8


def test_a_bomb(tmp_path: Path) -> None:
    kept = archive(("zeros", b"\0" * 2_000_000))
    assert len(kept.getvalue()) < 5_000
    refused(tmp_path, kept, TooLargeError, "more than 1.0 MB")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bomb_that_lies_about_its_size(tmp_path: Path, method: int) -> None:
    data = bytearray(archive(("zeros", b"\0" * 20_000_000), method=method).getvalue())
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.find(mark)
        data[at + offset : at + offset + 4] = (10).to_bytes(4, "little")
    kept = io.BytesIO(bytes(data))
    tracemalloc.start()
    try:
        with pytest.raises(InvalidError, match="cannot be read"):
            unpack(kept, tmp_path / "in" / "files", LIMITS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20, "it is unpacked piece by piece"
    written = sum(p.stat().st_size for p in (tmp_path / "in").rglob("*") if p.is_file())
    assert written <= 10


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_unpacks_whole_in_memory_is_refused(tmp_path: Path, method: int) -> None:
    kept = archive(("a", b""), ("zeros", b"\0" * 900_000), method=method)
    refused(tmp_path, kept, InvalidError, "usual compression")


ALIKE = [
    ["A.txt", "a.txt"],
    ["d/a", "D/b"],
    ["\u00e9.txt", "e\u0301.txt"],
    ["Straße", "STRASSE"],
]


@pytest.mark.parametrize("names", ALIKE)
def test_names_that_a_disk_takes_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    kept = archive(*((name, name.encode()) for name in ["b", *names]))
    if not (tmp_path / "IN").exists():
        # Other disks tell them apart, and nothing is to be refused there.
        unpack(kept, tmp_path / "told apart", LIMITS)
        assert sorted(texts(tmp_path / "told apart")) == sorted(["b", *names])
        (tmp_path / "told apart").rename(tmp_path / "in" / "told apart")
    monkeypatch.setattr("os.path.samefile", lambda one, other: True)
    refused(tmp_path, kept, InvalidError, "this disk takes .* for one name")
    unpack(archive(("A.txt", b""), ("d/a.txt", b""), ("d/b", b"")), tmp_path / "out", LIMITS)
    assert len(texts(tmp_path / "out")) == 3


def test_an_encrypted_archive(tmp_path: Path) -> None:
    data = bytearray(archive(("a", b"x"), ("b", b"y")).getvalue())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.find(mark) + offset] |= 1
    refused(tmp_path, io.BytesIO(bytes(data)), InvalidError, "encrypted")


def test_a_disk_that_does_not_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    refused(tmp_path, archive(("a", b"x")), NoSpaceError, "does not hold")


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\5\6" + b"\0" * 10])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, io.BytesIO(data), InvalidError, "A zip archive was expected")


WHOLE = archive(("a/b", b"text " * 50), ("c", b"\0\1\2"), ("d", b"")).getvalue()


@given(st.data())
def test_damage_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    folder = tmp_path_factory.mktemp("damaged")
    with suppress(InvalidError, TooLargeError):
        unpack(io.BytesIO(bytes(damaged[cut:])), folder / "in", LIMITS)
    assert os.listdir(folder) in ([], ["in"])


def packed(files: list[tuple[str, Entry, bytes]]) -> bytes:
    """Return the archive that `pack` gives."""
    found = ((path, entry, len(data), iter([data])) for path, entry, data in files)
    return b"".join(pack(found, utcnow()))


def test_what_is_packed_unpacks(tmp_path: Path) -> None:
    data = packed(
        [
            ("a.txt", Entry(trees.FILE, ""), b"one"),
            ("d/run", Entry(trees.EXECUTABLE, ""), os.urandom(300_000)),
            ("l", Entry(trees.LINK, ""), b"a.txt"),
        ]
    )
    unpack(io.BytesIO(data), tmp_path / "out", LIMITS)
    assert (tmp_path / "out" / "l").read_text() == "one"
    assert (tmp_path / "out" / "d" / "run").stat().st_mode & stat.S_IXUSR
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None


def test_packing_waits_for_no_whole_file() -> None:
    taken = 0

    def pieces() -> object:
        nonlocal taken
        for _ in range(50):
            taken += 1
            yield os.urandom(100_000)

    found = pack([("big", Entry(trees.FILE, ""), 5_000_000, pieces())], utcnow())  # type: ignore[list-item]
    next(found)
    assert taken < 5
    read: Callable[[], int] = lambda: sum(len(piece) for piece in found)  # noqa: E731
    assert read() > 4_900_000
