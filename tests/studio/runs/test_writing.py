"""What the server writes into a notebook leaves what the page alone has put there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tengen_studio.runs.book import Run
from tengen_studio.runs.writing import CARD, write_outputs


@pytest.mark.parametrize(("count", "kept"), [(None, True), (2, True), (1, False)])
async def test_the_reason_why_a_kernel_died_stays(
    jp_serverapp: Any, jp_root_dir: Path, count: int | None, kept: bool
) -> None:
    card = nbformat.v4.new_output("display_data", {CARD: {"version": 1}, "text/plain": "It died"})
    cell = nbformat.v4.new_code_cell("die()", id="a", execution_count=count, outputs=[card])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), jp_root_dir / "a.ipynb")
    run = Run("run", "a", state="done", count=2)
    await write_outputs(jp_serverapp.contents_manager, "a.ipynb", [run])
    [read] = nbformat.read(jp_root_dir / "a.ipynb", as_version=4).cells
    assert read.execution_count == 2
    assert [output.data["text/plain"] for output in read.outputs] == (["It died"] if kept else [])


async def test_what_the_kernel_has_shown_is_not_doubled(
    jp_serverapp: Any, jp_root_dir: Path
) -> None:
    shown = nbformat.v4.new_output("display_data", {CARD: {"version": 1}, "text/plain": "No room"})
    cell = nbformat.v4.new_code_cell("grow()", id="a", execution_count=1, outputs=[shown])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), jp_root_dir / "a.ipynb")
    run = Run("run", "a", state="done", count=1)
    run.outputs.apply("display_data", {"data": dict(shown.data), "metadata": {}})
    assert not await write_outputs(jp_serverapp.contents_manager, "a.ipynb", [run])
