"""Secrets over HTTP, and what JupyterLab's own save writes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from .test_service import VALUE

SECRETS = ("tengen-studio", "api", "secrets")


async def put(jp_fetch: Any, name: str = "HF_TOKEN", value: str = VALUE) -> Any:
    """Store a secret by REST."""
    return await jp_fetch(*SECRETS, name, method="PUT", body=json.dumps({"value": value}))


async def test_put_list_delete(jp_fetch: Any) -> None:
    answer = await put(jp_fetch)
    assert set(json.loads(answer.body)) == {"name", "updated", "used"}
    listed = await jp_fetch(*SECRETS)
    assert [item["name"] for item in json.loads(listed.body)["items"]] == ["HF_TOKEN"]
    assert VALUE not in (answer.body + listed.body).decode()
    gone = await jp_fetch(*SECRETS, "HF_TOKEN", method="DELETE")
    assert (gone.code, gone.body) == (204, b"")
    assert json.loads((await jp_fetch(*SECRETS)).body) == {"items": [], "next": None}


async def test_no_verb_gives_a_value(jp_fetch: Any) -> None:
    await put(jp_fetch)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*SECRETS, "HF_TOKEN")
    assert caught.value.code in (404, 405)


async def test_refusals_do_not_repeat_the_value(jp_fetch: Any) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await put(jp_fetch, "not-a-name")
    assert caught.value.code == 400
    assert caught.value.response is not None
    assert VALUE not in caught.value.response.body.decode()


async def test_a_saved_notebook_has_no_stored_value(jp_fetch: Any, jp_root_dir: Path) -> None:
    await put(jp_fetch)
    cell = nbformat.v4.new_code_cell("print(secrets.get('HF_TOKEN'))")
    cell.outputs = [nbformat.v4.new_output("stream", text=f"token: {VALUE}\n")]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    body = json.dumps({"type": "notebook", "format": "json", "content": notebook})
    await jp_fetch("api", "contents", "train.ipynb", method="PUT", body=body)
    text = (jp_root_dir / "train.ipynb").read_text(encoding="utf-8")
    assert VALUE not in text
    assert "token: [secret: HF_TOKEN]" in text
