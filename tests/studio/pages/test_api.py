"""The pages over HTTP: what they show to whom, and under which policy."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tengen_studio.context import SETTING, StudioContext
from tengen_studio.history import service as history
from tengen_studio.projects.models import Project
from tengen_studio.reproduce.models import Reproduction
from tengen_studio.reproduce.states import State

from ..actors import HOST, make_filled_project, make_project
from ..browser import Browser

Open = Callable[[], Browser]
Invite = Callable[[str], Awaitable[Browser]]
ROOT = "tengen-studio"

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "# Curves\n![](figure.png)"},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 3,
            "source": "open('ran', 'w')",
            "outputs": [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/html": "<b>rich</b><script>parent.stolen = 1</script>"},
                }
            ],
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
FILES: dict[str, str | bytes] = {
    "README.md": "# Hello\n\nSee [the notebook](work/train.ipynb). ![figure](work/figure.png)",
    "README.zh-CN.md": "# 你好",
    "work/train.ipynb": json.dumps(NOTEBOOK),
    "work/figure.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "model.py": "def forward(x):\n    return '<script>'\n",
    "weights.bin": bytes(range(256)),
    "page.html": "<script>alert(1)</script>",
}


@pytest.fixture
def studio(jp_serverapp: Any) -> StudioContext:
    """The running server's context."""
    return jp_serverapp.web_app.settings[SETTING]


async def page(browser: Browser, path: str, code: int = 200, **headers: str) -> str:
    """Return the text of a page, if its status is `code`."""
    response = await browser.fetch("GET", f"{ROOT}/{path}", headers=headers)
    assert response.code == code, response.body
    return response.body.decode()


def directives(policy: str) -> dict[str, str]:
    """Return a Content-Security-Policy by directive."""
    parts = (part.strip().partition(" ") for part in policy.split(";"))
    return {name: rest for name, _, rest in parts}


async def test_a_public_project_has_a_page_for_everybody(
    browser: Open, studio: StudioContext
) -> None:
    project = make_filled_project(studio, FILES, visibility="public", name="Fashion", licence="MIT")
    text = await page(browser(), f"p/{project}")
    assert '<h1 id="content-hello">Hello</h1>' in text
    for shown in ("Fashion", "MIT", "Host", "Log in to fork", "model.py"):
        assert shown in text
    assert f'href="/a%40b/tengen-studio/p/{project}/files/work/train.ipynb"' in text
    assert f'src="/a%40b/tengen-studio/p/{project}/raw/work/figure.png"' in text


async def test_a_private_project_has_no_page_for_strangers(
    browser: Open, invited: Invite, studio: StudioContext
) -> None:
    project = make_filled_project(studio, FILES)
    for visitor in (browser(), await invited("Zoe")):
        for part in (
            "",
            "/files",
            "/files/model.py",
            "/raw/model.py",
            "/frame/work/train.ipynb",
            "/history",
        ):
            text = await page(visitor, f"p/{project}{part}", 404)
            assert "Hello" not in text and "This page does not exist" in text


async def test_a_link_opens_the_page_until_it_is_revoked(
    host: Browser, browser: Open, studio: StudioContext
) -> None:
    project, visitor = make_filled_project(studio, FILES), browser()
    made = await host.api("POST", f"projects/{project}/links", {"permission": "view"})
    opened = await visitor.api("POST", "links/openings", {"token": made["token"]})
    assert opened["page"] == f"/tengen-studio/p/{project}"
    text = await page(visitor, f"p/{project}")
    assert "Hello" in text and "Log in to fork" not in text
    await host.api("DELETE", f"projects/{project}/links/{made['link']['id']}")
    await page(visitor, f"p/{project}", 404)


async def test_pages_run_no_script_but_their_own(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    response = await browser().fetch("GET", f"{ROOT}/p/{project}")
    policy = directives(response.headers["Content-Security-Policy"])
    assert policy["default-src"] == "'none'" and policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'" and policy["style-src"] == "'self'"
    nonce = re.fullmatch(r"'nonce-([\w-]{20,})'", policy["script-src"])
    assert nonce and response.body.decode().count("<script") == 1
    assert f'<script nonce="{nonce[1]}" src=' in response.body.decode()
    assert response.headers["Referrer-Policy"] == "no-referrer"
    again = await browser().fetch("GET", f"{ROOT}/p/{project}")
    assert again.headers["Content-Security-Policy"] != response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_notebooks_frame_has_no_origin(
    host: Browser, browser: Open, studio: StudioContext, scripts: bool
) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    await host.api("PATCH", f"projects/{project}/publication", {"scripts": scripts})
    response = await browser().fetch("GET", f"{ROOT}/p/{project}/frame/work/train.ipynb")
    policy = directives(response.headers["Content-Security-Policy"])
    sandbox = policy["sandbox"].split()
    assert "allow-same-origin" not in sandbox and ("allow-scripts" in sandbox) is scripts
    assert policy["default-src"] == "'none'" and ("script-src" in policy) is scripts
    assert policy["img-src"] == "data:" and policy["form-action"] == "'none'"
    text = response.body.decode()
    assert "<b>rich</b>" in text and ("<script>" in text) is scripts
    assert 'src="data:image/png;base64,iVBORw0KGgo' in text
    around = await page(browser(), f"p/{project}/files/work/train.ipynb")
    [frame] = re.findall(r'<iframe[^>]*sandbox="([^"]*)"', around)
    assert "allow-same-origin" not in frame and ("allow-scripts" in frame) is scripts


async def test_showing_a_notebook_runs_nothing(
    browser: Open, studio: StudioContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    monkeypatch.chdir(tmp_path)
    await page(browser(), f"p/{project}/frame/work/train.ipynb")
    assert not (tmp_path / "ran").exists() and not (studio.root / "ran").exists()


async def test_code_is_shown_as_text_with_lines(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    text = await page(browser(), f"p/{project}/files/model.py")
    assert 'id="L-2"' in text and "&lt;script&gt;" in text
    assert "not text" in await page(browser(), f"p/{project}/files/weights.bin")
    assert "train.ipynb" in await page(browser(), f"p/{project}/files/work")
    for missing in (
        "files/none",
        "files/work/none",
        "files/model.py/none",
        "raw/none",
        "frame/none",
        "files/../../etc/passwd",
        "raw/%2e%2e/%2e%2e/etc/passwd",
        "files?version=9",
        "frame/model.py?version=9",
    ):
        await page(browser(), f"p/{project}/{missing}", 404)
    await page(browser(), f"p/{project}/frame/model.py", 400)
    for version in ("x", "-1", "1e9", "99999999999"):
        await page(browser(), f"p/{project}/files?version={version}", 400)


async def test_raw_files_are_saved_and_pictures_shown_without_an_origin(
    browser: Open, studio: StudioContext
) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    for path in ("page.html", "model.py", "weights.bin"):
        response = await browser().fetch("GET", f"{ROOT}/p/{project}/raw/{path}")
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.body == (
            content if isinstance(content := FILES[path], bytes) else content.encode()
        )
    picture = await browser().fetch("GET", f"{ROOT}/p/{project}/raw/work/figure.png")
    assert picture.headers["Content-Type"] == "image/png"
    policy = directives(picture.headers["Content-Security-Policy"])
    assert policy["sandbox"] == "" and policy["default-src"] == "'none'"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"


async def test_older_versions_stay_readable(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, {"README.md": "first words"}, visibility="public")
    with studio.transaction() as session:
        row = session.get_one(Project, project)
        (studio.root / str(row.directory) / "README.md").write_text("second words")
        history.save(session, HOST, row, "second")
    assert "second words" in await page(browser(), f"p/{project}")
    old = await page(browser(), f"p/{project}?version=1")
    assert "first words" in old and "You see version 1. The newest is 2." in old
    assert "second" in await page(browser(), f"p/{project}/history")


async def test_a_project_without_versions_says_so(browser: Open, studio: StudioContext) -> None:
    project = make_project(studio, visibility="public")
    assert "Nothing has been saved" in await page(browser(), f"p/{project}")
    assert "Nothing has been saved" in await page(browser(), f"p/{project}/history")
    await page(browser(), f"p/{project}/files", 404)


async def test_pages_speak_chinese(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    text = await page(browser(), f"p/{project}", **chinese)
    assert "你好" in text and "历史" in text and 'lang="zh-CN"' in text
    chosen = browser()
    chosen.cookies["tengen-language"] = "en"
    assert "History" in await page(chosen, f"p/{project}", **chinese)


async def test_refusals_can_be_said_in_chinese(browser: Open) -> None:
    table = json.loads(await page(browser(), "texts/zh.json"))
    assert table["The name or the password is wrong."] == "名称或密码不正确。"
    assert "texts/zh.json" in await page(browser(), "login", **{"Accept-Language": "zh"})


async def test_a_reproduced_version_has_a_badge(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    assert "reproduced" not in await page(browser(), f"p/{project}")
    for state, shown in ((State.agreed, "✓ Version 1"), (State.differed, "✗ Version 1")):
        with studio.transaction() as session:
            session.add(Reproduction(project_id=project, version=1, state=state, actor_id="host"))
        assert shown in await page(browser(), f"p/{project}")


async def test_home_shows_the_gallery_and_ones_own(
    browser: Open, invited: Invite, studio: StudioContext
) -> None:
    make_project(studio, name="Shown", visibility="public", tags=["vision"])
    make_project(studio, name="Hidden")
    text = await page(browser(), "")
    assert "Shown" in text and "Hidden" not in text and "?tag=vision" in text
    assert "Nothing matches" in await page(browser(), "?q=nothing")
    ana = await invited("Ana")
    me = await ana.api("GET", "people/me")
    make_project(studio, name="Own", owner_id=me["id"])
    assert "Own" in await page(ana, "")
    assert "this browser" in await page(ana, "account")
    await page(browser(), "account", 403)


@pytest.mark.parametrize("path", ["open", "join", "login"])
async def test_forms_are_for_everybody(browser: Open, path: str) -> None:
    assert f'data-form="{path}"' in await page(browser(), path)


@pytest.mark.parametrize("path", ["login", "join", "open"])
async def test_a_form_waits_for_its_script(browser: Open, path: str) -> None:
    text = await page(browser(), path)
    form = text[text.index("<form") : text.index("</form>")]
    # sent by the browser alone, by GET, the password would stand in the address
    assert 'method="post"' in form
    assert all("disabled data-wakes" in button for button in re.findall("<button[^>]*>", form))
    assert form.count("<button") == 1


@pytest.mark.parametrize("name", ["pages.css", "pages.js", "mark.svg"])
async def test_assets_are_for_everybody(browser: Open, name: str) -> None:
    assert len(await page(browser(), f"static/{name}")) > 100
    await page(browser(), f"static/../{name}", 404)


async def test_pages_ask_no_other_host_for_anything(browser: Open, studio: StudioContext) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    for path in (
        "",
        f"p/{project}",
        f"p/{project}/files/work/train.ipynb",
        f"p/{project}/frame/work/train.ipynb",
    ):
        text = await page(browser(), path)
        assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text)


async def test_a_version_held_back_is_shown_once_an_owner_clears_it(
    host: Browser, browser: Open, studio: StudioContext
) -> None:
    project = make_filled_project(studio, FILES, visibility="public")
    folder = studio.root / (await host.api("GET", f"projects/{project}"))["directory"]
    (folder / "key.py").write_text("AWS_KEY = 'AKIAQ7ZK3M2XWLPTJ4RV'\n")
    saved = await host.api("POST", f"projects/{project}/versions", {"message": "With a key"})
    assert saved["held"] and saved["suspects"] == ["key.py"]
    assert "With a key" not in await page(browser(), f"p/{project}/history")
    for part in ("/files/key.py", "/raw/key.py", "?version=2", "/frame/work/train.ipynb?version=2"):
        text = await page(browser(), f"p/{project}{part}", 403 if "version" in part else 404)
        assert "AKIA" not in text
    for part in ("", "/history"):
        text = await page(host, f"p/{project}{part}")
        assert "Version 2 is held back: it may hold secrets in key.py" in text
        assert 'data-clear="2"' in text
    await host.api("PUT", f"projects/{project}/versions/2/clearance")
    assert "With a key" in await page(browser(), f"p/{project}/history")
    assert "held back" not in await page(host, f"p/{project}")
