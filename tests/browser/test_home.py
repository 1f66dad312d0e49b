"""The launcher section and the home tab, in English and 中文, by mouse and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tengen_studio.app import shipped_templates

from .studio import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}
SECTION = ".jp-Launcher-section:has(.jp-LauncherCard[data-category='Tengen Studio'])"
CARD = ".jp-LauncherCard[data-category='Tengen Studio']"
HOME = ".tengen-Home"


def open_home(page: Page) -> None:
    """Open the home tab by its card, the last of the section."""
    page.wait_for_selector(CARD)
    page.locator(CARD).last.click()
    page.wait_for_selector(HOME)


def shipped(slug: str) -> dict[str, Any]:
    """Return the template.json of a template that comes with the studio."""
    return json.loads((shipped_templates() / slug / "template.json").read_text(encoding="utf-8"))


def notebook_title(page: Page) -> str:
    """Return the label of the current notebook's tab, once it has a ready kernel."""
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
    page.wait_for_selector(".jp-NotebookPanel h1")
    page.wait_for_selector(".jp-NotebookPanel-toolbar .jp-KernelName:has-text('Python 3')")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    return page.inner_text("#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current .lm-TabBar-tabLabel")


@pytest.mark.parametrize("slug", ["first-training", "char-gpt"])
def test_a_card_copies_its_template_and_opens_it(
    launch: Launch, open_lab: OpenLab, picture: Picture, slug: str
) -> None:
    studio = launch()
    page = open_lab(studio)
    manifest = shipped(slug)
    page.wait_for_selector(CARD)
    assert page.locator(".jp-Launcher-sectionTitle").first.inner_text() == "Tengen Studio"
    assert page.locator(CARD).first.inner_text() == "Fashion-MNIST: first training"
    picture(page, f"launcher-{slug}")
    page.locator(CARD, has_text=manifest["title"]["en"]).click()
    assert notebook_title(page) == manifest["notebook"]
    assert (studio.work / slug / manifest["notebook"]).is_file()
    picture(page, f"opened-{slug}")


def test_the_launcher_speaks_chinese(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    page = open_lab(launch(settings=CHINESE))
    title = shipped("first-training")["title"]["zh"]
    page.wait_for_selector(f"{CARD}:has-text('{title}')")
    assert page.locator(CARD).last.inner_text() == "工作室主页"
    picture(page, "launcher-zh")
    open_home(page)
    page.wait_for_selector(f"{HOME} h2:has-text('从这里开始')")
    assert "可用" in page.inner_text(f"{HOME} .tengen-Home-machine")
    picture(page, "home-zh")


def test_the_settings_speak_chinese(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    page = open_lab(launch(settings=CHINESE))
    page.wait_for_selector(CARD)
    page.keyboard.press("Control+,")
    page.locator(".jp-PluginList input").first.fill("Tengen")
    page.wait_for_selector(".jp-PluginList :text('Tengen 计算图')")
    page.wait_for_selector(".jp-SettingsPanel :text('打开模型和训练步骤的计算图时如何显示')")
    shown = page.inner_text(".jp-SettingsPanel")
    assert "最近的项目" in shown and "算子种类" in shown
    page.uncheck(".jp-SettingsPanel label:has-text('折叠重复') input")
    page.wait_for_timeout(1_000)
    assert "折叠重复" in page.inner_text(".jp-SettingsPanel"), "after a change, too"
    picture(page, "settings-zh")


def test_the_launcher_and_home_are_readable_in_the_dark(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(launch(settings=DARK))
    page.wait_for_selector(f"body[data-jp-theme-light='false'] {CARD}")
    picture(page, "launcher-dark")
    open_home(page)
    page.wait_for_selector(f"{HOME} .tengen-Home-card")
    picture(page, "home-dark")
    colours = page.eval_on_selector(
        f"{HOME} .tengen-Home-card strong",
        "e => [getComputedStyle(e).color, getComputedStyle(e.parentElement).backgroundColor]",
    )
    text, ground = (sum(map(int, c[c.index("(") + 1 : -1].split(",")[:3])) for c in colours)
    assert text - ground > 300


def test_the_home_tab_starts_a_template_by_keyboard(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    page.wait_for_selector(CARD)
    open_home(page)
    card = page.locator(f"{HOME} .tengen-Home-card[data-slug='char-gpt']")
    card.wait_for()
    assert "CPU" in page.inner_text(f"{HOME} .tengen-Home-machine")
    picture(page, "home")
    before = {path.name for path in studio.work.iterdir()}
    card.focus()
    page.keyboard.press("Enter")
    assert notebook_title(page) == shipped("char-gpt")["notebook"]
    (made,) = {path.name for path in studio.work.iterdir()} - before - {".ipynb_checkpoints"}
    assert made.startswith("char-gpt")


def test_the_home_tab_comes_back_after_a_reload(launch: Launch, open_lab: OpenLab) -> None:
    page = open_lab(launch())
    open_home(page)
    page.wait_for_selector(f"{HOME} .tengen-Home-card")
    with page.expect_response(
        lambda r: "/lab/api/workspaces" in r.url and r.request.method == "PUT"
    ):
        pass
    page.goto(page.url.replace("?reset", ""))
    page.wait_for_selector(f"{HOME} .tengen-Home-card")


def test_palette_and_menus_offer_the_same(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(launch())
    page.wait_for_selector(CARD)
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("tengen studio start from")
    page.wait_for_selector(".lm-CommandPalette-itemLabel:has-text('first training')")
    picture(page, "palette")
    page.keyboard.press("Escape")
    page.click(".lm-MenuBar-itemLabel:text-is('File')")
    page.hover(".lm-Menu-itemLabel:text-is('New')")
    page.wait_for_selector(".lm-Menu-itemLabel:text-is('Fashion-MNIST: first training')")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.click(".lm-MenuBar-itemLabel:text-is('View')")
    page.wait_for_selector(".lm-Menu-itemLabel:text-is('Studio home')")
    page.keyboard.press("Escape")


def test_about_shows_versions(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    page = open_lab(launch())
    page.wait_for_selector(CARD)
    page.click(".lm-MenuBar-itemLabel:text-is('Help')")
    page.click(".lm-Menu-itemLabel:text-is('About Tengen Studio')")
    page.wait_for_selector(".tengen-About")
    rows = dict(line.split("\t") for line in page.inner_text(".tengen-About").splitlines())
    assert rows["oneDNN"] != ""
    assert int(rows["CPU"]) >= 1
    picture(page, "about")


def test_no_templates_is_explained(
    launch: Launch, open_lab: OpenLab, picture: Picture, tmp_path: Path
) -> None:
    page = open_lab(launch(arguments=("--StudioApp.templates_dir=/nonexistent",)))
    open_home(page)
    page.wait_for_selector(f"{HOME} h2:has-text('No templates yet')")
    assert page.locator(CARD).count() <= 1
    picture(page, "home-empty")


def test_a_lost_server_is_explained_and_retried(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(launch())
    page.wait_for_selector(CARD)
    page.route("**/tengen-studio/api/about*", lambda route: route.abort())
    open_home(page)
    page.wait_for_selector(f"{HOME} [role=alert]:has-text('The server does not answer')")
    picture(page, "home-error")
    page.unroute("**/tengen-studio/api/about*")
    page.click(f"{HOME} button:has-text('Try again')")
    page.wait_for_selector(f"{HOME} .tengen-Home-card")


def test_a_refused_copy_shows_the_servers_reason(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=CHINESE)
    page = open_lab(studio)
    (studio.work / "here").mkdir()
    page.dblclick(".jp-DirListing-item:has-text('here')")
    page.wait_for_selector(".jp-BreadCrumbs-item:has-text('here')")
    (studio.work / "here").rmdir()
    before = sorted(studio.work.iterdir())
    page.locator(CARD).first.click()
    page.wait_for_selector(".jp-Dialog-content:has-text('没有这个文件夹。')")
    picture(page, "copy-refused-zh")
    assert sorted(studio.work.iterdir()) == before
