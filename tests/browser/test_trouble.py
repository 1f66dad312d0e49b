"""Memory that runs out becomes a card with ways that work; a kernel that dies leaves its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .studio import Studio
from .test_memory import ALL_CELLS, CHINESE, CODE, DARK, IDLE, PATIENCE, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

CARD = ".tengen-Trouble"
WAYS = f"{CARD}-ways li"
BATCH = """\
batch_size = 4096
tg.config.memory_limit = tg.get_allocated_memory() + 24_000_000
x = tg.Tensor(np.ones((batch_size, 256), np.float32))
y = tg.Tensor(np.zeros(batch_size, np.int32))
step(x, y)
"""


def test_memory_that_runs_out_is_a_card_whose_ways_work(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, "batch.ipynb", CODE, BATCH.replace("batch_size = 4096", ""), "")
    notebook = json.loads((studio.work / "batch.ipynb").read_text())
    notebook["cells"].insert(1, {**notebook["cells"][2], "source": "batch_size = 4096", "id": "b"})
    (studio.work / "batch.ipynb").write_text(json.dumps(notebook))
    page = open_lab(studio, "/lab/tree/batch.ipynb?reset")
    page.wait_for_selector(IDLE)
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.wait_for_selector(f"{CARD} h3:has-text('Memory ran out')", timeout=PATIENCE)
    page.wait_for_selector(f"{WAYS}[data-kind='batch'][data-fits='true']", timeout=PATIENCE)
    assert "step with a batch of 4096" in page.inner_text(CARD)
    assert page.locator(f"{CARD} table tr").count() >= 4
    page.locator(CARD).scroll_into_view_if_needed()
    picture(page, "trouble-memory")

    insert = page.locator(f"{WAYS}[data-kind='batch'] button")
    code = (insert.get_attribute("aria-label") or "").removeprefix("Insert: ")
    size = int(code.removeprefix("batch_size = "))
    assert 100 < size < 4096
    insert.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.jp-CodeCell').length === 5")
    cells = page.locator(".jp-CodeCell .cm-content")
    assert cells.nth(2).inner_text() == code
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.locator(CARD).wait_for(state="detached", timeout=PATIENCE)
    page.wait_for_selector(IDLE)
    ran = page.locator(".jp-CodeCell .jp-InputPrompt")
    page.wait_for_function("() => !document.querySelector('.jp-CodeCell.jp-mod-executing')")
    assert ran.nth(3).inner_text() != "[ ]:"
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").all_inner_texts() == []


@pytest.mark.parametrize(
    ("name", "code", "title"),
    [
        ("crash", "import ctypes\nctypes.string_at(0)", "The kernel crashed (SIGSEGV)"),
        (
            "killed",
            "import os, signal, time\ntime.sleep(2)\nos.kill(os.getpid(), signal.SIGKILL)",
            "The kernel was ended from outside (SIGKILL)",
        ),
    ],
)
def test_a_dead_kernel_leaves_its_reason(
    launch: Launch, open_lab: OpenLab, picture: Picture, name: str, code: str, title: str
) -> None:
    studio = launch(settings=ALL_CELLS)
    write_notebook(studio, f"{name}.ipynb", "answer = 42", code)
    page = open_lab(studio, f"/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(IDLE)
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.wait_for_selector(f"{CARD} h3:text-is('{title}')", timeout=PATIENCE)
    page.wait_for_selector(".Toastify__toast, .jp-toastContainer :text('The kernel')")
    lines = page.locator(f"{CARD}-stack button")
    assert lines.last.inner_text().startswith("cell 2, line ")
    assert "Most memory" in page.inner_text(CARD)
    picture(page, f"trouble-{name}")
    assert page.locator(".jp-Dialog").count() == 0
    lines.last.click()
    page.wait_for_selector(".jp-CodeCell.jp-mod-active .cm-focused")
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    # What was told once is not told again, and the card is part of the saved notebook.
    page.keyboard.press("Control+S")
    page.wait_for_selector(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)")
    page.goto(f"{studio.url}/lab/tree/{name}.ipynb")
    page.wait_for_selector(f"{CARD} h3:text-is('{title}')")
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    assert page.locator(CARD).count() == 1
    outputs = json.loads((studio.work / f"{name}.ipynb").read_text())["cells"][1]["outputs"]
    assert title in "".join(outputs[0]["data"]["text/plain"])


@pytest.mark.long
def test_the_cards_speak_chinese_and_are_readable_in_the_dark(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=ALL_CELLS | CHINESE | DARK)
    write_notebook(studio, "dark.ipynb", CODE, BATCH)
    page = open_lab(studio, "/lab/tree/dark.ipynb?reset")
    page.wait_for_selector("#jp-main-statusbar :text('Python 3 (ipykernel) | 空闲')")
    page.click(".lm-MenuBar-itemLabel:text-is('运行')")
    page.click(".lm-Menu-itemLabel:text-is('运行所有单元格')")
    page.wait_for_selector(f"{CARD} h3:has-text('内存不足')", timeout=PATIENCE)
    page.wait_for_selector(f"{WAYS}[data-kind='batch']", timeout=PATIENCE)
    page.locator(CARD).scroll_into_view_if_needed()
    picture(page, "trouble-memory-zh")
