"""Joins two sides that went on from one version: file by file, line by line, cell by cell.

Where both changed the same, the project's own side stays and the other one is laid beside it,
so that nothing is lost and every file stays valid.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import nbformat
from merge3 import Merge3
from nbdime.merging.decisions import apply_decisions
from nbdime.merging.notebooks import decide_notebook_merge
from nbformat import NotebookNode

from tengen_studio.history.notebooks import read_notebook
from tengen_studio.history.texts import decoded, is_long
from tengen_studio.storage.trees import LINK, Entry

_STRATEGY: dict[str, Any] = {
    "log_level": "INFO",
    "ignore_transients": True,
    "input_strategy": None,
    "output_strategy": None,
}


@dataclass
class Joined:
    """The files of the result, and how they came about.

    `taken` came from the other side, `merged` were joined, and where both changed the same,
    `conflicts` gives the name under which the other side lies.
    """

    files: dict[str, Entry]
    taken: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)


def join(
    base: dict[str, Entry],
    ours: dict[str, Entry],
    theirs: dict[str, Entry],
    read: Callable[[Entry], bytes | None],
    write: Callable[[bytes], str],
    label: str,
) -> Joined:
    """Return `ours` with what `theirs` changed since `base`.

    `read` gives a file's content, or None for one too large to be joined; `write` keeps one and
    gives its id; `label` names the other side in file names.
    """
    result = Joined(dict(ours))
    folders = _folders(ours)
    for path in sorted(base.keys() | theirs.keys()):
        old, mine, other = base.get(path), ours.get(path), theirs.get(path)
        if other in (old, mine):
            continue
        fits = other is not None and _fits(path, ours, folders)
        if other is None and mine == old:
            del result.files[path]
            result.taken.append(path)
            continue
        # What was removed here and changed there is somebody's work, and comes back.
        if other is not None and fits and (mine == old or mine is None):
            result.files[path] = other
            result.taken.append(path)
            continue
        merged = _merge_files(path, old, mine, other, read, write)
        if merged is not None:
            result.files[path] = merged
            result.merged.append(path)
        else:
            beside = _beside(path, label, result.files, folders) if other is not None else ""
            if other is not None:
                result.files[beside] = other
            result.conflicts[path] = beside
    return result


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Return both sides' changes of a text, or None where they touch the same lines."""
    sides = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    merged: list[str] = []
    for group in Merge3(sides[0], sides[1], sides[2]).merge_groups():
        if group[0] == "conflict":
            return None
        merged += group[1]
    return "".join(merged)


def merge_notebooks(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return both sides' changes of a notebook, or None where they change the same lines.

    The outputs are those of the side that a cell's source comes from; a cell whose source was
    joined has none, because nobody has run it.
    """
    notebooks = [read_notebook(data) for data in (base, ours, theirs)]
    if any(notebook is None for notebook in notebooks):
        return None
    bare = [_bare(notebook) for notebook in notebooks if notebook is not None]
    decisions = decide_notebook_merge(
        *bare, args=Namespace(**_STRATEGY, merge_strategy="mergetool")
    )
    if any(decision.conflict for decision in decisions):
        return None
    merged = apply_decisions(bare[0], decisions)
    _give_outputs(merged, *notebooks)  # type: ignore[arg-type]
    return (json.dumps(merged, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def merge_contents(path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return both sides' changes of a file, or None where they cannot be joined."""
    if path.endswith(".ipynb"):
        return merge_notebooks(base, ours, theirs)
    texts = [decoded(data) for data in (base, ours, theirs)]
    if any(text is None or is_long(text) for text in texts):
        return None
    merged = merge_texts(*texts)  # type: ignore[arg-type]
    return None if merged is None else merged.encode()


def _merge_files(
    path: str,
    old: Entry | None,
    mine: Entry | None,
    other: Entry | None,
    read: Callable[[Entry], bytes | None],
    write: Callable[[bytes], str],
) -> Entry | None:
    if old is None or mine is None or other is None:
        return None
    if LINK in (old.mode, mine.mode, other.mode):
        return None
    contents = [read(entry) for entry in (old, mine, other)]
    if any(content is None for content in contents):
        return None
    merged = merge_contents(path, *contents)  # type: ignore[arg-type]
    if merged is None:
        return None
    mode = other.mode if mine.mode == old.mode else mine.mode
    return Entry(mode, write(merged))


def _folders(files: Iterable[str]) -> set[str]:
    return {"/".join(p.split("/")[:n]) for p in files for n in range(1, p.count("/") + 1)}


def _fits(path: str, ours: dict[str, Entry], folders: set[str]) -> bool:
    """Tell whether no file of ours has the name of a folder that `path` needs, or the reverse."""
    return path not in folders and not any(above in ours for above in _folders([path]))


def _beside(path: str, label: str, files: dict[str, Entry], folders: set[str]) -> str:
    """Return a free name for the other side of `path`: `a.txt` becomes `a (label).txt`."""
    # Where it would not fit, the whole path becomes a name at the top.
    pure = PurePosixPath(path if _fits(path, files, folders) else path.replace("/", "-"))
    number = 1
    while True:
        counted = label if number == 1 else f"{label} {number}"
        # A name has 255 bytes at most, and the ending stays.
        stem = pure.stem.encode()[: 240 - len(f" ({counted}){pure.suffix}".encode())]
        name = f"{stem.decode(errors='ignore')} ({counted}){pure.suffix}"
        found = str(pure.with_name(name))
        if found not in files and found not in folders:
            return found
        number += 1


def _bare(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without outputs: they are nobody's writing, and never worth a conflict."""
    cells = []
    for cell in notebook.cells:
        kept = dict(cell)
        if "outputs" in kept:
            kept.update(outputs=[], execution_count=None)
        cells.append(kept)
    return nbformat.from_dict({**notebook, "cells": cells})


def _give_outputs(
    merged: NotebookNode, base: NotebookNode, ours: NotebookNode, theirs: NotebookNode
) -> None:
    sides = [
        {(cell.get("id"), cell.source): cell for cell in notebook.cells if "outputs" in cell}
        for notebook in (ours, theirs)
    ]
    old = {(cell.get("id"), cell.source): cell for cell in base.cells if "outputs" in cell}
    for cell in merged.cells:
        if "outputs" not in cell:
            continue
        key = (cell.get("id"), cell.source)
        mine, other = sides[0].get(key), sides[1].get(key)
        # Run again on the other side alone: those outputs are the newer ones.
        if mine is not None and other is not None and mine == old.get(key):
            mine = other
        source = mine or other
        if source is not None:
            cell.outputs = source.outputs
            cell.execution_count = source.execution_count
