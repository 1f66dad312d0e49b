"""The memory view: as a notebook's output, as a file, and live for a running kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M

from .flaws import flaws_of
from .studio import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}
# JupyterLab otherwise takes cells out of the page that are scrolled out of sight.
ALL_CELLS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
CODE = """\
import numpy as np
import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import optimizer

net = M.Sequential(M.Linear(256, 1024), M.ReLU(), M.Linear(1024, 10))
gm = tg.autodiff.GradManager().attach(net.parameters())
sgd = optimizer.SGD(net.parameters(), lr=0.1, momentum=0.9)
x = tg.Tensor(np.ones((64, 256), np.float32))
y = tg.Tensor(np.zeros(64, np.int32))

def step(x, y):
    with gm:
        loss = F.nn.cross_entropy(net(x), y)
        gm.backward(loss)
    sgd.step().clear_grad()
"""
SHOW = "tg.viz.memory(step, x, y)"
DEEPER = """\
layers = [part for _ in range(12) for part in (M.Linear(64, 64), M.Sigmoid())]
net = M.Sequential(*layers, M.Linear(64, 10))
gm = tg.autodiff.GradManager().attach(net.parameters())
sgd = optimizer.SGD(net.parameters(), lr=0.1, momentum=0.9)
x = tg.Tensor(np.ones((2048, 64), np.float32))
y = tg.Tensor(np.zeros(2048, np.int32))
"""
VIEW = ".tengen-Memory"
PATIENCE = 300_000  # milliseconds: the first kernel on a loaded machine compiles a lot
IDLE = "#jp-main-statusbar :text('Python 3 (ipykernel) | Idle')"


def write_notebook(studio: Studio, name: str, *cells: str) -> None:
    """Put a notebook with these code cells into the user's folder."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, studio.work / name)


def run_all(page: Page) -> None:
    """Run every cell of the open notebook and wait for the last prompt."""
    page.wait_for_selector(IDLE)
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.wait_for_function(
        "() => /\\[\\d+\\]/.test("
        "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1)?.textContent ?? '')",
        timeout=PATIENCE,
    )
    page.wait_for_selector(IDLE)


def view_menu(page: Page, label: str) -> None:
    """Run a command from the View menu."""
    page.click(".lm-MenuBar-itemLabel:text-is('View')")
    page.click(f".lm-Menu-itemLabel:text-is('{label}')")


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a record of a small network's forward pass."""
    net = M.Sequential(M.Linear(64, 256), M.ReLU(), M.Linear(256, 8))
    x = F.ones((32, 64))
    path = tmp_path_factory.mktemp("record") / "a.tgmem"
    tg.viz.memory(net, x, name="forward pass").save(path)
    return path.read_text(encoding="utf-8")


def test_a_step_is_recorded_drawn_and_explained(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "memory.ipynb", CODE, SHOW)
    page = open_lab(studio, "/lab/tree/memory.ipynb?reset")
    run_all(page)
    page.wait_for_selector(f"{VIEW} .tengen-Memory-track")
    page.locator(VIEW).scroll_into_view_if_needed()
    headline = page.inner_text(f"{VIEW} h2")
    assert re.match(r"Peak [\d.]+ MB", headline)
    panel = page.locator(f"{VIEW} .tengen-Memory-panel").first
    assert "At the peak" in panel.inner_text()
    assert "optimizer state" in panel.inner_text()
    rows = page.locator(f"{VIEW} tr[aria-rowindex]")
    assert rows.count() > 3
    picture(page, "memory-widget")

    rows.first.click()
    page.wait_for_selector(f"{VIEW} .tengen-Memory-block dl")
    batch = page.locator(f"{VIEW} .tengen-Memory-fit input")
    batch.fill("100000000")
    page.wait_for_selector(f"{VIEW} output:has-text('does not fit')")
    batch.fill("128")
    page.wait_for_selector(f"{VIEW} output:has-text('fits ✓')")
    plots = page.locator(f"{VIEW} .tengen-Memory-plots")
    plots.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"{VIEW} h3:has-text('At the cursor')")
    page.keyboard.press("p")
    page.wait_for_selector(f"{VIEW} h3:has-text('At the peak')")


def test_plans_stand_beside_the_record_and_a_budget_is_measured(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    # The second call is as fast as all later ones: nothing is made ready in it.
    warm = "step(x, y)\nstep(x, y)"
    write_notebook(studio, "budgets.ipynb", CODE, DEEPER, warm, f"{SHOW[:-1]}, budgets=(0.6,))")
    page = open_lab(studio, "/lab/tree/budgets.ipynb?reset")
    run_all(page)
    page.wait_for_selector(f"{VIEW} .tengen-Memory-track")
    tracks = page.locator(f"{VIEW} .tengen-Memory-track")
    names = [tracks.nth(n).get_attribute("aria-label") for n in range(tracks.count())]
    assert names == ["dynamic", "static", "recompute"]
    assert re.match(r"recompute needs [\d.]+ MB, \d\d% of dynamic", page.inner_text(f"{VIEW} h2"))
    budget = page.locator(f"{VIEW} .tengen-Memory-budget")
    assert "0 of " in budget.inner_text()
    budget.get_by_role("button", name="Measure here").click()
    budget.locator("circle[data-measured='true']").wait_for(state="attached", timeout=PATIENCE)
    assert "1 of " in budget.inner_text()
    page.set_viewport_size({"width": 1360, "height": 1900})
    page.locator(f"{VIEW} h2").first.scroll_into_view_if_needed()
    picture(page, "memory-budgets")


def test_the_kernel_is_asked_what_it_holds_and_leads_to_the_line(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "live.ipynb", "a = 1", CODE, "big = F.ones((1000, 1000))")
    page = open_lab(studio, "/lab/tree/live.ipynb?reset")
    page.wait_for_selector(IDLE)
    view_menu(page, "Memory of the kernel")
    page.wait_for_selector(f"{VIEW} h2:has-text('No tensors yet')")
    picture(page, "memory-live-empty")
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    run_all(page)
    page.wait_for_selector(f"{VIEW} h2:has-text('held now')")
    page.click(f"{VIEW} button:text-is('By line')")
    line = page.locator(f"{VIEW} .tengen-Memory-link", has_text="big = F.ones")
    line.wait_for()
    picture(page, "memory-live")
    page.click(f"{VIEW} button:text-is('By cell')")
    page.wait_for_selector(f"{VIEW} th:has-text('In[3]')")
    page.click(f"{VIEW} button:text-is('By line')")
    line.click()
    page.wait_for_selector(".jp-Cell.jp-mod-active:has-text('big = F.ones')")
    counts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert [re.sub(r"\D", "", text) for text in counts] == ["1", "2", "3"]


def test_a_saved_record_opens_by_its_file(
    launch: Launch, open_lab: OpenLab, picture: Picture, record: str
) -> None:
    studio = launch()
    (studio.work / "step.tgmem").write_text(record, encoding="utf-8")
    page = open_lab(studio, "/lab/tree/step.tgmem?reset")
    page.wait_for_selector(f"{VIEW} .tengen-Memory-track")
    assert "forward pass" in page.inner_text(f"{VIEW} .tengen-Memory-track header")
    page.click(f"{VIEW} button:text-is('all')")
    before = page.locator(f"{VIEW} tr[aria-rowindex]").count()
    page.fill(f"{VIEW} input[type=search]", "relu")
    page.wait_for_function(
        f"n => document.querySelectorAll(`{VIEW} tr[aria-rowindex]`).length < n", arg=before
    )
    assert page.locator(f"{VIEW} tr[aria-rowindex]").count() > 0
    picture(page, "memory-file")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("empty", '{"documents": []}', "No memory was used"),
        ("broken", '{"documents": [', "could not be shown"),
    ],
)
def test_a_record_that_holds_nothing_is_explained(
    launch: Launch, open_lab: OpenLab, picture: Picture, name: str, text: str, expected: str
) -> None:
    studio = launch()
    (studio.work / f"{name}.tgmem").write_text(text, encoding="utf-8")
    page = open_lab(studio, f"/lab/tree/{name}.tgmem?reset")
    page.wait_for_selector(f"{VIEW} h2:has-text('{expected}')")
    picture(page, f"memory-{name}")


def test_it_speaks_chinese_and_is_readable_in_the_dark(
    launch: Launch, open_lab: OpenLab, picture: Picture, record: str
) -> None:
    studio = launch(settings=CHINESE | DARK)
    documents = json.loads(record)["documents"]
    static = documents[0] | {"kind": "static"}
    text = json.dumps({"documents": [*documents, static]})
    Path(studio.work / "step.tgmem").write_text(text, encoding="utf-8")
    page = open_lab(studio, "/lab/tree/step.tgmem?reset")
    page.wait_for_selector(f"{VIEW} .tengen-Memory-track[aria-label='静态']")
    assert page.locator(f"{VIEW} .tengen-Memory-track").count() == 2
    assert "峰值处" in page.inner_text(f"{VIEW} .tengen-Memory-panel h3")
    picture(page, "memory-dark-zh")
    assert flaws_of(page, VIEW) == []
