"""Everything is named for a screen reader and reached without a mouse, in every panel of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .flaws import flaws_of
from .studio import Studio
from .test_home import CARD, HOME, open_home
from .test_memory import CODE, IDLE, run_all, view_menu, write_notebook
from .test_projects import PANEL, make_project, show_panel

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]

EXPOSED = ("--LabApp.expose_app_in_browser=True",)
DOC = (Path(__file__).parents[2] / "docs" / "studio.md").read_text(encoding="utf-8")
# What has to have a name, in the tree that screen readers get.
KINDS = "button|link|textbox|searchbox|combobox|checkbox|radio|slider|progressbar|img"
NAMELESS = re.compile(rf"^\s*- ({KINDS})(:|$| \[)", re.M)
COMMANDS = """() => window.jupyterapp.commands.listCommands()
  .filter(id => id.startsWith('tengen-studio:'))
  .map(id => [id, window.jupyterapp.commands.label(id)])"""


def names_of(part: Locator) -> str:
    """The accessibility tree of a part of the page; fails where a control has no name."""
    tree = part.aria_snapshot()
    assert tree.strip(), "there is something to be read"
    assert NAMELESS.findall(tree) == [], tree
    return tree


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Press Tab until the control with that text or label has the focus."""
    here = (
        "() => (document.activeElement?.getAttribute('aria-label')"
        " || document.activeElement?.textContent || '').trim()"
    )
    for _ in range(most):
        if page.evaluate(here).startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def test_home_and_projects_are_named_and_reached_by_tab(launch: Launch, open_lab: OpenLab) -> None:
    page = open_lab(launch())
    page.wait_for_selector(CARD)
    open_home(page)
    page.wait_for_selector(f"{HOME} .tengen-Home-card")
    assert "New project" in names_of(page.locator(HOME))
    assert flaws_of(page, HOME) == []
    show_panel(page)
    page.locator(PANEL).get_by_role("button", name="New project").focus()
    tab_to(page, "Search projects")
    tab_to(page, "Gallery")
    names_of(page.locator(PANEL))
    make_project(page, "theta")
    page.wait_for_selector(f"{PANEL} section[aria-label='Reproduced']")
    page.wait_for_selector(f"{PANEL} .tengen-Projects-history li")  # Tab goes through its buttons
    tree = names_of(page.locator(PANEL))
    assert flaws_of(page, PANEL) == []
    assert 'heading "theta"' in tree and 'region "Data sets"' in tree
    page.locator(PANEL).get_by_role("button", name="All projects").focus()
    for name in ("Save version", "Share", "Fork", "Download", "Add data"):
        tab_to(page, name)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tengen-Datasets")
    names_of(page.locator(".jp-Dialog"))
    assert flaws_of(page, ".tengen-Datasets") == []
    page.keyboard.press("Escape")
    page.locator(".jp-Dialog").wait_for(state="detached")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.wait_for_selector(".tengen-Share h3:has-text('Links')")
    names_of(page.locator(".jp-Dialog"))
    assert flaws_of(page, ".tengen-Share") == []
    page.click(".tengen-Share button:has-text('New link')")
    page.wait_for_selector(".tengen-Share-made input")
    page.keyboard.press("Escape")
    page.locator(".jp-Dialog").wait_for(state="detached")


@pytest.mark.long
def test_memory_and_the_button_are_named(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch(arguments=EXPOSED)
    write_notebook(studio, "named.ipynb", CODE, "step(x, y)")
    page = open_lab(studio, "/lab/tree/named.ipynb?reset")
    run_all(page)
    view_menu(page, "Memory of the kernel")
    page.wait_for_selector(".tengen-Memory-live tr")
    names_of(page.locator(".tengen-Memory"))
    assert flaws_of(page, ".tengen-Memory") == []
    page.click(".lm-TabBar-tab:has-text('named.ipynb')")
    page.wait_for_selector(IDLE)
    page.click("[data-command='tengen-studio:convert']")
    page.wait_for_selector(".tengen-Convert button[type=submit]")
    names_of(page.locator(".tengen-Convert"))
    assert flaws_of(page, ".tengen-Convert") == []


def test_every_command_has_a_label_and_a_line_in_the_docs(
    launch: Launch, open_lab: OpenLab
) -> None:
    page = open_lab(launch(arguments=EXPOSED))
    page.wait_for_selector(CARD)
    commands = page.evaluate(COMMANDS)
    assert len(commands) > 25
    assert [name for name, label in commands if not label] == []
    assert [name for name, _ in commands if f"`{name}`" not in DOC] == []
