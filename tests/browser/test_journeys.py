"""What a new user does from start to end: keeps versions, goes back, shows work to a stranger."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .studio import Studio
from .test_home import CARD, notebook_title
from .test_projects import DIFF, PANEL, directory_of, make_project, notebook, show_panel

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]


def choose(page: Page, command: str) -> None:
    """Run a command from the palette, with keys only."""
    page.keyboard.press("Control+Shift+C")
    page.wait_for_selector(".lm-CommandPalette-input:focus")
    page.keyboard.type(command)
    page.wait_for_selector(f".lm-CommandPalette-item.lm-mod-active:has-text('{command}')")
    page.keyboard.press("Enter")


def answer(page: Page, text: str) -> None:
    """Type into the dialog's field and accept, with keys only."""
    page.wait_for_selector(".jp-Dialog input:focus")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.locator(".jp-Dialog").wait_for(state="detached")


def test_save_compare_restore_and_fork_by_keyboard(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    page.wait_for_selector(CARD)
    show_panel(page)
    make_project(page, "voyage")
    train = directory_of(studio, "voyage") / "train.ipynb"
    train.write_text(notebook("lr = 0.1", "train(lr)"))
    choose(page, "Save version")
    answer(page, "before")
    page.wait_for_selector(f"{PANEL} li strong:text-is('before')")
    train.write_text(notebook("lr = 0.01", "train(lr)"))
    choose(page, "Compare versions")
    page.wait_for_selector(f"{DIFF} .tengen-Diff-cell[data-status='changed']")
    choose(page, "Save version")
    answer(page, "after")
    page.wait_for_selector(f"{PANEL} li strong:text-is('after')")
    line = page.locator(f"{PANEL} li[data-version]", has_text="before")
    line.get_by_role("button", name="Restore").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".jp-Dialog-header:has-text('Restore version')")
    page.keyboard.press("Enter")
    page.locator(".jp-Dialog").wait_for(state="detached")
    page.wait_for_selector(f"{PANEL} li[data-version='4']")
    assert "lr = 0.1" in train.read_text()
    choose(page, "Fork the project")
    answer(page, "voyage two")
    page.wait_for_selector(f"{PANEL} h2:text-is('voyage two')")
    assert (studio.work / "voyage-two" / "train.ipynb").read_text() == train.read_text()
    picture(page, "journey-fork")


def test_a_template_that_was_started_becomes_a_project(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch("template")
    page = open_lab(studio)
    page.locator(CARD, has_text="Make it static").click()
    notebook_title(page)
    page.keyboard.press("Control+Alt+s")
    page.wait_for_selector(".jp-Dialog-header:has-text('Make \"make-it-static\" a project?')")
    picture(page, "journey-project")
    page.keyboard.press("Enter")
    page.wait_for_selector(".jp-Dialog-header:has-text('Save a version of')")
    answer(page, "as it came")
    page.wait_for_selector(f"{PANEL} h2:text-is('make-it-static')")
    page.wait_for_selector(f"{PANEL} li[data-version]")


def test_a_stranger_sees_what_was_shared_until_the_link_is_revoked(
    launch: Launch, open_lab: OpenLab, browser: Browser, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    page.wait_for_selector(CARD)
    show_panel(page)
    make_project(page, "letters")
    (directory_of(studio, "letters") / "train.ipynb").write_text(notebook("print('dear stranger')"))
    page.click(f"{PANEL} button:has-text('Save version')")
    page.fill(".jp-Dialog input", "to be read")
    page.click(".jp-Dialog button:has-text('Save version')")
    page.wait_for_selector(f"{PANEL} li strong:text-is('to be read')")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.click(".tengen-Share button:has-text('New link')")
    address = page.input_value(".tengen-Share-made input")

    context = browser.new_context(viewport={"width": 1280, "height": 850})
    stranger = context.new_page()
    try:
        stranger.goto(address)
        stranger.wait_for_selector("h1:has-text('letters')")
        assert re.fullmatch(rf"{studio.url}/tengen-studio/p/\w[\w-]+", stranger.url)
        picture(stranger, "journey-stranger")
        stranger.click("a:has-text('train.ipynb')")
        stranger.frame_locator("iframe").get_by_text("dear stranger").wait_for()
        assert stranger.goto(f"{studio.url}/lab").url.startswith(f"{studio.url}/login")
        stranger.go_back()
        stranger.frame_locator("iframe").get_by_text("dear stranger").wait_for()
        page.click(".tengen-Share li[data-state='open'] button:has-text('Revoke')")
        page.wait_for_selector(".tengen-Share li[data-state='revoked']")
        stranger.wait_for_selector("text=Access has ended")
        stranger.reload()
        stranger.wait_for_selector("text=This page does not exist, or not for you")
    finally:
        context.close()
