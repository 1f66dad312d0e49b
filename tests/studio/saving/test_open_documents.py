"""Somebody else writes, renames or deletes a file while a page has it open with changes."""

from __future__ import annotations

import base64
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ..browser import Browser
from ..history.project import notebook

SCRIPT = {"User-Agent": "a script"}


async def read(host: Browser, path: str, headers: dict[str, str] | None = None) -> str:
    """Read a file as a page does; return its hash."""
    answer = await host.fetch("GET", f"api/contents/{path}?hash=1", headers=headers)
    return json.loads(answer.body)["hash"]


async def save(
    host: Browser, path: str, text: str, headers: dict[str, str] | None = None, **more: Any
) -> tuple[int, dict[str, Any]]:
    """Save a text, or a notebook whose cells' sources are its lines; return the answer."""
    model: dict[str, Any] = {"type": "file", "format": "text", "content": text, **more}
    if path.endswith(".ipynb"):
        model |= {"type": "notebook", "format": "json"}
        model["content"] = json.loads(notebook(*text.split("\n")))
    answer = await host.fetch("PUT", f"api/contents/{path}", model, headers)
    return answer.code, json.loads(answer.body)


async def piece(host: Browser, path: str, chunk: int, data: bytes, **more: Any) -> int:
    """Send one piece of an upload; return the status."""
    text = base64.b64encode(data).decode()
    return (await save(host, path, text, format="base64", chunk=chunk, **more))[0]


async def refused(host: Browser, path: str) -> list[tuple[dict[str, Any], bytes]]:
    """Return what is kept for a file, each with its content."""
    items = (await host.api("GET", f"refused-saves?path={path}"))["items"]
    return [
        (i, (await host.fetch("GET", f"tengen-studio/api/refused-saves/{i['id']}")).body)
        for i in items
    ]


async def test_two_tabs_have_changed_the_same_notebook(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.ipynb").write_text(notebook("a = 1", "b = 1", "c = 1"))
    base = await read(host, "a.ipynb")
    assert (await save(host, "a.ipynb", "a = 2\nb = 1\nc = 1", base_hash=base))[0] == 200
    assert (await save(host, "a.ipynb", "a = 1\nb = 1\nc = 2", base_hash=base))[0] == 409
    ((kept, content),) = await refused(host, "a.ipynb")
    assert kept["mergeable"] and b"c = 2" in content
    await host.api("POST", f"refused-saves/{kept['id']}", {"how": "merge"})
    joined = json.loads((jp_root_dir / "a.ipynb").read_text())
    assert [cell["source"] for cell in joined["cells"]] == ["a = 2", "b = 1", "c = 2"]


@pytest.mark.parametrize("path", ["work/a.ipynb", "work/a.txt"])
async def test_a_kernel_or_a_pull_has_written_meanwhile(
    host: Browser, jp_root_dir: Path, path: str
) -> None:
    (jp_root_dir / "work").mkdir()
    file = jp_root_dir / path
    make = (lambda text: notebook(*text.split("\n"))) if path.endswith(".ipynb") else str
    file.write_text(make("a = 1\nb = 1\nc = 1"))
    base = await read(host, path)
    file.write_text(make("a = 1\nb = 1\nc = 2"))
    assert (await save(host, path, "a = 2\nb = 1\nc = 1", base_hash=base))[0] == 409
    assert file.read_text() == make("a = 1\nb = 1\nc = 2")
    ((kept, content),) = await refused(host, path)
    assert kept["mergeable"] and b"a = 2" in content
    await host.api("POST", f"refused-saves/{kept['id']}", {"how": "merge"})
    assert "a = 2" in file.read_text() and "c = 2" in file.read_text()


async def test_a_script_that_names_no_hash(host: Browser, jp_root_dir: Path) -> None:
    """Of any file, not of notebooks alone: the stale is refused, the unseen is kept."""
    (jp_root_dir / "a.txt").write_text("never seen")
    status, answer = await save(host, "a.txt", "over it", SCRIPT)
    ((kept, content),) = await refused(host, "a.txt")
    assert (status, content) == (200, b"never seen")
    assert answer["replaced"] == kept["id"]
    status, answer = await save(host, "a.txt", "its own is seen", SCRIPT)
    assert status == 200 and "replaced" not in answer
    (jp_root_dir / "a.txt").write_text("somebody else's")
    assert (await save(host, "a.txt", "too late", SCRIPT))[0] == 409
    assert (jp_root_dir / "a.txt").read_text() == "somebody else's"
    assert [content for _, content in await refused(host, "a.txt")] == [b"too late", b"never seen"]


async def test_a_file_was_renamed_while_it_was_open(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "in").mkdir()
    (jp_root_dir / "in" / "a.txt").write_text("start")
    await read(host, "in/a.txt", SCRIPT)
    assert (await host.fetch("PATCH", "api/contents/in/a.txt", {"path": "in/b.txt"})).code == 200
    assert (await host.fetch("PATCH", "api/contents/in", {"path": "there"})).code == 200
    status, answer = await save(host, "there/b.txt", "mine", SCRIPT)
    assert status == 200 and "replaced" not in answer, "what was read is what is there"
    (jp_root_dir / "there" / "b.txt").write_text("somebody else's")
    assert (await save(host, "there/b.txt", "too late", SCRIPT))[0] == 409


async def test_a_file_was_deleted_while_it_was_open(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.txt").write_text("start")
    base = await read(host, "a.txt")
    (jp_root_dir / "a.txt").unlink()
    assert (await save(host, "a.txt", "mine", base_hash=base))[0] == 409
    assert not (jp_root_dir / "a.txt").exists()
    ((kept, _),) = await refused(host, "a.txt")
    await host.api("POST", f"refused-saves/{kept['id']}", {"how": "take"})
    assert (jp_root_dir / "a.txt").read_text() == "mine"


async def test_large_uploads_keep_the_same_rules(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.bin").write_bytes(b"start")
    base = await read(host, "a.bin")
    (jp_root_dir / "a.bin").write_bytes(b"somebody else's")
    assert await piece(host, "a.bin", 1, b"mi", base_hash=base) in (200, 201)
    assert await piece(host, "a.bin", -1, b"ne", base_hash=base) == 409
    assert (jp_root_dir / "a.bin").read_bytes() == b"somebody else's"
    assert [content for _, content in await refused(host, "a.bin")] == [b"mine"]
    (jp_root_dir / "b.bin").write_bytes(b"never seen")
    assert await piece(host, "b.bin", 1, b"mi") in (200, 201)
    assert await piece(host, "b.bin", -1, b"ne") in (200, 201)
    assert (jp_root_dir / "b.bin").read_bytes() == b"mine"
    assert [content for _, content in await refused(host, "b.bin")] == [b"never seen"]
    assert sorted(os.listdir(jp_root_dir)) == ["a.bin", "b.bin"]


async def test_going_back_to_a_checkpoint_keeps_what_was_there(
    host: Browser, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(host, "a.txt", "old", base_hash="")
    made = await host.fetch("POST", "api/contents/a.txt/checkpoints")
    route = f"api/contents/a.txt/checkpoints/{json.loads(made.body)['id']}"
    (jp_root_dir / "a.txt").write_text("new")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", full)
        assert (await host.fetch("POST", route)).code == 507
    assert (jp_root_dir / "a.txt").read_text() == "new"
    assert (await host.fetch("POST", route)).code == 204
    assert (jp_root_dir / "a.txt").read_text() == "old"
    assert {content for _, content in await refused(host, "a.txt")} == {b"new"}


def full(*arguments: Any, **options: Any) -> None:
    """Fail as a write to a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_nothing_half_done_on_a_full_disk(
    host: Browser, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (jp_root_dir / "in").mkdir()
    (jp_root_dir / "in" / "a.txt").write_text("start")
    base = await read(host, "in/a.txt")
    assert await piece(host, "b.bin", 1, b"one") == 201
    (jp_root_dir / "in" / "a.txt").write_text("somebody else's")
    with monkeypatch.context() as patch:
        patch.setattr("tengen_studio.storage.durable.os.fsync", full)
        patch.setattr("shutil.copyfile", full)
        status, answer = await save(host, "in/a.txt", "mine", base_hash=base)
        assert (status, answer["message"]) == (
            507,
            "The disk is full; the file is as it was before.",
        )
        assert await piece(host, "b.bin", -1, b"two") == 507
        copied = await host.fetch("POST", "api/contents", {"copy_from": "in"})
        assert copied.code == 507, copied.body
    assert os.listdir(jp_root_dir) == ["in"], "no piece and no half of a copy takes up the disk"
    assert (await save(host, "in/a.txt", "mine", base_hash=base))[0] == 409
    assert [content for _, content in await refused(host, "in/a.txt")] == [b"mine"]


async def test_a_full_disk_does_not_keep_files_from_being_deleted(
    host: Browser, jp_root_dir: Path, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jp_serverapp.contents_manager.delete_to_trash = False
    await host.api("POST", "projects", {"name": "Work"})
    (jp_root_dir / "work" / "a.txt").write_text("large")
    monkeypatch.setattr("tengen_studio.storage.durable.os.fsync", full)
    assert (await host.fetch("DELETE", "api/contents/work/a.txt")).code == 204
    assert not (jp_root_dir / "work" / "a.txt").exists()
