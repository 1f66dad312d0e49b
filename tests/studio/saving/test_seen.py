"""Saves that name no hash: refused where the notebook has changed since their client read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tengen_studio.saving.seen import Seen

from ..browser import Browser
from ..history.project import notebook

PATH = "api/contents/a.ipynb"


async def save(client: Browser, text: str, agent: str = "a script") -> int:
    """Save the notebook as a program that knows of no hashes does; return the status."""
    model = {"type": "notebook", "format": "json", "content": json.loads(notebook(text))}
    return (await client.fetch("PUT", PATH, model, {"User-Agent": agent})).code


async def test_a_client_that_is_behind_is_refused_and_both_sides_are_kept(
    host: Browser, jp_root_dir: Path
) -> None:
    file = jp_root_dir / "a.ipynb"
    file.write_text(notebook("start"))
    await host.fetch("GET", PATH, headers={"User-Agent": "a script"})
    assert await save(host, "mine") == 200
    assert await save(host, "mine again") == 200, "its own save is the last that it has seen"
    file.write_text(notebook("somebody else's"))
    assert await save(host, "mine, too late") == 409
    assert "somebody else's" in file.read_text()
    (refused,) = (await host.api("GET", "refused-saves?path=a.ipynb"))["items"]
    kept = await host.fetch("GET", f"tengen-studio/api/refused-saves/{refused['id']}")
    assert b"mine, too late" in kept.body
    await host.fetch("GET", PATH, headers={"User-Agent": "a script"})
    assert await save(host, "mine, after a look") == 200


async def test_looking_at_the_hash_is_seeing(host: Browser, jp_root_dir: Path) -> None:
    file = jp_root_dir / "a.ipynb"
    file.write_text(notebook("start"))
    script = {"User-Agent": "a script"}
    await host.fetch("GET", PATH, headers=script)
    file.write_text(notebook("newer"))
    # JupyterLab asks so before it saves, and its user says whether to overwrite.
    await host.fetch("GET", f"{PATH}?content=0&hash=1", headers=script)
    assert await save(host, "overwritten as the user said") == 200


async def test_others_reading_is_not_ones_own(host: Browser, jp_root_dir: Path) -> None:
    file = jp_root_dir / "a.ipynb"
    file.write_text(notebook("start"))
    await host.fetch("GET", PATH, headers={"User-Agent": "a script"})
    file.write_text(notebook("newer"))
    await host.fetch("GET", PATH, headers={"User-Agent": "another"})
    assert await save(host, "stale", "a script") == 409
    assert await save(host, "fresh", "another") == 200


async def test_two_who_say_the_same_do_not_disagree(host: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.txt").write_text("start")
    old = json.loads((await host.fetch("GET", "api/contents/a.txt?hash=1")).body)["hash"]
    model: dict[str, Any] = {"type": "file", "format": "text", "content": "same"}
    for _ in range(2):
        assert (
            await host.fetch("PUT", "api/contents/a.txt", model | {"base_hash": old})
        ).code == 200
    assert (await host.api("GET", "refused-saves"))["items"] == []


def test_only_the_latest_are_remembered() -> None:
    seen = Seen(most=2)
    for path in ("a", "b", "c"):
        seen.note("client", path, f"hash of {path}")
    assert seen.last("client", "a") is None
    assert seen.last("client", "c") == "hash of c"
    assert seen.last("another", "c") is None
