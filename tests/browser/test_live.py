"""An open notebook lives on the server: what is typed is in the file, and in other pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .studio import Studio
from .test_memory import ALL_CELLS, IDLE, write_notebook
from .test_reload import AWAY, CELLS, allow, cut_off, on_disk, start, text_of, train

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]

SOON = 3.0  # seconds in which what is typed is on the disk
SEEN = 3_000  # milliseconds in which other pages show it, on a machine that is busy
DIALOG = ".jp-Dialog-content"


def editor(page: Page, index: int) -> Locator:
    """Where a cell is typed in."""
    return page.locator(CELLS).nth(index).locator(".cm-content")


def type_in(page: Page, index: int, text: str) -> None:
    """Type at the end of a cell."""
    editor(page, index).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def is_on_disk(page: Page, path: Path, text: str, within: float = SOON) -> None:
    """Wait until a cell in the file has the text."""
    deadline = time.monotonic() + within
    while not any(text in cell.source for cell in on_disk(path)):
        assert time.monotonic() < deadline, f"{text!r} is not in the file"
        page.wait_for_timeout(50)


def two_pages(studio: Studio, open_lab: OpenLab, name: str) -> tuple[Page, Page]:
    """Open a notebook in two pages of one browser."""
    first = open_lab(studio, f"/lab/tree/{name}?reset")
    first.wait_for_selector(IDLE)
    second = first.context.new_page()
    # A workspace of its own: one that is used again shows its earlier tabs first.
    second.goto(f"{studio.url}/lab/workspaces/beside-{Path(name).stem}/tree/{name}")
    second.wait_for_selector(CELLS)
    second.wait_for_selector(IDLE)
    return first, second


def test_what_is_typed_is_on_the_disk_before_the_page_is_gone(
    launch: Launch, open_lab: OpenLab
) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    path = studio.work / "typed.ipynb"
    write_notebook(studio, "typed.ipynb", "a = 1", "b = 2")
    page = open_lab(studio, "/lab/tree/typed.ipynb?reset")
    page.wait_for_selector(IDLE)
    before = path.read_bytes()
    page.wait_for_timeout(1_500)
    assert path.read_bytes() == before, "opening a notebook changes nothing"
    type_in(page, 1, "\n# typed and not saved")
    is_on_disk(page, path, "typed and not saved")
    page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
    page.keyboard.press("Escape")
    page.keyboard.press("b")  # a new cell below
    page.keyboard.press("Enter")
    page.keyboard.type("c = 3")
    is_on_disk(page, path, "c = 3")
    # No goodbye: what a page that ends might still say is not heard.
    page.context.set_offline(True)
    page.close()
    assert [cell.source for cell in on_disk(path)] == [
        "a = 1",
        "b = 2\n# typed and not saved",
        "c = 3",
    ]


def test_two_pages_type_in_one_notebook(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    path = studio.work / "both.ipynb"
    write_notebook(studio, "both.ipynb", "a = 1", "b = 2", "c = 3")
    first, second = two_pages(studio, open_lab, "both.ipynb")
    # What is shown elsewhere leaves the focus, the cursor and its own undo alone.
    type_in(second, 1, "\nfrom_second = 'one")
    type_in(first, 0, "\nfrom_first = 1")
    editor(second, 0).filter(has_text="from_first = 1").wait_for(timeout=SOON * 1000 + SEEN)
    second.keyboard.type(" two'")
    assert "from_second = 'one two'" in editor(second, 1).inner_text()
    is_on_disk(second, path, "from_second = 'one two'")
    editor(first, 1).filter(has_text="from_second = 'one two'").wait_for(timeout=SEEN)

    # Both at once, again and again: neither is asked anything, and nothing is lost.
    for word in ("red", "green", "blue"):
        type_in(first, 0, f"\n# {word}")
        type_in(second, 2, f"\n# {word}")
    is_on_disk(first, path, "from_first = 1\n# red\n# green\n# blue", within=8)
    is_on_disk(first, path, "c = 3\n# red\n# green\n# blue", within=8)
    for page in (first, second):
        page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
        editor(page, 0).filter(has_text="blue").wait_for(timeout=SEEN)
        editor(page, 2).filter(has_text="blue").wait_for(timeout=SEEN)

    # Cells that are added, moved and removed there are so here.
    editor(first, 1).click()
    first.keyboard.press("Escape")
    for key in ("Control+Shift+ArrowUp", "Shift+ArrowDown", "d", "d"):
        first.keyboard.press(key)
    second.wait_for_function(
        "() => document.querySelectorAll('.jp-NotebookPanel .jp-Cell').length === 1",
        timeout=SOON * 1000 + SEEN,
    )
    assert "blue" in editor(second, 0).inner_text()
    for page in (first, second):
        assert page.locator(".jp-Dialog").all_inner_texts() == []


@pytest.mark.long
def test_both_type_in_the_same_cell(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    path = studio.work / "same.ipynb"
    write_notebook(studio, "same.ipynb", "a = 1\n\n\n\nb = 2", "c = 3")
    first, second = (open_lab(studio, "/lab/tree/same.ipynb?reset") for _ in range(2))
    for page in (first, second):
        page.wait_for_selector(IDLE)
    mend = cut_off(second, "same.ipynb")
    editor(second, 0).click()
    second.keyboard.press("Control+Home")
    second.keyboard.type("from_second = 1\n")
    type_in(first, 0, "\nfrom_first = 1")
    is_on_disk(first, path, "from_first")
    mend()
    second.keyboard.type("# more\n")
    dialog = second.locator(DIALOG)
    dialog.wait_for(timeout=20_000)
    assert "from_second" in editor(second, 0).inner_text()
    second.wait_for_timeout(4_000)
    assert second.locator(".jp-Dialog").count() == 1
    assert first.locator(".jp-Dialog").count() == 0
    dialog.get_by_role("button", name="Join both").click()
    dialog.wait_for(state="detached")
    for page in (first, second):
        editor(page, 0).filter(has_text="from_second").wait_for(timeout=SEEN)
        assert "from_first" in editor(page, 0).inner_text()
    type_in(second, 1, "\n# goes on")
    is_on_disk(second, path, "goes on")
    sources = [cell.source for cell in on_disk(path)]
    assert "from_second = 1\n# more" in sources[0] and "from_first = 1" in sources[0]


@pytest.mark.long
def test_one_types_while_a_cell_runs_in_the_other(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    path = studio.work / "runs.ipynb"
    prepare = "import time, ipywidgets\nfrom pathlib import Path\nfrom tengen.viz import Monitor"
    write_notebook(studio, "runs.ipynb", prepare, train("runs", 12), "c = 3")
    allow(studio, "runs", 3)
    first, second = two_pages(studio, open_lab, "runs.ipynb")
    start(first)
    second.wait_for_selector(f"{CELLS} >> text=step 2")
    for step, word in enumerate(("red", "green", "blue"), 4):
        type_in(second, 2, f"\n# {word}")
        allow(studio, "runs", step)
        editor(first, 2).filter(has_text=word).wait_for(timeout=SOON * 1000 + SEEN)
    assert "step 2" in first.locator(CELLS).nth(1).inner_text()
    allow(studio, "runs", 12)
    for page in (first, second):
        page.wait_for_selector(".jp-InputPrompt:text-is('[3]:')")
        page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
    deadline = time.monotonic() + 15
    while "step 11" not in text_of(on_disk(path)[1]) or on_disk(path)[2].execution_count != 3:
        assert time.monotonic() < deadline, "the outputs are not in the file"
        second.wait_for_timeout(100)
    cells = on_disk(path)
    assert text_of(cells[1]).splitlines() == [f"step {i}" for i in range(12)]
    assert cells[2].source == "c = 3\n# red\n# green\n# blue"
    for page in (first, second):
        assert page.locator(".jp-Dialog").all_inner_texts() == []
