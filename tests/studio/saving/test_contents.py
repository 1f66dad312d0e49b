"""Saving through Jupyter's own routes: whole or not at all, and never unseen."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tengen_studio.saving.writing import Files, Recent, StaleError, file_hash

from ..browser import Browser
from ..history.project import notebook

MERGED = "one\nTWO\nthree\nFOUR\n"


async def read(host: Browser, path: str) -> dict[str, Any]:
    """Return a file's model, with its hash."""
    return json.loads((await host.fetch("GET", f"api/contents/{path}?hash=1")).body)


async def save(host: Browser, path: str, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Save a text file; return the status and the answer."""
    model = {"type": "file", "format": "text", "content": text, **more}
    answer = await host.fetch("PUT", f"api/contents/{path}", model)
    return answer.code, json.loads(answer.body)


async def test_each_save_names_the_one_before(host: Browser, jp_root_dir: Path) -> None:
    status, first = await save(host, "a.txt", "one", base_hash="")
    assert status == 201
    assert first["hash"] == (await read(host, "a.txt"))["hash"] == file_hash(jp_root_dir / "a.txt")
    status, _ = await save(host, "a.txt", "two", base_hash=first["hash"])
    assert (status, (jp_root_dir / "a.txt").read_text()) == (200, "two")
    status, refused = await save(host, "a.txt", "three", base_hash=first["hash"])
    assert status == 409
    assert "kept as" in refused["message"]
    assert (jp_root_dir / "a.txt").read_text() == "two"
    status, _ = await save(host, "a.txt", "new", base_hash="")
    assert status == 409, "it is no new file"
    status, _ = await save(host, "a.txt", "three", base_hash=3)
    assert status == 400


async def test_notebooks_too(host: Browser, jp_root_dir: Path) -> None:
    content = json.loads(notebook("one"))
    (jp_root_dir / "a.ipynb").write_text(notebook("one"))
    old = (await read(host, "a.ipynb"))["hash"]
    model = {"type": "notebook", "content": content, "base_hash": old}
    answer = await host.fetch("PUT", "api/contents/a.ipynb", model)
    assert answer.code == 200
    (jp_root_dir / "a.ipynb").write_text(notebook("a script was here"))
    model["base_hash"] = json.loads(answer.body)["hash"]
    assert (await host.fetch("PUT", "api/contents/a.ipynb", model)).code == 409
    assert "a script was here" in (jp_root_dir / "a.ipynb").read_text()


async def test_a_refused_save_is_joined(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.txt").write_text("one\ntwo\nthree\nfour\n")
    base = (await read(host, "a.txt"))["hash"]
    await save(host, "a.txt", "one\nTWO\nthree\nfour\n", base_hash=base)
    status, _ = await save(host, "a.txt", "one\ntwo\nthree\nFOUR\n", base_hash=base)
    assert status == 409
    (refused,) = (await host.api("GET", "refused-saves?path=a.txt"))["items"]
    assert refused["mergeable"]
    route = f"refused-saves/{refused['id']}"
    kept = await host.fetch("GET", f"tengen-studio/api/{route}")
    assert kept.body == b"one\ntwo\nthree\nFOUR\n"
    assert await host.api("POST", route, {"how": "merge"}) == {"path": "a.txt"}
    assert (jp_root_dir / "a.txt").read_text() == MERGED
    assert (await host.api("GET", "refused-saves"))["items"] == []
    await host.api("POST", route, {"how": "merge"}, 404)


async def test_a_refused_save_lies_beside_or_takes_the_place(
    host: Browser, jp_root_dir: Path
) -> None:
    (jp_root_dir / "a.txt").write_text("theirs")
    for text in ("mine", "mine too"):
        assert (await save(host, "a.txt", text, base_hash="0" * 64))[0] == 409
    newer, older = (await host.api("GET", "refused-saves"))["items"]
    assert not newer["mergeable"], "nobody knows what it started from"
    await host.api("POST", f"refused-saves/{newer['id']}", {"how": "merge"}, 409)
    beside = await host.api("POST", f"refused-saves/{newer['id']}", {"how": "beside"})
    assert (jp_root_dir / beside["path"]).read_text() == "mine too"
    assert beside["path"] == "a (refused).txt"
    await host.api("POST", f"refused-saves/{older['id']}", {"how": "take"})
    assert (jp_root_dir / "a.txt").read_text() == "mine"
    (last,) = (await host.api("GET", "refused-saves"))["items"]
    kept = await host.fetch("GET", f"tengen-studio/api/refused-saves/{last['id']}")
    assert kept.body == b"theirs", "what was there is a refused save in turn"
    await host.api("DELETE", f"refused-saves/{last['id']}", status=204)
    assert (await host.api("GET", "refused-saves"))["items"] == []


async def test_a_server_may_ask_every_browser_to_name_a_hash(
    host: Browser, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    jp_serverapp.contents_manager.require_base = True
    assert (await save(host, "a.txt", "one"))[0] == 201
    assert (await save(host, "a.txt", "two"))[0] == 428
    model = {"type": "file", "format": "text", "content": "the server's own document"}
    await jp_serverapp.contents_manager.save(model, "a.txt")
    assert (jp_root_dir / "a.txt").read_text() == "the server's own document"


async def test_a_full_disk_leaves_the_file(
    host: Browser, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(host, "a.txt", "whole")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tengen_studio.storage.durable.os.fsync", full)
    status, answer = await save(host, "a.txt", "half")
    assert (status, answer["message"]) == (507, "The disk is full; the file is as it was before.")
    assert (jp_root_dir / "a.txt").read_text() == "whole"
    assert os.listdir(jp_root_dir) == ["a.txt"]


async def test_an_upload_appears_when_it_is_complete(host: Browser, jp_root_dir: Path) -> None:
    async def piece(chunk: int, data: bytes, path: str = "big.bin") -> int:
        text = base64.b64encode(data).decode()
        more = {"format": "base64", "chunk": chunk}
        return (await save(host, path, text, **more))[0]

    assert await piece(1, b"one") in (200, 201)
    assert not (jp_root_dir / "big.bin").exists()
    assert await piece(2, b"two") in (200, 201)
    assert await piece(-1, b"end") in (200, 201)
    assert (jp_root_dir / "big.bin").read_bytes() == b"onetwoend"
    assert os.listdir(jp_root_dir) == ["big.bin"]
    assert await piece(2, b"lost", "other.bin") == 409


async def test_deleting_saves_a_version_first(host: Browser, jp_root_dir: Path) -> None:
    made = await host.api("POST", "projects", {"name": "Work"})
    (jp_root_dir / "work" / "a.txt").write_text("not saved")
    assert (await host.fetch("DELETE", "api/contents/work/a.txt")).code == 204
    listed = await host.api("GET", f"projects/{made['project']['id']}/versions")
    assert listed["items"][0]["reason"] == "before delete"
    assert listed["items"][0]["added"] == 1


async def test_a_project_follows_its_folder(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "in").mkdir()
    made = await host.api("POST", "projects", {"name": "Work", "directory": "in"})
    assert (await host.fetch("PATCH", "api/contents/in", {"path": "there"})).code == 200
    shown = await host.api("GET", f"projects/{made['project']['id']}")
    assert (shown["directory"], shown["missing"]) == ("there/work", False)


def test_modes_and_links_stay(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to(target)
    Files().replace(tmp_path / "link", b"new")
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)
    assert (tmp_path / "link").is_symlink()


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "a"
    path.write_text("start")
    base, files = file_hash(path), Files()

    def write(number: int) -> bool:
        try:
            files.replace(path, str(number).encode(), base)
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(40))) == 1
    assert files._busy == {}


def test_what_was_seen_last_is_remembered_within_bounds() -> None:
    recent = Recent(most=10)
    for text in (b"aaaaa", b"bbbbb", b"aaaaa", b"ccccc"):
        recent.add(text)
    import hashlib

    def find(data: bytes, algorithm: str = "sha256") -> bytes | None:
        return recent.find(algorithm, hashlib.new(algorithm, data).hexdigest())

    assert [find(t) for t in (b"aaaaa", b"bbbbb", b"ccccc")] == [b"aaaaa", None, b"ccccc"]
    assert find(b"ccccc", "md5") == b"ccccc"
