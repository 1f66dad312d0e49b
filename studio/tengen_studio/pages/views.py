"""What the templates of the pages are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["folder", "notebook", "markdown", "text", "picture", "binary"]


@dataclass(frozen=True)
class VersionRow:
    """One version in the history: cells are those added, changed and removed in notebooks.

    One with `suspects`, files that may hold secrets, is held back from all but editors and owners.
    """

    number: int
    message: str
    author: str
    created: datetime
    automatic: bool
    added: int
    changed: int
    removed: int
    cells: tuple[int, int, int]
    suspects: tuple[str, ...]


@dataclass(frozen=True)
class Reproduced:
    """The latest rerun of a version that came to a judgement."""

    version: int
    agreed: bool
    when: str
    message: str


@dataclass(frozen=True)
class Head:
    """What stands on top of each page of a project; `version` is None before the first.

    `newest` is the number of the newest version, `chosen` the one asked for by number.
    """

    id: str
    name: str
    description: str
    owner: str
    tags: list[str]
    licence: str
    public: bool
    stars: int
    starred: bool
    version: VersionRow | None
    newest: int | None
    chosen: int | None
    may_copy: bool
    scripts: bool
    reproduced: Reproduced | None
    may_clear: bool


@dataclass(frozen=True)
class Item:
    """One name in a folder; a folder's size is None."""

    name: str
    path: str
    kind: Kind
    size: int | None


@dataclass(frozen=True)
class Document:
    """One file as it is shown: `html` for text, nothing for what the page frames or offers."""

    path: str
    kind: Kind
    size: int
    html: str = ""
    note: str = ""
