"""Puts the outputs of runs into their notebook on the disk, by the rules of every other save."""

from __future__ import annotations

from typing import Any

import nbformat
from jupyter_core.utils import ensure_async

from tengen_studio.runs.book import Run

CARD = "application/vnd.tengen.trouble+json"
"""What the page itself adds to a run: why its kernel died."""


async def write_outputs(contents: Any, path: str, runs: list[Run]) -> bool:
    """Put the outputs into the cells of the notebook at `path`; tell whether anything changed.

    Cells that are not there any more, and a notebook that is gone, are left alone.

    Raises:
        tornado.web.HTTPError: it could not be read or saved, or was changed meanwhile.
    """
    if not await ensure_async(contents.file_exists(path)):
        return False
    model = await ensure_async(contents.get(path, type="notebook", require_hash=True))
    by_cell = {run.cell: run for run in runs}
    changed = False
    for cell in model["content"]["cells"]:
        run = by_cell.get(cell.get("id", ""))
        if run is None or cell["cell_type"] != "code":
            continue
        outputs = [nbformat.from_dict(output) for output in run.outputs.in_notebook()]
        if cell["execution_count"] in (None, run.count) and not any(map(_is_card, outputs)):
            outputs += filter(_is_card, cell["outputs"])
        if (cell["outputs"], cell["execution_count"]) != (outputs, run.count):
            cell["outputs"], cell["execution_count"] = outputs, run.count
            # They come from the user's own kernel.
            cell["metadata"]["trusted"] = True
            changed = True
    if changed:
        save = {"type": "notebook", "format": "json", "content": model["content"]}
        await ensure_async(contents.save(save | {"base_hash": model["hash"]}, path))
    return changed


def _is_card(output: Any) -> bool:
    return CARD in output.get("data", {})
