"""The button that makes a model or a step static: the choice, the report, what comes of it."""

from __future__ import annotations

import importlib.util
import json
import re
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .flaws import flaws_of
from .studio import Studio
from .test_memory import ALL_CELLS, CHINESE, CODE, DARK, IDLE, run_all, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

PANEL = ".tengen-Convert"
BUTTON = "[data-command='tengen-studio:convert']"
CONTRAST = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark High Contrast"}}
PATIENCE = 120_000
BRANCHING = """\
class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.body = M.Sequential(M.Linear(64, 512), M.BatchNorm1d(512), M.ReLU())
        self.head = M.Linear(512, 8)

    def forward(self, x):
        y = self.body(x)
        if y.mean().item() > 3:
            y = y * 0.5
        return F.softmax(self.head(y))
"""
MAKING = """\
tg.random.seed(0)
net = Net()
x = tg.random.normal(size=(1024, 64))
scores = net(x)
"""
IMPORTS = "\n".join(CODE.splitlines()[:5])


def press(page: Page) -> None:
    """Press the button in the notebook's toolbar."""
    page.wait_for_selector(f"{BUTTON}:not([disabled]):not(.lm-mod-disabled)")
    page.click(BUTTON)


def convert(page: Page) -> Locator:
    """Start the conversion that is chosen, wait for its end, and give the verdict."""
    page.click(f"{PANEL} button[type=submit]")
    verdict = page.locator(f"{PANEL}-verdict")
    verdict.wait_for(timeout=PATIENCE)
    return verdict


def sources(page: Page) -> list[str]:
    """The text of every cell of the open notebook."""
    return page.locator(".jp-NotebookPanel .jp-Cell .cm-content").all_inner_texts()


def test_a_branch_on_data_is_found_changed_and_the_static_model_used(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "branch.ipynb", IMPORTS, BRANCHING, MAKING)
    page = open_lab(studio, "/lab/tree/branch.ipynb?reset")
    run_all(page)
    press(page)
    page.wait_for_selector(f"{PANEL} legend")
    assert page.input_value(f"{PANEL}-sample input") == ""
    page.fill(f"{PANEL}-sample input", "x")
    picture(page, "convert-choice")
    assert convert(page).inner_text().startswith("✓ Static, same results")
    card = page.locator(f"{PANEL}-card")
    assert card.count() == 1
    assert "reads a value on the host" in card.inner_text()
    assert "+ y = F.where" in card.inner_text()
    card.get_by_role("button", name="Leave it").scroll_into_view_if_needed()
    picture(page, "convert-blocker")

    card.locator(f"{PANEL}-link").click()
    page.wait_for_selector(".jp-Cell.jp-mod-active:has-text('class Net')")
    card.get_by_role("button", name="Apply and re-check").click()
    assert "Cells 3" in page.inner_text(".jp-Dialog-content")
    page.click(".jp-Dialog .jp-mod-accept")
    page.wait_for_selector(f"{PANEL}-verdict", state="detached")
    page.wait_for_selector(f"{PANEL}-verdict", timeout=PATIENCE)
    assert card.count() == 0
    assert "F.where" in sources(page)[1]
    assert "frozen" in page.inner_text(f"{PANEL} dl")
    picture(page, "convert-report")

    page.click(f"{PANEL} button:text-is('Use it here')")
    page.wait_for_selector(f"{PANEL}-deed:has-text('In use')", timeout=PATIENCE)
    assert [text.strip() for text in sources(page)][3] == "net = tg.jit.convert(net, x)"
    picture(page, "convert-used")
    page.click(f"{PANEL} button:text-is('Undo')")
    page.wait_for_selector(f"{PANEL}-deed:has-text('dynamic version')")
    assert len(sources(page)) == 3

    page.click(f"{PANEL} button:text-is('Save .tgm')")
    page.wait_for_selector(f"{PANEL}-deed:has-text('Saved as net.tgm')")
    assert zipfile.is_zipfile(studio.work / "net.tgm")
    if importlib.util.find_spec("onnx"):
        page.select_option(f"{PANEL} select", "onnx")
        page.wait_for_selector(f"{PANEL}-deed:has-text('Saved as net.onnx')", timeout=PATIENCE)
        assert (studio.work / "net.onnx").stat().st_size > 1000
    assert "opset" in page.inner_text(f"{PANEL}-deed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(f"{PANEL} button:text-is('Copy code')")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == "net = tengen.jit.convert(net, x)"
    with page.expect_download() as download:
        page.select_option(f"{PANEL} select", "json")
    report = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert report["ok"] and report["name"] == "Net"
    page.click(f"{PANEL} button:text-is('Memory')")
    page.wait_for_selector(".tengen-Memory-page[data-tracks='2']")
    picture(page, "convert-memory")
    page.click(".lm-TabBar-tabLabel:text-is('Static: branch.ipynb')")
    show_graph(page, "before")
    page.wait_for_selector(".tengen-Graph-canvas:visible")
    graph = page.locator(".tengen-Graph:visible")
    graph.get_by_role("button", name="Details").click()
    assert "dynamic" in graph.locator(".tengen-Graph-details header").inner_text()
    page.click(".lm-TabBar-tabLabel:text-is('Static: branch.ipynb')")
    show_graph(page, "difference")
    page.wait_for_selector(".tengen-Graph-counts b[data-mark=changed]")
    picture(page, "convert-difference")
    page.click(".lm-TabBar-tabLabel:text-is('Static: branch.ipynb')")
    show_graph(page, "after")
    page.wait_for_selector(".tengen-Graph-canvas:visible")
    graph.get_by_label("Colour by").select_option("ms")
    page.wait_for_selector(".tengen-Graph-scale:visible", timeout=PATIENCE)
    picture(page, "convert-graph")


def show_graph(page: Page, which: str) -> None:
    """Open a graph from the report."""
    page.click(f"{PANEL}-graphs button:text-is('{which}')")


@pytest.mark.long
def test_a_call_in_pieces_has_a_graph_too(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "pieces.ipynb", IMPORTS, BRANCHING, MAKING)
    page = open_lab(studio, "/lab/tree/pieces.ipynb?reset")
    run_all(page)
    press(page)
    page.fill(f"{PANEL}-sample input", "x")
    convert(page)
    show_graph(page, "difference")
    page.wait_for_selector(".tengen-Graph-counts b[data-mark]", timeout=PATIENCE)
    assert page.locator(".tengen-Graph-sideTitle").count() == 2
    picture(page, "convert-pieces")


def test_the_last_call_is_offered_without_asking(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch(settings=ALL_CELLS)
    making, calling = MAKING.rsplit("\n", 2)[0], "scores = net(tg.random.normal(size=(32, 64)))"
    write_notebook(studio, "offer.ipynb", IMPORTS, BRANCHING, making, calling)
    page = open_lab(studio, "/lab/tree/offer.ipynb?reset")
    run_all(page)
    press(page)
    page.wait_for_selector(f"{PANEL}-sample input")
    assert page.input_value(f"{PANEL}-sample input") == "tengen.viz.last_inputs(net)[0]"
    assert "float32[32, 64]" in page.inner_text(f"{PANEL}-sample")
    page.click(f"{PANEL} button:text-is('Show its graph')")
    page.wait_for_selector(".tengen-Graph-canvas:visible", timeout=PATIENCE)
    assert page.locator(".lm-TabBar-tabLabel:text-is('Graph of net')").count() == 1
    # Beside the notebook there is little room: what is chosen is told below the graph.
    canvas = page.locator(".tengen-Graph-canvas:visible")
    canvas.locator(".tengen-Graph-legend").wait_for()  # from then on it hears keys
    canvas.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    details = page.locator(".tengen-Graph-details:visible")
    details.get_by_role("button", name=re.compile(r"In\[2\], line \d")).click()
    page.wait_for_selector(".jp-Cell.jp-mod-active:has-text('class Net')")
    above, below = canvas.bounding_box(), details.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"] + 1


def test_a_training_step_waits_for_the_running_cell_and_is_cancelled(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "wait.ipynb", CODE, "step(x, y)", "import time")
    page = open_lab(studio, "/lab/tree/wait.ipynb?reset")
    run_all(page)
    cell = page.locator(".jp-NotebookPanel .jp-Cell").last
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("while not 'go' in globals(): time.sleep(0.1)")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".jp-InputPrompt:text-is('[*]:')")
    press(page)
    # The kernel tells what it holds though the cell still runs.
    assert page.input_value(f"{PANEL}-sample input >> nth=0") == "x"
    assert page.locator(f"{PANEL}-target").count() == 2
    page.click(f"{PANEL} button[type=submit]")
    page.wait_for_selector(f"{PANEL} [role=status]:text-is('waiting for the running cell')")
    picture(page, "convert-waiting")
    page.click(f"{PANEL} button:text-is('Cancel')")
    page.wait_for_selector(f"{PANEL} button[type=submit]")
    page.click(f"{PANEL} button[type=submit]")
    page.wait_for_selector(f"{PANEL} [role=status]:text-is('waiting for the running cell')")
    page.click(".jp-NotebookPanel-toolbar [data-command='notebook:interrupt-kernel']")
    page.wait_for_selector(f"{PANEL}-verdict", timeout=PATIENCE)
    assert "Static, same results" in page.inner_text(f"{PANEL}-verdict")


def test_what_is_missing_is_explained(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "empty.ipynb", "a = 1", "import tengen as tg", "1")
    page = open_lab(studio, "/lab/tree/empty.ipynb?reset")
    page.wait_for_selector(IDLE)
    press(page)
    page.wait_for_selector(f"{PANEL} p:has-text('has not loaded Tengen yet')")
    picture(page, "convert-empty")
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    run_all(page)
    page.click(f"{PANEL} button:text-is('Look again')")
    page.wait_for_selector(f"{PANEL} p:has-text('no model or training step')")


def test_an_error_of_the_model_is_shown_as_its_own(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    broken = BRANCHING.replace(
        "if y.mean().item() > 3:", "if len(x.shape) > 2:\n            assert 0"
    )
    write_notebook(studio, "broken.ipynb", IMPORTS, broken, MAKING)
    page = open_lab(studio, "/lab/tree/broken.ipynb?reset")
    run_all(page)
    press(page)
    page.fill(f"{PANEL}-sample input", "x[:, :5]")
    page.click(f"{PANEL} button[type=submit]")
    page.wait_for_selector(f"{PANEL} h2:has-text('raised an error')", timeout=PATIENCE)
    assert "64" in page.inner_text(f"{PANEL}-raised")
    assert "self.body(x)" in page.inner_text(f"{PANEL}-frames")
    picture(page, "convert-failed")
    page.click(f"{PANEL}-frames {PANEL}-link >> nth=0")
    page.wait_for_selector(".jp-Cell.jp-mod-active:has-text('class Net')")
    page.click(f"{PANEL} button:text-is('Change the inputs')")
    assert page.input_value(f"{PANEL}-sample input") == "x[:, :5]"


@pytest.mark.parametrize("theme", ["dark", "contrast"])
def test_it_speaks_chinese_in_the_dark_and_by_keyboard(
    launch: Launch, open_lab: OpenLab, picture: Picture, theme: str
) -> None:
    settings = ALL_CELLS | CHINESE | (DARK if theme == "dark" else CONTRAST)
    studio = launch(settings=settings)
    write_notebook(studio, "dark.ipynb", CODE, "step(x, y)")
    page = open_lab(studio, "/lab/tree/dark.ipynb?reset")
    page.wait_for_selector(f"{BUTTON}:not([disabled]):not(.lm-mod-disabled)")
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-InputPrompt:text-is('[2]:')")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Alt+m")
    page.wait_for_selector(f"{PANEL} button[type=submit]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{PANEL}-verdict:has-text('已转为静态，结果相同')", timeout=PATIENCE)
    picture(page, f"convert-{theme}-zh")
    assert flaws_of(page, PANEL) == []
