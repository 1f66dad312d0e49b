"""The routes of versions, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..browser import API, Browser
from ..projects.test_api import zipped
from .project import notebook


async def blank(host: Browser) -> str:
    """Make a blank project of the host's, in the folder `work`, and return its id."""
    made = await host.api("POST", "projects", {"name": "Work"}, 201)
    return made["project"]["id"]


async def test_versions_are_saved_and_read(host: Browser, jp_root_dir: Path) -> None:
    project_id = await blank(host)
    (jp_root_dir / "work" / "a.ipynb").write_text(notebook("one", "two"))
    saved = await host.api("POST", f"projects/{project_id}/versions", {"message": "Start"}, 201)
    assert (saved["number"], saved["message"], saved["cells_added"]) == (2, "Start", 2)
    listed = await host.api("GET", f"projects/{project_id}/versions")
    assert [item["number"] for item in listed["items"]] == [2, 1]
    assert await host.api("GET", f"projects/{project_id}/versions/latest") == saved
    files = await host.api("GET", f"projects/{project_id}/versions/2/files")
    assert [item["path"] for item in files["items"]] == ["README.md", "a.ipynb"]
    path = f"{API}/projects/{project_id}/versions/2/content?path=a.ipynb"
    answer = await host.fetch("GET", path)
    assert json.loads(answer.body)["nbformat"] == 4
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "attachment" in answer.headers["Content-Disposition"]


async def test_differences_side_by_side(host: Browser, jp_root_dir: Path) -> None:
    project_id = await blank(host)
    folder = jp_root_dir / "work"
    (folder / "a.ipynb").write_text(notebook("one", "two", "three"))
    (folder / "t.txt").write_text("".join(f"{n}\n" for n in range(20)))
    (folder / "b.bin").write_bytes(b"\0\1")
    await host.api("POST", f"projects/{project_id}/versions", {}, 201)
    (folder / "a.ipynb").write_text(notebook("one", "two + 2", "four", outputs={0: "1"}))
    (folder / "t.txt").write_text("".join(f"{n}\n" for n in range(20) if n != 10))
    (folder / "b.bin").rename(folder / "c.bin")
    unsaved = await host.api("GET", f"projects/{project_id}/diff?folder=true")
    await host.api("POST", f"projects/{project_id}/versions", {}, 201)
    saved = await host.api("GET", f"projects/{project_id}/diff")
    assert unsaved["items"] == saved["items"]
    assert (unsaved["to_version"], saved["from_version"], saved["to_version"]) == (None, 2, 3)
    assert [(i["path"], i["old_path"], i["status"]) for i in saved["items"]] == [
        ("a.ipynb", None, "changed"),
        ("c.bin", "b.bin", "renamed"),
        ("t.txt", None, "changed"),
    ]
    route = f"projects/{project_id}/diff/file"
    cells = (await host.api("GET", f"{route}?path=a.ipynb"))["cells"]
    assert [cell["status"] for cell in cells] == ["changed", "changed", "removed", "added"]
    assert [cell["outputs_changed"] for cell in cells[:2]] == [True, False]
    assert cells[1]["source"] == [{"old_start": 1, "new_start": 1, "lines": ["-two", "+two + 2"]}]
    text = await host.api("GET", f"{route}?path=t.txt&from=2&to=3")
    assert text["hunks"] == [
        {
            "old_start": 8,
            "new_start": 8,
            "lines": [" 7", " 8", " 9", "-10", " 11", " 12", " 13"],
        }
    ]
    binary = await host.api("GET", f"{route}?path=c.bin&old_path=b.bin&folder=true&from=2")
    assert binary["kind"] == "binary"
    assert binary["old"] == binary["new"]
    await host.api("GET", f"{route}?path=absent", status=404)


async def test_a_version_comes_back(host: Browser, jp_root_dir: Path) -> None:
    project_id = await blank(host)
    (jp_root_dir / "work" / "a.txt").write_text("not saved")
    back = await host.api("POST", f"projects/{project_id}/restores", {"version": 1}, 201)
    assert (back["number"], back["reason"]) == (3, "restore")
    assert not (jp_root_dir / "work" / "a.txt").exists()
    await host.api("POST", f"projects/{project_id}/restores", {"version": 2, "path": "a.txt"})
    assert (jp_root_dir / "work" / "a.txt").read_text() == "not saved"


async def test_an_editor_pushes_and_a_fork_pulls(
    host: Browser,
    invited: Callable[[str], Awaitable[Browser]],
    jp_root_dir: Path,
) -> None:
    project_id = await blank(host)
    ana = await invited("Ana")
    await host.api("POST", f"projects/{project_id}/members", {"name": "Ana", "role": "editor"})
    fork = (await ana.api("POST", f"projects/{project_id}/forks", {}))["project"]["id"]
    await ana.api("POST", f"projects/{fork}/pulls", {}, 409)
    body = zipped(**{"README.md": "# Work\n\nMore\n", "new.txt": "by Ana"})
    pushed = await ana.api("POST", f"projects/{project_id}/pushes?base=1&message=Hi", body, 201)
    assert (pushed["version"]["number"], pushed["version"]["author"]) == (2, "Ana")
    assert (jp_root_dir / "work" / "new.txt").read_text() == "by Ana"
    stale = await ana.api("POST", f"projects/{project_id}/pushes?base=1", body, 409)
    assert "the newest is 2" in stale["message"]
    body = zipped(**{"README.md": "Another start\n# Work\n"})
    merged = await ana.api("POST", f"projects/{project_id}/pushes?base=1&merge=true", body, 201)
    assert merged["merged"] == ["README.md"]
    assert (jp_root_dir / "work" / "README.md").read_text() == "Another start\n# Work\n\nMore\n"
    pulled = await ana.api("POST", f"projects/{fork}/pulls", {}, 201)
    assert pulled["taken"] == ["README.md", "new.txt"]
    assert pulled["version"]["details"] == {"pulled": {"project": project_id, "version": 3}}
    await ana.api("POST", f"projects/{fork}/pulls", {}, 409)


async def test_bad_requests(
    host: Browser,
) -> None:
    project_id = await blank(host)
    bad: list[tuple[str, str, Any, int]] = [
        ("GET", "versions/x", None, 400),
        ("GET", "versions/²", None, 400),
        ("GET", "versions/9", None, 404),
        ("GET", "versions/latest/content", None, 400),
        ("GET", "versions/latest/content?path=../../etc/passwd", None, 404),
        ("GET", "versions/latest/content?path=", None, 404),
        ("GET", "versions?after=x", None, 400),
        ("GET", "diff?from=x", None, 400),
        ("GET", "diff?to=77", None, 404),
        ("POST", "restores", {}, 400),
        ("POST", "restores", {"version": 9}, 404),
        ("POST", "pulls", {}, 409),
        ("POST", "versions", {"message": "x" * 10_001}, 400),
    ]
    for method, path, body, status in bad:
        refused = await host.api(method, f"projects/{project_id}/{path}", body, status)
        assert set(refused) == {"code", "message"}
