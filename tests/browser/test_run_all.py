"""The first notebook, run from its menu in a real browser, small and (long tier) as it ships."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .studio import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 600_000  # milliseconds: ten minutes, the longest it may take on two cores
SMALLER = {"EPOCHS": "1", "TRAIN_IMAGES": "5_120"}
# JupyterLab otherwise takes cells out of the page that are scrolled out of sight.
ALL_CELLS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
LAST_CELL_RAN = """() => {
  const prompts = document.querySelectorAll('.jp-CodeCell .jp-InputPrompt');
  return /\\[\\d+\\]/.test([...prompts].at(-1)?.textContent ?? '');
}"""
DATA = Path("/usr/share/datasets/fashion-mnist")  # Debian: apt install dataset-fashion-mnist
CURVES = ".jp-OutputArea-output svg"
CARD = ".jp-LauncherCard:has-text('Fashion-MNIST: first training')"


@pytest.mark.parametrize(
    ("smaller", "least"),
    [
        pytest.param(SMALLER, 50.0, id="small"),
        pytest.param({}, 91.5, id="as-it-ships", marks=pytest.mark.long),
    ],
)
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the pictures are not in {DATA}")
def test_run_all_trains_and_shows_it(
    launch: Callable[..., Studio],
    open_lab: Callable[..., Page],
    picture: Callable[[Page, str], None],
    smaller: dict[str, str],
    least: float,
) -> None:
    studio = launch(settings=ALL_CELLS)
    page = open_lab(studio)
    page.click(CARD)
    page.wait_for_selector(".jp-NotebookPanel h1")
    copies = studio.work.glob("first-training*/first_training.ipynb")
    notebook = max(copies, key=lambda path: path.parent.stat().st_ctime)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")

    if smaller:
        settings = page.locator(".jp-CodeCell .cm-content", has_text="TRAIN_IMAGES =").first
        settings.click()
        page.keyboard.press("Control+A")
        page.keyboard.type(
            "\n".join(["BATCH = 128", "LEARNING_RATE = 0.1", *map(" = ".join, smaller.items())])
        )

    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.wait_for_function(LAST_CELL_RAN, timeout=PATIENCE)
    page.locator(CURVES).first.scroll_into_view_if_needed()
    picture(page, "run-all" if smaller else "run-all-full")
    page.keyboard.press("Control+S")
    page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")

    cells = [c for c in json.loads(notebook.read_text())["cells"] if c["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [o for o in outputs if o["output_type"] == "error"] == []
    printed = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
    score = re.search(r"([\d.]+)% of the test pictures told right", printed)
    assert score is not None
    assert float(score[1]) >= least
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    assert (notebook.parent / "fashion.tg").is_file()
