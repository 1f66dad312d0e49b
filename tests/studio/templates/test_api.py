"""Templates over HTTP: who may, what comes back, and what a refusal looks like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

LIST = ("tengen-studio", "api", "templates")
COPIES = (*LIST, "first", "copies")


async def refusal(fetch: Any, *parts: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON of a request that must fail."""
    with pytest.raises(HTTPClientError) as caught:
        await fetch(*parts, **options)
    assert caught.value.response is not None
    return caught.value.code, json.loads(caught.value.response.body)


async def test_list(jp_fetch: Any) -> None:
    response = await jp_fetch(*LIST)
    body = json.loads(response.body)
    assert [item["slug"] for item in body["items"]] == ["first", "second"]
    assert body["next"] is None
    assert set(body["items"][0]) == {"slug", "title", "description", "picture"}
    assert response.headers["Content-Type"] == "application/json"


async def test_copy_and_copy_again(jp_fetch: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "work").mkdir()
    body = json.dumps({"directory": "work"})
    paths = []
    for _ in range(2):
        response = await jp_fetch(*COPIES, method="POST", body=body)
        assert response.code == 201
        paths.append(json.loads(response.body)["notebook"])
    assert paths == ["work/first/start.ipynb", "work/first-2/start.ipynb"]
    assert all((jp_root_dir / path).is_file() for path in paths)


async def test_an_empty_body_means_the_users_folder(jp_fetch: Any) -> None:
    response = await jp_fetch(*COPIES, method="POST", body="", allow_nonstandard_methods=True)
    assert json.loads(response.body)["directory"] == "first"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", 400),
        ('{"directory": 3}', 400),
        ('{"folder": ""}', 400),
        ('{"directory": "../.."}', 400),
        ('{"directory": "/etc"}', 400),
        ('{"directory": "absent"}', 404),
    ],
)
async def test_bad_requests(jp_fetch: Any, jp_root_dir: Path, body: str, code: int) -> None:
    status, answer = await refusal(jp_fetch, *COPIES, method="POST", body=body)
    assert status == code
    assert set(answer) == {"code", "message"}
    assert str(jp_root_dir) not in answer["message"]
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize("slug", ["absent", "..", "%2e%2e", "..%2f..%2fetc", "first%00"])
async def test_unknown_templates_are_not_found(jp_fetch: Any, slug: str) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*LIST, slug, "copies", method="POST", body="{}")
    assert caught.value.code in (403, 404)


async def test_an_unforeseen_failure_gives_a_reference_and_no_detail(
    jp_fetch: Any, templates_dir: Path, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.copyfile", lambda *_, **__: 1 / 0)
    status, answer = await refusal(jp_fetch, *COPIES, method="POST", body="{}")
    assert status == 500
    assert answer["code"] == "internal"
    assert "division" not in json.dumps(answer)
    assert list(jp_root_dir.iterdir()) == []
