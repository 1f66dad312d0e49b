"""Pages that have a file open hear of it when somebody else saves it, and what became of theirs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from ..browser import Browser
from ..history.project import notebook
from .test_open_documents import read, save

SCHEMA = "https://events.jupyter.org/jupyter_server/contents_service/v1"


async def test_a_save_and_a_settled_one_are_told(
    host: Browser, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    told: list[tuple[str, str]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] != "get":
            told.append((data["action"], data["path"]))

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA, listener=listen)
    (jp_root_dir / "a.ipynb").write_text(notebook("a = 1", "b = 1"))
    base = await read(host, "a.ipynb")
    assert (await save(host, "a.ipynb", "a = 2\nb = 1", base_hash=base))[0] == 200
    status, answer = await save(host, "a.ipynb", "a = 1\nb = 2", base_hash=base)
    assert status == 409
    (item,) = (await host.api("GET", "refused-saves?path=a.ipynb"))["items"]
    # By this a page knows which of the refused saves is its own.
    assert answer["message"].endswith(f" is kept as {item['id']}.")
    await host.api("POST", f"refused-saves/{item['id']}", {"how": "merge"})
    joined = json.loads((jp_root_dir / "a.ipynb").read_text())
    assert [cell["source"] for cell in joined["cells"]] == ["a = 2", "b = 2"]
    await asyncio.sleep(0)
    assert told == [("save", "a.ipynb")] * 2


async def test_a_save_answers_with_the_hash_of_what_it_wrote(
    host: Browser, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    path = jp_root_dir / "a.ipynb"

    async def overtake(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] == "save":
            path.write_text(notebook("of somebody who was faster"))

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA, listener=overtake)
    status, answer = await save(host, "a.ipynb", "mine", base_hash="")
    assert status == 201
    while "faster" not in path.read_text():
        await asyncio.sleep(0.01)
    assert (await save(host, "a.ipynb", "mine again", base_hash=answer["hash"]))[0] == 409
