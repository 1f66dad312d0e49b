"""Counts the cells that differ between two notebooks, fast enough to do at every save."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class Counts:
    """How many cells were added, changed (in source or outputs) and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
        )


class _Cell(msgspec.Struct):
    source: str | list[str] = ""
    outputs: msgspec.Raw = msgspec.Raw(b"[]")
    id: str | None = None


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []


def count(old: bytes, new: bytes) -> Counts:
    """Return what changed from one notebook's text to another's; what is none has no cells.

    Cells are matched by their ids; those of old formats, which have none, by their content.
    """
    before, after = _cells(old), _cells(new)
    if all(cell.id for cell in before + after):
        olds = {cell.id: _content(cell) for cell in before}
        news = {cell.id: _content(cell) for cell in after}
        common = olds.keys() & news.keys()
        changed = sum(olds[key] != news[key] for key in common)
        return Counts(len(news) - len(common), changed, len(olds) - len(common))
    gone = Counter(map(_content, before))
    come = Counter(map(_content, after))
    removed, added = (gone - come).total(), (come - gone).total()
    changed = min(removed, added)
    return Counts(added - changed, changed, removed - changed)


def _cells(text: bytes) -> list[_Cell]:
    try:
        return msgspec.json.decode(text, type=_Notebook).cells
    except msgspec.DecodeError:
        return []


def _content(cell: _Cell) -> tuple[str, bytes]:
    source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    return source, bytes(cell.outputs)
