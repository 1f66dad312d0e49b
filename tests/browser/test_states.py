"""What every panel shows while its answer is on the way, when none comes, and after a retry.

Empty and full panels, whose looks depend on what is in them, are with each panel's own tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.studio.graphs.files import static_model

from .studio import Studio
from .test_convert import BUTTON
from .test_home import CARD, HOME, open_home
from .test_memory import ALL_CELLS, CODE, IDLE, view_menu, write_notebook
from .test_projects import (
    DIFF,
    PANEL,
    directory_of,
    make_project,
    notebook,
    save_version,
    show_panel,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]


def waits_fails_and_recovers(
    page: Page, routes: str, show: Callable[[], object], root: str, full: str
) -> None:
    """See the three states of the panel at `root`, whose answer comes from `routes`."""
    held: list[Route] = []
    page.route(routes, lambda route: held.append(route))
    show()
    page.wait_for_selector(f"{root} [role=status]:has-text('…')")
    assert page.locator(f"{root} [role=alert]").count() == 0
    while held:
        held.pop().abort()
        page.wait_for_timeout(100)
    page.unroute(routes)
    failed = page.locator(f"{root} [role=alert]").first
    failed.wait_for()
    assert "The server does not answer" in failed.inner_text()
    failed.get_by_role("button", name="Try again").click()
    page.wait_for_selector(f"{root} {full}")
    assert page.locator(f"{root} [role=alert]").count() == 0


def anew(page: Page) -> None:
    """Load JupyterLab once more, and show the projects panel."""
    page.reload()
    page.wait_for_selector(".jp-SideBar [data-id='tengen-projects']")
    if not page.locator(f"{PANEL}:visible").count():
        show_panel(page)


@pytest.mark.long
def test_panels_of_the_server_wait_fail_and_recover(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch()
    page = open_lab(studio)
    page.wait_for_selector(CARD)
    show_panel(page)
    make_project(page, "iota")
    (directory_of(studio, "iota") / "new.ipynb").write_text(notebook("a = 1"))
    page.click(f"{PANEL} button:has-text('All projects')")
    line = f"{PANEL} .tengen-Projects-line:has-text('iota')"
    for routes, show, root, full in (
        ("**/api/about*", lambda: open_home(page), HOME, ".tengen-Home-card"),
        ("**/api/projects?*", lambda: anew(page), PANEL, ".tengen-Projects-line"),
        ("**/api/projects/*/versions*", lambda: page.click(line), PANEL, "li[data-version]"),
        (
            "**/api/projects/*/diff?*",
            lambda: page.click(f"{PANEL} button:has-text('See changes')"),
            DIFF,
            ".tengen-Diff-cell",
        ),
        (
            "**/api/projects/*/members",
            lambda: page.click(f"{PANEL} button:has-text('Share…')"),
            ".tengen-Share",
            "h3:has-text('Links')",
        ),
    ):
        waits_fails_and_recovers(page, routes, show, root, full)


def test_a_model_file_waits_fails_and_recovers(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch()
    (studio.work / "waits.tgm").write_bytes(static_model())
    page = open_lab(studio)
    file = page.locator(".jp-DirListing-item", has_text="waits.tgm")
    waits_fails_and_recovers(
        page, "**/api/graphs?*", file.dblclick, ".tengen-Graph", ".tengen-Graph-canvas"
    )


@pytest.mark.long
def test_what_asks_a_kernel_says_that_it_asks(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    # Holding the interpreter's lock, it lets nobody answer, no subshell either.
    held = "import ctypes\nctypes.PyDLL(None).sleep(6)"
    write_notebook(studio, "asked.ipynb", CODE, held)
    page = open_lab(studio, "/lab/tree/asked.ipynb?reset")
    page.wait_for_selector(IDLE)
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-InputPrompt:text-is('[1]:')")
    page.keyboard.press("Shift+Enter")
    page.click(BUTTON)
    page.wait_for_selector(".tengen-Convert [role=status]:has-text('Looking for models')")
    view_menu(page, "Memory of the kernel")
    page.wait_for_selector(".tengen-Memory [role=status]:has-text('Asking the kernel…')")
    picture(page, "states-asking")
    page.wait_for_selector(".tengen-Memory h2:has-text('held now')")
    page.click(".lm-TabBar-tabLabel:text-is('Static: asked.ipynb')")
    page.wait_for_selector(".tengen-Convert button[type=submit]")


BREAK = """\
from tengen.viz import conversion, live
kept = live.live, conversion.convertible
def refuse(*_, **__):
    raise RuntimeError('out of order')
live.live = conversion.convertible = refuse"""
MEND = "live.live, conversion.convertible = kept"


@pytest.mark.long
def test_what_asks_a_kernel_fails_and_recovers(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "broken.ipynb", BREAK, MEND)
    page = open_lab(studio, "/lab/tree/broken.ipynb?reset")
    page.wait_for_selector(IDLE)
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-InputPrompt:text-is('[1]:')")
    page.click(BUTTON)
    page.wait_for_selector(".tengen-Convert [role=alert] h2:text-is('The kernel gave no answer')")
    assert "out of order" in page.locator(".tengen-Convert [role=alert]").inner_text()
    view_menu(page, "Memory of the kernel")
    page.wait_for_selector(".tengen-Memory [role=alert]")
    assert "out of order" in page.locator(".tengen-Memory [role=alert]").inner_text()
    picture(page, "states-failed")
    page.locator(".jp-NotebookPanel .jp-Cell").nth(1).click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-InputPrompt:text-is('[2]:')")
    page.locator(".tengen-Memory").get_by_role("button", name="Look again").click()
    page.wait_for_selector(".tengen-Memory h2:text-is('No tensors yet')")
    page.click(".lm-TabBar-tabLabel:text-is('Static: broken.ipynb')")
    page.locator(".tengen-Convert").get_by_role("button", name="Try again").click()
    page.wait_for_selector(".tengen-Convert h2:text-is('Nothing to make static yet')")
    picture(page, "states-empty")


def test_two_sides_that_are_the_same_and_a_project_shared_with_nobody(
    launch: Launch, open_lab: OpenLab
) -> None:
    studio = launch()
    page = open_lab(studio)
    page.wait_for_selector(CARD)
    show_panel(page)
    make_project(page, "kappa")
    (directory_of(studio, "kappa") / "new.ipynb").write_text(notebook("a = 1"))
    save_version(page, "one cell")
    page.click(f"{PANEL} li[data-version] button:has-text('What changed')")
    page.wait_for_selector(f"{DIFF} .tengen-Diff-cell")
    page.locator(DIFF).get_by_label("from").select_option("2")
    page.locator(DIFF).get_by_label("to").select_option("folder")
    page.wait_for_selector(f"{DIFF} p:text-is('Both sides are the same.')")
    page.click(f"{PANEL} button:has-text('Share…')")
    page.wait_for_selector(".tengen-Share h3:has-text('Links')")
    assert page.locator(".tengen-Share button:text-is('Revoke')").count() == 0
    assert page.locator(".tengen-Share button:text-is('Remove')").count() == 0
