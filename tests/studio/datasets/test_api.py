"""Data sets over HTTP: registered, waited for, shown, mounted, and refused by rule."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

DATASETS = ("tengen-studio", "api", "datasets")
PROJECTS = ("tengen-studio", "api", "projects")


async def call(jp_fetch: Any, method: str, *parts: str, **body: Any) -> Any:
    """Return the JSON of an answer; None for one without a body."""
    options = {"body": json.dumps(body)} if method in ("POST", "PUT", "PATCH") else {}
    answer = await jp_fetch(*parts, method=method, **options)
    return json.loads(answer.body) if answer.body else None


async def register(jp_fetch: Any, root: Path, **fields: str) -> dict[str, Any]:
    """Register `raw` with one table in it, and wait for it."""
    (root / "raw").mkdir(exist_ok=True)
    (root / "raw" / "a.csv").write_text("x,y\n1,2\n")
    request = {"name": "set", "kind": "folder", "source": "raw"} | fields
    made = await call(jp_fetch, "POST", *DATASETS, **request)
    while made["state"] == "copying":
        await asyncio.sleep(0.02)
        made = await call(jp_fetch, "GET", *DATASETS, made["id"])
    return made


async def test_from_registration_to_a_project(jp_fetch: Any, jp_root_dir: Path) -> None:
    made = await register(jp_fetch, jp_root_dir)
    assert (made["state"], made["files"], made["progress"]) == ("ready", 1, 1.0)
    assert (await call(jp_fetch, "GET", *DATASETS))["items"] == [made]
    (file,) = (await call(jp_fetch, "GET", *DATASETS, made["id"], "files"))["items"]
    assert file["path"] == "a.csv"
    shown = await call(jp_fetch, "GET", *DATASETS, made["id"], "preview")
    assert (shown["columns"], shown["rows"]) == (["x", "y"], [["1", "2"]])
    project = (await call(jp_fetch, "POST", *PROJECTS, name="Work"))["project"]
    place = (*PROJECTS, project["id"], "datasets")
    mounted = await call(jp_fetch, "POST", *place, dataset_id=made["id"])
    assert (mounted["name"], mounted["state"]) == ("set", "mounted")
    text = (jp_root_dir / project["directory"] / "datasets/set/a.csv").read_text()
    assert text == "x,y\n1,2\n"
    assert (await call(jp_fetch, "GET", *place))["items"] == [mounted]
    assert await call(jp_fetch, "DELETE", *place, "set") is None
    assert (await call(jp_fetch, "GET", *place))["items"] == []
    assert await call(jp_fetch, "DELETE", *DATASETS, made["id"]) is None
    assert (await call(jp_fetch, "GET", *DATASETS))["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "a", "kind": "disk", "source": "raw"}, 400),
        ({"name": "a/b", "kind": "folder", "source": "raw"}, 400),
        ({"name": "a", "kind": "folder", "source": "../.."}, 404),
        ({"name": "a", "kind": "folder", "source": "/etc"}, 404),
        ({"name": "a", "kind": "folder", "source": "raw", "token": "x"}, 400),
    ],
)
async def test_refusals(jp_fetch: Any, body: dict[str, str], status: int) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await call(jp_fetch, "POST", *DATASETS, **body)
    assert caught.value.code == status


async def test_the_same_version_twice_is_a_conflict(jp_fetch: Any, jp_root_dir: Path) -> None:
    await register(jp_fetch, jp_root_dir)
    with pytest.raises(HTTPClientError) as caught:
        await register(jp_fetch, jp_root_dir)
    assert caught.value.code == 409
