"""The routes of projects, over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..browser import API, Browser


def zipped(**files: str) -> bytes:
    """Return a zip archive with these files."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return kept.getvalue()


async def test_the_life_of_a_project(host: Browser, jp_root_dir: Path) -> None:
    made = await host.api("POST", "projects", {"name": "Iris", "template": "first"}, 201)
    assert made["open"] == "iris/start.ipynb"
    assert (jp_root_dir / made["open"]).is_file()
    project_id = made["project"]["id"]
    listed = await host.api("GET", "projects")
    assert listed == {"items": [made["project"]], "next": None}
    changed = await host.api("PATCH", f"projects/{project_id}", {"tags": ["flowers"]})
    assert changed["tags"] == ["flowers"]
    assert await host.api("GET", "tags") == {"items": ["flowers"], "next": None}
    await host.api("DELETE", f"projects/{project_id}", status=409)
    trashed = await host.api("PUT", f"projects/{project_id}/trash")
    assert trashed["trashed"] is not None
    assert not (jp_root_dir / "iris").exists()
    await host.api("DELETE", f"projects/{project_id}/trash")
    assert (jp_root_dir / "iris").is_dir()
    await host.api("PUT", f"projects/{project_id}/trash")
    await host.api("DELETE", f"projects/{project_id}", status=204)
    await host.api("GET", f"projects/{project_id}", status=404)


async def test_an_archive_becomes_a_project_and_one_again(host: Browser, jp_root_dir: Path) -> None:
    body = zipped(**{"top/a.txt": "one", "top/b/c.txt": "two"})
    made = await host.api("POST", "imports?name=From%20a%20zip", body, 201)
    assert (jp_root_dir / "from-a-zip" / "b" / "c.txt").read_text() == "two"
    path = f"{API}/projects/{made['project']['id']}/versions/latest/archive"
    answer = await host.fetch("GET", path)
    assert answer.headers["Content-Type"] == "application/zip"
    assert "from-a-zip-v1.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == ["a.txt", "b/c.txt"]
        assert archive.read("a.txt") == b"one"


async def test_what_is_no_archive_is_refused(host: Browser, jp_root_dir: Path) -> None:
    refused = await host.api("POST", "imports?name=x", b"no archive", 400)
    assert refused["code"] == "invalid"
    assert list(jp_root_dir.iterdir()) == []


async def test_forks_over_the_wall(
    host: Browser, invited: Callable[[str], Awaitable[Browser]]
) -> None:
    ana = await invited("Ana")
    made = await host.api("POST", "projects", {"name": "Iris"}, 201)
    project_id = made["project"]["id"]
    await ana.api("POST", f"projects/{project_id}/forks", {}, 404)
    await host.api("POST", f"projects/{project_id}/members", {"name": "Ana", "role": "viewer"})
    fork = await ana.api("POST", f"projects/{project_id}/forks", {"name": "Mine"}, 201)
    assert fork["project"]["origin"] == {"project_id": project_id, "version": 1}
    assert fork["project"]["directory"] is None
    assert (await host.api("GET", f"projects/{project_id}/forks"))["items"] == []
    assert len((await ana.api("GET", f"projects/{project_id}/forks"))["items"]) == 1
    names = [item["name"] for item in (await ana.api("GET", "projects"))["items"]]
    assert sorted(names) == ["Iris", "Mine"]


async def test_an_upload_is_refused_before_it_comes(browser: Callable[[], Browser]) -> None:
    answer = await browser().fetch("POST", f"{API}/imports?name=x", zipped(a="1"))
    assert answer.code == 403
    assert json.loads(answer.body)["code"] == "login_required"


async def test_bad_requests(host: Browser, jp_root_dir: Path) -> None:
    bad: list[tuple[str, str, Any, int]] = [
        ("POST", "projects", {}, 400),
        ("POST", "projects", {"name": 3}, 400),
        ("POST", "projects", {"name": "x", "owner": "me"}, 400),
        ("GET", "projects?limit=0", None, 400),
        ("GET", "projects?after=x", None, 400),
        ("GET", "projects?state=gone", None, 400),
        ("GET", "projects/absent", None, 404),
        ("PATCH", "projects/absent", {}, 404),
        ("PUT", "projects/absent/trash", None, 404),
    ]
    for method, path, body, status in bad:
        refused = await host.api(method, path, body, status)
        assert set(refused) == {"code", "message"}
    assert list(jp_root_dir.iterdir()) == []
