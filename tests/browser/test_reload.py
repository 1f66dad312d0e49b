"""What a page loses when it is reloaded, closed or opened twice while cells run: nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from .studio import Studio
from .test_memory import ALL_CELLS, IDLE, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

AWAY = ("--StudioApp.away_seconds=1",)
PREPARE = """\
import time
import ipywidgets
from IPython.display import clear_output, display
from pathlib import Path
from tengen.viz import Monitor
runs = globals().get('runs', 0) + 1"""
TRAIN = """\
bar = ipywidgets.IntProgress(max=STEPS, description='Progress')
display(bar)
with Monitor(total=STEPS, every=0.1) as monitor:
    for i in range(STEPS):
        while int(Path('NAME.steps').read_text()) <= i:
            time.sleep(0.02)
        print('step', i)
        bar.value = i + 1
        monitor.step(**{'loss/train': 1 / (i + 1)})"""
AFTER = """\
for i in range(3):
    clear_output(wait=True)
    print('cleared', i)
runs, bar.value"""
CELLS = ".jp-NotebookPanel:visible .jp-Cell"
BAR = ".jp-NotebookPanel:visible .jp-OutputArea .progress-bar"
DIRTY = ".lm-TabBar-tab.jp-mod-current.jp-mod-dirty"


def train(name: str, steps: int) -> str:
    """The code of a training of so many steps, none of which begins before it is allowed."""
    return TRAIN.replace("NAME", name).replace("STEPS", str(steps))


def allow(studio: Studio, name: str, steps: int) -> None:
    """Let a training go on until it has made so many steps."""
    written = studio.work / f"{name}.next"
    written.write_text(str(steps))
    written.replace(studio.work / f"{name}.steps")


def start(page: Page) -> None:
    """Run all cells, once the kernel is there."""
    page.wait_for_selector(IDLE)
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")


def outputs(page: Page, cell: int) -> str:
    """The text below a cell."""
    return page.locator(CELLS).nth(cell).locator(".jp-OutputArea").first.inner_text()


def progress(page: Page) -> int:
    """How far the widget's bar is, in percent."""
    style = page.locator(BAR).first.get_attribute("style") or ""
    found = re.search(r"width: ([\d.]+)%", style)
    assert found is not None, style
    return round(float(found[1]))


def on_disk(path: Path) -> Any:
    """The cells of the notebook's file."""
    return nbformat.read(path, as_version=4).cells


def text_of(cell: Any) -> str:
    """What a cell in a file has printed."""
    return "".join(o["text"] for o in cell.outputs if o.output_type == "stream")


def again(page: Page, studio: Studio, name: str) -> None:
    """Show the notebook in a page that has just been opened, or anew."""
    page.goto(f"{studio.url}/lab/tree/{name}")
    page.wait_for_selector(CELLS)


@pytest.mark.long
def test_a_reload_in_the_middle_of_training(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    write_notebook(studio, "train.ipynb", PREPARE, train("train", 60), AFTER)
    allow(studio, "train", 5)
    page = open_lab(studio, "/lab/tree/train.ipynb?reset")
    start(page)
    page.wait_for_selector(f"{BAR}")
    page.wait_for_selector(f"{CELLS} >> text=step 4")
    again(page, studio, "train.ipynb")
    # The bar and the curves are there while the cell still runs, and go on.
    page.wait_for_selector(BAR)
    page.wait_for_selector(".jp-NotebookPanel .jp-OutputArea svg")
    assert "step 0" in outputs(page, 1)
    assert progress(page) == 8
    picture(page, "reload-running")
    allow(studio, "train", 30)
    page.wait_for_selector(f"{CELLS} >> text=step 29")
    page.wait_for_selector(f"{BAR}[style*='width: 50%']")
    allow(studio, "train", 60)
    page.wait_for_selector(".jp-InputPrompt:text-is('[3]:')")
    assert progress(page) == 100
    assert "60 of 60" in outputs(page, 1)
    assert [line for line in outputs(page, 1).splitlines() if line.startswith("step")] == [
        f"step {i}" for i in range(60)
    ]
    assert "(1, 60)" in outputs(page, 2), "every cell has run once"
    assert "cleared 2" in outputs(page, 2)
    assert "cleared 1" not in outputs(page, 2)
    page.wait_for_selector(DIRTY, state="detached")
    picture(page, "reload-done")
    deadline = time.monotonic() + 20
    while "step 59" not in text_of(on_disk(studio.work / "train.ipynb")[1]):
        assert time.monotonic() < deadline, "the page has not saved what it shows"
        page.wait_for_timeout(200)


@pytest.mark.long
def test_the_browser_is_closed_and_opened_later(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    write_notebook(studio, "closed.ipynb", PREPARE, train("closed", 24), AFTER)
    allow(studio, "closed", 3)
    page = open_lab(studio, "/lab/tree/closed.ipynb?reset")
    start(page)
    page.wait_for_selector(f"{CELLS} >> text=step 2")
    context = page.context
    page.close()
    allow(studio, "closed", 24)
    # Nobody looks on: the server itself writes what the cells have put out.
    deadline = time.monotonic() + 60
    while on_disk(studio.work / "closed.ipynb")[2].execution_count is None:
        assert time.monotonic() < deadline, "nobody has written the outputs"
        time.sleep(0.5)
    cells = on_disk(studio.work / "closed.ipynb")
    assert text_of(cells[1]).splitlines() == [f"step {i}" for i in range(24)]
    assert [cell.execution_count for cell in cells] == [1, 2, 3]

    back = context.new_page()
    again(back, studio, "closed.ipynb")
    back.wait_for_selector(BAR)
    assert progress(back) == 100
    assert "24 of 24" in outputs(back, 1)
    assert "(1, 24)" in outputs(back, 2)
    back.wait_for_selector(DIRTY, state="detached")
    assert back.locator(".jp-Dialog").count() == 0
    picture(back, "reload-back")


@pytest.mark.long
def test_two_tabs_and_a_script_on_one_notebook(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS, arguments=AWAY)
    write_notebook(studio, "two.ipynb", PREPARE, train("two", 24), AFTER)
    allow(studio, "two", 4)
    path = studio.work / "two.ipynb"
    first = open_lab(studio, "/lab/tree/two.ipynb?reset")
    first.wait_for_selector(IDLE)
    second = first.context.new_page()
    second.goto(f"{studio.url}/lab/workspaces/second/tree/two.ipynb")
    second.wait_for_selector(CELLS)
    second.wait_for_selector(IDLE)
    start(first)
    # What runs in one tab is seen in the other, while it runs.
    second.wait_for_selector(BAR)
    second.wait_for_selector(f"{CELLS} >> text=step 3")
    allow(studio, "two", 24)
    for page in (first, second):
        page.wait_for_selector(".jp-InputPrompt:text-is('[3]:')")
        assert progress(page) == 100
        page.wait_for_selector(DIRTY, state="detached")
        assert page.locator(".jp-Dialog").all_inner_texts() == []
    assert "(1, 24)" in outputs(second, 2)

    # A script writes the file: a tab without changes of its own shows it.
    made = nbformat.read(path, as_version=4)
    made.cells[0].source += "\nfrom_a_script = 1"
    nbformat.write(made, path)
    second.bring_to_front()
    second.wait_for_selector(f"{CELLS} >> text=from_a_script")

    # The other tab has changes of its own in another cell: both are joined, and nobody is asked.
    first.wait_for_selector(f"{CELLS} >> text=from_a_script")
    mend = cut_off(first, "two.ipynb")
    type_at_end(first, 2, "\n# typed in the first tab")
    made = nbformat.read(path, as_version=4)
    made.cells[0].source += "\nonce_more = 2"
    nbformat.write(made, path)
    mend()
    first.keyboard.press("Control+s")
    first.wait_for_selector(f"{CELLS} >> text=once_more")
    wait_for_sources(first, path, "once_more", "", "typed in the first tab")

    first.wait_for_selector(DIRTY, state="detached")

    # In the same cell: the tab asks, and joins the lines when it is told to.
    mend = cut_off(first, "two.ipynb")
    type_at_end(first, 2, "\n# and more")
    made = nbformat.read(path, as_version=4)
    made.cells[2].source = "# of a script\n" + made.cells[2].source
    nbformat.write(made, path)
    mend()
    first.keyboard.press("Control+s")
    dialog = first.locator(".jp-Dialog-content")
    dialog.wait_for()
    picture(first, "saving-conflict")
    dialog.get_by_role("button", name="Join both").click()
    first.wait_for_selector(f"{CELLS} >> text=of a script")
    assert "# and more" in first.locator(CELLS).nth(2).inner_text()
    wait_for_sources(first, path, "once_more", "", "and more")
    assert on_disk(path)[2].source.startswith("# of a script")
    for page in (first, second):
        assert page.locator(".jp-Dialog").all_inner_texts() == []


def cut_off(page: Page, name: str) -> Callable[[], None]:
    """Let a page neither read nor save a file, until what is returned is called."""
    mended = False

    def pass_or_not(route: Route) -> None:
        route.fallback() if mended else route.abort()

    def mend() -> None:
        nonlocal mended
        mended = True

    page.route(f"**/api/contents/{name}*", pass_or_not)
    return mend


def type_at_end(page: Page, cell: int, text: str) -> None:
    """Type below the code of a cell."""
    page.locator(CELLS).nth(cell).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def wait_for_sources(page: Page, path: Path, *texts: str) -> None:
    """Wait until each cell of the file has its text."""
    deadline = time.monotonic() + 20
    while not all(t in cell.source for t, cell in zip(texts, on_disk(path), strict=True)):
        assert time.monotonic() < deadline, [cell.source for cell in on_disk(path)]
        page.wait_for_timeout(100)
