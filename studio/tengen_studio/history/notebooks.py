"""Compares two notebooks cell by cell: source, outputs and metadata each on their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import nbformat
from nbdime.diffing.notebooks import diff_notebooks
from nbformat import NotebookNode

from tengen_studio.history.schemas import Cell, CellDiff, Hunk
from tengen_studio.history.texts import hunks

Pair = tuple[int | None, int | None]


def read_notebook(data: bytes) -> NotebookNode | None:
    """Return a notebook in the present format, or None if `data` is none."""
    try:
        return nbformat.reads(data.decode(), as_version=4)
    except Exception:
        # nbformat raises whatever a malformed notebook leads it to.
        return None


def compare(old: NotebookNode, new: NotebookNode) -> tuple[list[CellDiff], list[Hunk]]:
    """Return a row for each cell, in order, and the lines of metadata that differ."""
    rows = [
        _row(
            _cell(old.cells, before) if before is not None else None,
            _cell(new.cells, after) if after is not None else None,
        )
        for before, after in align(old, new)
    ]
    return rows, hunks(_text(old.metadata), _text(new.metadata))


def align(old: NotebookNode, new: NotebookNode) -> list[Pair]:
    """Return the indices of the cells that stand side by side; None where one side has none.

    Cells are matched by their ids; notebooks of old formats, which have none, by nbdime, which
    knows cells by likeness.
    """
    ids = [[cell.get("id") for cell in notebook.cells] for notebook in (old, new)]
    if all(all(side) and len(set(side)) == len(side) for side in ids):
        matcher = SequenceMatcher(None, ids[0], ids[1], autojunk=False)
        pairs: list[Pair] = []
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag == "equal":
                pairs += zip(range(a, b), range(c, d), strict=True)
            else:
                pairs += [(n, None) for n in range(a, b)] + [(None, n) for n in range(c, d)]
        return pairs
    return _align_by_likeness(old, new)


def _align_by_likeness(old: NotebookNode, new: NotebookNode) -> list[Pair]:
    # Outputs may be large and say little of which cell is which.
    bare = [
        {**notebook, "cells": [{**cell, "outputs": []} for cell in notebook.cells]}
        for notebook in (old, new)
    ]
    pairs: list[Pair] = []
    before = after = 0
    for entry in diff_notebooks(*map(nbformat.from_dict, bare)):
        if entry.key != "cells":
            continue
        for step in entry.diff:
            while before < step.key:
                pairs.append((before, after))
                before, after = before + 1, after + 1
            if step.op == "addrange":
                count = len(step.valuelist)
                pairs += [(None, after + n) for n in range(count)]
                after += count
            elif step.op == "removerange":
                pairs += [(before + n, None) for n in range(step.length)]
                before += step.length
    pairs += zip(range(before, len(old.cells)), range(after, len(new.cells)), strict=True)
    return pairs


def _cell(cells: Sequence[Any], index: int) -> Cell:
    cell = cells[index]
    return Cell(
        index=index,
        id=cell.get("id"),
        kind=cell.get("cell_type", "raw"),
        source=cell.get("source", ""),
        outputs=list(cell.get("outputs", [])),
        metadata=dict(cell.get("metadata", {})),
    )


def _row(old: Cell | None, new: Cell | None) -> CellDiff:
    if old is None or new is None:
        status = "added" if old is None else "removed"
        return CellDiff(status, old, new, [], True, False, False)  # type: ignore[arg-type]
    source = old.source != new.source or old.kind != new.kind
    outputs = old.outputs != new.outputs
    metadata = old.metadata != new.metadata
    changed = source or outputs or metadata
    return CellDiff(
        "changed" if changed else "same",
        old,
        new,
        hunks(old.source, new.source) if source else [],
        source,
        outputs,
        metadata,
    )


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
