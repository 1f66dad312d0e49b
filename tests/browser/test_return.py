"""A page that comes back to a running cell can answer, interrupt and restart it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
import pytest

from .studio import Studio
from .test_memory import ALL_CELLS, IDLE, write_notebook
from .test_reload import CELLS, again, outputs

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

ASKING = "print('asking')\nprint('hello', input('Name? '))"
LATER = """\
import time
from pathlib import Path
print('waiting')
while not Path('ask').exists():
    time.sleep(0.05)
print('and', input('Who else? '))"""
ENDLESS = """\
import time
print('begun')
while True:
    time.sleep(0.05)"""
BUSY = "#jp-main-statusbar :text('Python 3 (ipykernel) | Busy')"
QUESTION = ".jp-NotebookPanel:visible .jp-Stdin-input"


def run_cell(page: Page, index: int) -> None:
    """Run one cell, as a click into it and the keyboard do."""
    page.locator(CELLS).nth(index).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def answer(page: Page, text: str) -> None:
    """Type an answer to the question below a cell."""
    page.wait_for_selector(QUESTION)
    assert page.locator(QUESTION).count() == 1
    page.fill(QUESTION, text)
    page.press(QUESTION, "Enter")


def prompt(page: Page, index: int, text: str) -> None:
    """Wait until a cell has this at its left."""
    cell = page.locator(CELLS).nth(index)
    cell.locator(f".jp-InputPrompt:text-is('{text}')").wait_for()


@pytest.mark.long
def test_questions_are_answered_after_a_reload(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "ask.ipynb", ASKING, LATER, "1 + 1")
    page = open_lab(studio, "/lab/tree/ask.ipynb?reset")
    page.wait_for_selector(IDLE)
    run_cell(page, 0)
    page.wait_for_selector(QUESTION)
    again(page, studio, "ask.ipynb")
    page.wait_for_selector(QUESTION)
    assert "asking" in outputs(page, 0)
    picture(page, "return-question")
    answer(page, "Ada")
    page.wait_for_selector(f"{CELLS} >> text=hello Ada")
    prompt(page, 0, "[1]:")
    page.locator(QUESTION).wait_for(state="detached")

    # The question comes only after the page did.
    run_cell(page, 1)
    page.wait_for_selector(f"{CELLS} >> text=waiting")
    again(page, studio, "ask.ipynb")
    page.wait_for_selector(f"{CELLS} >> text=waiting")
    (studio.work / "ask").touch()
    answer(page, "Grace")
    page.wait_for_selector(f"{CELLS} >> text=and Grace")
    prompt(page, 1, "[2]:")

    # A question may be interrupted instead, by a page that was not there when it was asked.
    run_cell(page, 0)
    page.wait_for_selector(QUESTION)
    again(page, studio, "ask.ipynb")
    page.wait_for_selector(QUESTION)
    interrupt(page)
    page.wait_for_selector(f"{CELLS} >> text=KeyboardInterrupt")
    page.locator(QUESTION).wait_for(state="detached")
    prompt(page, 0, "[3]:")
    run_cell(page, 2)
    prompt(page, 2, "[4]:")


@pytest.mark.long
def test_what_runs_is_interrupted_and_restarted_after_a_reload(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "endless.ipynb", ENDLESS, "1 + 1")
    page = open_lab(studio, "/lab/tree/endless.ipynb?reset")
    page.wait_for_selector(IDLE)
    for count in (1, 2):
        run_cell(page, 0)
        page.wait_for_selector(f"{CELLS} >> text=begun")
        prompt(page, 0, "[*]:")
        again(page, studio, "endless.ipynb")
        page.wait_for_selector(f"{CELLS} >> text=begun")
        prompt(page, 0, "[*]:")
        page.wait_for_selector(BUSY)
        if count == 1:
            interrupt(page)
            page.wait_for_selector(f"{CELLS} >> text=KeyboardInterrupt")
            prompt(page, 0, "[1]:")
    picture(page, "return-running")
    page.click(".jp-NotebookPanel-toolbar [data-command='notebook:restart-kernel']")
    page.click(".jp-Dialog button:has-text('Restart')")
    page.wait_for_selector(IDLE)
    # The restarted kernel counts anew, and what ran is shown as over.
    run_cell(page, 1)
    prompt(page, 1, "[1]:")
    prompt(page, 0, "[2]:")
    assert "begun" in outputs(page, 0)
    assert page.locator(".tengen-Trouble").count() == 0
    picture(page, "return-restarted")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
    cells = nbformat.read(studio.work / "endless.ipynb", as_version=4).cells
    assert "begun" in cells[0].outputs[0].text
    again(page, studio, "endless.ipynb")
    page.wait_for_selector(IDLE)
    prompt(page, 1, "[1]:")
    assert page.locator(".jp-Dialog").count() == 0


def interrupt(page: Page) -> None:
    """Press the button that interrupts the kernel."""
    page.click(".jp-NotebookPanel-toolbar [data-command='notebook:interrupt-kernel']")
