"""The graph view: a file by double click, search, colours, passes, comparison, and the widget."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from bench.graphview.compiled import compiled
from bench.graphview.documents import resnet, transformer

import tengen as tg
from tests.studio.graphs.files import static_model

from .flaws import flaws_of
from .studio import Studio
from .test_memory import ALL_CELLS, PATIENCE, run_all, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}
DARK = {"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}
CODE = """\
import tengen as tg
import tengen.functional as F
import tengen.module as M

net = M.Sequential(M.Linear(4, 8), M.ReLU(), M.Linear(8, 2))
tg.viz.graph(net, F.zeros((3, 4)))
"""
LINKED = """\
import numpy as np
import tengen as tg
import tengen.functional as F
import tengen.module as M

class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(3, 16, 3)
        self.head = M.Conv2d(16, 4, 3)

    def forward(self, x):
        y = self.conv(x)
        y = F.relu(y) + F.sigmoid(y)
        return F.softmax(self.head(y))

net = Net()
x = tg.Tensor(np.ones((4, 3, 32, 32), np.float32))
"""
VIEW = ".tengen-Graph:visible"
CANVAS = f"{VIEW} .tengen-Graph-canvas"
DETAILS = f"{VIEW} .tengen-Graph-details"


@pytest.fixture
def documents(launch: Launch) -> Studio:
    """A studio whose folder has two graphs, an empty one and a broken one."""
    studio = launch()
    write(studio.work, "resnet", json.dumps(compiled(resnet())))
    write(studio.work, "gpt", json.dumps(transformer(12)))
    write(studio.work, "empty", json.dumps({"version": 1, "name": "", "nodes": []}))
    write(studio.work, "broken", "{")
    return studio


def write(folder: Path, name: str, text: str) -> None:
    """Write a graph file."""
    (folder / f"{name}.tggraph").write_text(text, encoding="utf-8")


def open_file(page: Page, name: str) -> None:
    """Open a graph file as a double click in the file browser does, and wait for the picture."""
    page.wait_for_selector(".jp-DirListing-item")
    page.locator(".jp-DirListing-item", has_text=f"{name}.tggraph").dblclick()


def run_command(page: Page, label: str) -> None:
    """Run a command by its name in the palette."""
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type(label)
    page.locator(".lm-CommandPalette-item", has_text=label).first.click()


def test_a_graph_opens_and_is_explored_by_keyboard(
    documents: Studio, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(documents)
    open_file(page, "resnet")
    page.wait_for_selector(CANVAS)
    assert "resnet50" in page.inner_text(f"{DETAILS} h2")
    page.wait_for_timeout(500)
    picture(page, "graph")

    page.locator(CANVAS).focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    heading = page.locator(f"{DETAILS} h2")
    assert heading.inner_text() == "max_pool2d"
    assert "max_pool2d" in page.inner_text(f"{CANVAS} [aria-live]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    button = page.locator(f"{DETAILS} header button")
    assert (heading.inner_text(), button.inner_text()) == ("0", "Open group")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close group").wait_for()

    page.keyboard.press("/")
    page.keyboard.type("layer4.2 conv3")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.tengen-Graph-details header p').innerText"
        ".includes('layer4.2.conv3')"
    )
    assert "1 of" in page.inner_text(".tengen-Graph-search [role=status]")
    picture(page, "graph-search")


def test_colours_passes_and_the_comparison(
    documents: Studio, open_lab: OpenLab, picture: Picture
) -> None:
    page = open_lab(documents)
    open_file(page, "resnet")
    page.wait_for_selector(CANVAS)
    page.get_by_label("Colour by").select_option("ms")
    assert "ms" in page.inner_text(f"{CANVAS} .tengen-Graph-legend")
    assert page.inner_text(f"{DETAILS} tr:has-text('Operators') td") == "89"

    page.get_by_label("Previous pass").click()
    page.get_by_label("Previous pass").click()
    page.wait_for_function(
        "() => document.querySelector('.tengen-Graph-details td').innerText === '175'"
    )
    page.get_by_label("Next pass").click()
    page.get_by_role("button", name="Side by side").click()
    counts = page.locator(".tengen-Graph-counts")
    counts.wait_for()
    assert counts.locator("[data-mark=changed]").inner_text() == "~53 changed"
    page.locator(".tengen-Graph-differences button").first.click()
    page.wait_for_selector(f"{DETAILS} h2")
    page.wait_for_timeout(500)
    picture(page, "graph-compare")
    page.get_by_role("button", name="End the comparison").click()
    page.wait_for_selector(f"{VIEW} .tengen-Graph-passes")


def test_the_picture_is_saved_as_svg_by_command(documents: Studio, open_lab: OpenLab) -> None:
    page = open_lab(documents)
    open_file(page, "gpt")
    page.wait_for_selector(CANVAS)
    with page.expect_download() as coming:
        run_command(page, "Save the graph as SVG")
    text = Path(coming.value.path()).read_text(encoding="utf-8")
    assert text.startswith("<svg ")
    assert "SelfAttention" in text
    assert coming.value.suggested_filename == "transformer-of-12-blocks.svg"


@pytest.mark.long
def test_a_large_model_is_drawn(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    net = tg.models.resnet50()
    net.eval()
    view = tg.viz.graph(net, tg.random.normal(size=(1, 3, 224, 224)), name="ResNet-50")
    studio = launch()
    view.save(studio.work / "resnet50.tggraph")
    page = open_lab(studio)
    open_file(page, "resnet50")
    page.wait_for_selector(CANVAS)
    assert "25.6 M" in page.inner_text(DETAILS)
    page.locator(CANVAS).focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(800)
    picture(page, "graph-resnet50")


def test_a_model_file_opens_by_double_click(documents: Studio, open_lab: OpenLab) -> None:
    (documents.work / "small.tgm").write_bytes(static_model())
    page = open_lab(documents)
    page.locator(".jp-DirListing-item", has_text="small.tgm").dblclick()
    page.wait_for_selector(CANVAS)
    assert page.inner_text(f"{DETAILS} tr:has-text('Operators') td") == "2"
    assert "from a file" in page.inner_text(f"{DETAILS} header")


def test_a_notebook_shows_the_graph_of_a_model(launch: Launch, open_lab: OpenLab) -> None:
    studio = launch()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CODE)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, studio.work / "graph.ipynb")
    page = open_lab(studio, "/lab/tree/graph.ipynb?reset")
    # The indicator is idle before there is a kernel as well; the status bar is not.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    canvas = page.locator(".jp-OutputArea .tengen-Graph-canvas")
    canvas.wait_for()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    # Little room is left for details until something is chosen, and none once they are closed.
    details = page.locator(".jp-OutputArea .tengen-Graph-details")
    assert details.locator("h2").inner_text() == "fused_matmul"
    page.locator(".jp-OutputArea").get_by_role("button", name="Details").click()
    canvas.focus()
    page.keyboard.press("ArrowUp")
    assert details.count() == 0


def test_line_node_block_and_moment_light_each_other_up(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "linked.ipynb", LINKED, "tg.viz.graph(net, x)", "tg.viz.memory(net, x)")
    page = open_lab(studio, "/lab/tree/linked.ipynb?reset")
    run_all(page)
    canvas = page.locator(".jp-OutputArea .tengen-Graph-canvas")
    canvas.wait_for()
    page.wait_for_selector(".tengen-Memory-track")
    canvas.locator(".tengen-Graph-legend").wait_for()  # from then on it hears keys
    canvas.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    # A node: its blocks, and its line in the cell.
    blocks = page.locator(".tengen-Memory-linked")
    blocks.wait_for()
    line = page.locator(".tengen-mod-linked .tengen-linkedLine")
    line.wait_for()
    page.wait_for_timeout(300)
    assert line.count() == 1
    picture(page, "linked-node")
    # A line: its operators and its blocks.
    page.locator(".cm-line", has_text="F.relu").click()
    nodes = page.locator(".tengen-Graph-linked")
    page.wait_for_selector(".tengen-Graph-linked:has-text('1 of 4 operators')")
    assert line.count() == 0
    assert "dynamic" in blocks.inner_text()
    picture(page, "linked-line")
    nodes.get_by_role("button", name="Show").click()
    page.locator(".cm-line", has_text="def forward").click()
    nodes.wait_for(state="detached")
    blocks.wait_for(state="detached")
    # A moment, then a block: what ran, or what made it.
    page.locator(".tengen-Memory-plots").focus()
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    nodes.wait_for()
    page.locator(".tengen-Memory-tablehead button", has_text="all").click()
    page.locator("tr[aria-rowindex]", has_text="relu").first.click()
    page.wait_for_selector(".tengen-Memory-block dl")
    nodes.wait_for()
    picture(page, "linked-block")


def test_choosing_time_measures_it(launch: Launch, open_lab: OpenLab, picture: Picture) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "times.ipynb", LINKED, "tg.viz.graph(net, x)")
    page = open_lab(studio, "/lab/tree/times.ipynb?reset")
    run_all(page)
    output = page.locator(".jp-OutputArea")
    output.get_by_label("Colour by").select_option("ms")
    page.wait_for_selector(".jp-OutputArea .tengen-Graph-scale", timeout=PATIENCE)
    output.get_by_role("button", name="Details").click()
    time = output.locator(".tengen-Graph-details tr:has-text('Time') td")
    assert re.match(r"[\d.]+ (ms|µs)", time.inner_text())
    picture(page, "graph-times")


def test_an_empty_and_a_broken_file_are_explained(documents: Studio, open_lab: OpenLab) -> None:
    page = open_lab(documents)
    open_file(page, "empty")
    page.get_by_text("An empty graph").wait_for()
    open_file(page, "broken")
    page.locator(f"{VIEW} [role=alert]").wait_for()
    assert page.locator(f"{VIEW} [role=alert] button").inner_text() == "Try again"


def test_the_view_speaks_chinese_in_the_dark_and_follows_its_settings(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=CHINESE | DARK | {"@tengen/studio-lab:graph": {"colourBy": "flops"}})
    write(studio.work, "gpt", json.dumps(transformer(12)))
    page = open_lab(studio)
    open_file(page, "gpt")
    page.wait_for_selector(CANVAS)
    assert page.get_by_label("着色依据").input_value() == "flops"
    assert "算子" in page.inner_text(DETAILS)
    page.wait_for_timeout(900)
    picture(page, "graph-zh-dark")
    assert flaws_of(page, ".tengen-Graph") == []
