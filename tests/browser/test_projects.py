"""The projects panel: make, save, compare, restore, fork, share, trash, from the panel itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from .studio import Studio
from .test_pages import Host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}
SECRET = "AWS_KEY = 'AKIAQ7ZK3M2XWLPTJ4RV'\n"
PANEL = ".tengen-Projects"
DIFF = ".tengen-Diff"


def show_panel(page: Page) -> None:
    """Bring the projects panel to the front."""
    page.click(".jp-SideBar [data-id='tengen-projects']")
    page.wait_for_selector(f"{PANEL}:visible")


def make_project(page: Page, name: str, template: str | None = None) -> None:
    """Make a project in the dialog, and wait until the panel shows it."""
    page.click(f"{PANEL} button:has-text('New project')")
    page.fill(".tengen-Form label:has-text('Name') input", name)
    if template:
        page.select_option(".tengen-Form select", template)
    page.click(".jp-Dialog button:has-text('Create')")
    page.wait_for_selector(f"{PANEL} h2:text-is('{name}')")


def save_version(page: Page, message: str) -> None:
    """Save a version under a message, and wait until the history lists it."""
    page.click(f"{PANEL} button:has-text('Save version')")
    page.fill(".jp-Dialog input", message)
    page.click(".jp-Dialog button:has-text('Save version')")
    page.wait_for_selector(f"{PANEL} li strong:text-is('{message}')")


def notebook(*cells: str) -> str:
    """The text of a notebook with these code cells, each with an id of its own."""
    made = nbformat.v4.new_notebook()
    made.cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{index}") for index, source in enumerate(cells)
    ]
    return nbformat.writes(made)


def directory_of(studio: Studio, name: str) -> Path:
    """The folder of the project that has this name in its README."""
    (found,) = [p.parent for p in studio.work.glob("*/README.md") if name in p.read_text("utf-8")]
    return found


def test_a_version_is_saved_compared_restored_and_nothing_is_lost(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "alpha")
    folder = directory_of(studio, "alpha")
    (folder / "train.ipynb").write_text(notebook("lr = 0.1", "train(lr)", "print('done')"))
    save_version(page, "first try")

    (folder / "train.ipynb").write_text(
        notebook("lr = 0.01", "train(lr)", "print('done')", "plot()")
    )
    page.click(f"{PANEL} button:has-text('All projects')")
    page.click(f"{PANEL} .tengen-Projects-line:has-text('alpha')")
    page.wait_for_selector(f"{PANEL} :text('Changed files in no version yet: 1')")
    picture(page, "projects-unsaved")
    page.click(f"{PANEL} button:has-text('See changes')")
    page.wait_for_selector(f"{DIFF} .tengen-Diff-cell")
    cells = page.locator(f"{DIFF} .tengen-Diff-cell")
    assert [cells.nth(i).get_attribute("data-status") for i in range(cells.count())] == [
        "changed",
        "added",
    ]
    assert page.inner_text(f"{DIFF} tr[data-status='changed'] td[data-side='added'] mark") == "0"
    assert page.inner_text(f"{DIFF} .tengen-Diff-same") == "2 unchanged cells"
    picture(page, "projects-diff")

    show = page.locator(f"{PANEL}:visible")
    if not show.count():
        show_panel(page)
    save_version(page, "smaller steps")
    line = page.locator(f"{PANEL} li[data-version]", has_text="first try")
    line.locator("button:text-is('Restore')").click()
    page.click(".jp-Dialog button:has-text('Restore')")
    page.wait_for_selector(f"{PANEL} li[data-version='4']")
    assert "lr = 0.1" in json.loads((folder / "train.ipynb").read_text())["cells"][0]["source"]
    assert page.locator(f"{PANEL} li strong:text-is('smaller steps')").count() == 1
    picture(page, "projects-history")
    # The comparison is with the folder as it is now, which is what was compared from again.
    page.click(".lm-TabBar-tabLabel:text-is('Compare: alpha')")
    page.wait_for_selector(f"{DIFF} p:has-text('Both sides are the same.')")
    offered = page.locator(f"{DIFF} select >> nth=0").locator("option").all_inner_texts()
    assert offered == ["version 4", "version 3", "version 2", "version 1"]


def test_what_is_held_back_from_the_host_is_said(
    launch: Launch, open_lab: OpenLab, browser: Browser
) -> None:
    studio = launch()
    api = f"{studio.url}/tengen-studio/api"
    host = Host(browser, studio)
    guest = browser.new_context()
    try:
        page = guest.new_page()
        page.goto(studio.url + host.ask("POST", "people/invitations", {"note": "Lin"})["address"])
        page.fill("input[name=name]", "Lin")
        page.fill("input[name=password]", "correct horse battery")
        page.click("button:has-text('Join')")
        page.wait_for_url(f"{studio.url}/tengen-studio/")
        xsrf = next(c["value"] for c in guest.cookies() if c["name"] == "_xsrf")

        def ask(path: str, body: dict[str, str]) -> Any:
            answer = guest.request.post(f"{api}/{path}", data=body, headers={"X-XSRFToken": xsrf})
            assert answer.ok, answer.text()
            return answer.json()

        made = ask("projects", {"name": "of Lin", "description": SECRET})["project"]["id"]
        ask(f"projects/{made}/members", {"name": "Host", "role": "viewer"})
    finally:
        guest.close()
        host.context.close()
    page = open_lab(studio)
    show_panel(page)
    page.click(f"{PANEL} .tengen-Projects-line:has-text('of Lin')")
    page.wait_for_selector(f"{PANEL} p:has-text('its versions are held back')")
    assert page.locator(f"{PANEL} li[data-version]").count() == 0


def test_a_project_is_forked_and_goes_to_the_trash_and_back(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "beta")
    page.click(f"{PANEL} button:text-is('Fork')")
    page.fill(".jp-Dialog input", "gamma")
    page.click(".jp-Dialog button:has-text('Fork')")
    page.wait_for_selector(f"{PANEL} h2:text-is('gamma')")
    page.wait_for_selector(f"{PANEL} :text('forked from version')")
    assert (studio.work / "gamma").is_dir()

    page.click(f"{PANEL} button:has-text('To the trash')")
    page.wait_for_selector(f"{PANEL} .tengen-Projects-line:has-text('beta')")
    page.locator(f"{PANEL} .tengen-Projects-line:has-text('gamma')").wait_for(state="detached")
    assert not (studio.work / "gamma").exists()
    page.click(f"{PANEL} .tengen-Projects-foot button")
    page.wait_for_selector(f"{PANEL} h3:has-text('Trash')")
    picture(page, "projects-trash")
    gone = page.locator(f"{PANEL} li[data-project]", has_text="gamma")
    gone.locator("button:has-text('Take back')").click()
    page.wait_for_selector(f"{PANEL} :text('The trash is empty.')")
    assert (studio.work / "gamma").is_dir()


def test_a_link_is_made_copied_and_revoked(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(launch())
    show_panel(page)
    make_project(page, "delta")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.wait_for_selector(".tengen-Share h3:has-text('Links')")
    page.click(".tengen-Share button:has-text('New link')")
    address = page.input_value(".tengen-Share-made input")
    assert re.match(r"http://127\.0\.0\.1:\d+/.+#.+", address)
    page.wait_for_selector(".tengen-Share li[data-state='open']")
    picture(page, "projects-share")
    page.click(".tengen-Share li[data-state='open'] button:has-text('Revoke')")
    page.wait_for_selector(".tengen-Share li[data-state='revoked']")
    page.fill(".tengen-Share input[placeholder='Name of an invited person']", "nobody")
    page.click(".tengen-Share button:text-is('Add')")
    page.wait_for_selector(".tengen-Share [role=alert]")


def test_a_version_with_a_secret_is_held_back_until_it_is_cleared(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "zeta")
    (directory_of(studio, "zeta") / "keys.py").write_text(SECRET)
    save_version(page, "with a key")
    told = page.locator(f"{PANEL} li[data-version='2'] .tengen-Projects-held")
    assert "there may be a secret in keys.py" in told.inner_text()
    picture(page, "projects-held")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.wait_for_selector(".tengen-Share :text('Others see version 1')")
    picture(page, "projects-share-held")
    page.click(".jp-Dialog button:has-text('Close')")
    told.get_by_role("button", name="Show to everybody…").click()
    assert "keys.py" in page.inner_text(".jp-Dialog-content")
    page.click(".jp-Dialog button:has-text('Show it')")
    told.wait_for(state="detached")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.wait_for_selector(".tengen-Share h3:has-text('Links')")
    assert page.locator(".tengen-Share-refused").count() == 0


def test_search_tags_and_home_lead_to_a_project(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(launch())
    show_panel(page)
    make_project(page, "epsilon", template="first-training")
    page.wait_for_selector(".jp-NotebookPanel h1")
    page.click(f"{PANEL} button:has-text('Rename…')")
    page.fill(".tengen-Form label:has-text('Tags') input", "vision, small")
    page.click(".jp-Dialog button:has-text('Change')")
    page.click(f"{PANEL} button:has-text('All projects')")
    page.click(f"{PANEL} .tengen-Projects-tags button:text-is('vision')")
    page.wait_for_function(
        f"() => document.querySelectorAll('{PANEL} [data-project]').length === 1"
    )
    page.click(f"{PANEL} .tengen-Projects-tags button:text-is('vision')")
    page.fill(f"{PANEL} input[type=search]", "no such project")
    page.wait_for_selector(f"{PANEL} :text('No project matches.')")
    page.click(".lm-MenuBar-itemLabel:text-is('View')")
    page.click(".lm-Menu-itemLabel:text-is('Studio home')")
    page.wait_for_selector(".tengen-Home-recent button:has-text('epsilon')")
    picture(page, "home-recent")
    page.click(".tengen-Home-recent button:has-text('epsilon')")
    page.wait_for_selector(".jp-DirListing-item:has-text('first_training.ipynb')")


def test_an_empty_panel_and_a_lost_server_are_explained(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch("empty", settings=CHINESE | DARK)
    page = open_lab(studio)
    show_panel(page)
    page.wait_for_selector(f"{PANEL} :text('项目是一个带有历史的文件夹')")
    picture(page, "projects-empty-zh")
    page.route("**/tengen-studio/api/projects*", lambda route: route.abort())
    page.fill(f"{PANEL} input[type=search]", "x")
    page.wait_for_selector(f"{PANEL} [role=alert]:has-text('服务器没有响应')")
    page.unroute("**/tengen-studio/api/projects*")
    page.click(f"{PANEL} button:has-text('重试')")
    page.wait_for_selector(f"{PANEL} :text('没有匹配的项目')")
