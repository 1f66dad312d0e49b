"""What the data sets' routes take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

SourceKind = Literal["folder", "file", "url"]


class DatasetRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A data set to register.

    `source` is a folder or a file, relative to the user's folder or absolute below one of the
    server's data folders, or an address. `sha256` is compared with what came, if it is given.
    """

    name: str
    kind: SourceKind
    source: str
    version: str = "1"
    description: str = ""
    licence: str = ""
    sha256: str | None = None


class DatasetEntry(Struct, frozen=True):
    """A registered data set; `progress` goes from 0 to 1 while its files are taken in."""

    id: str
    name: str
    version: str
    description: str
    licence: str
    kind: SourceKind
    source: str
    sha256: str | None
    files: int
    bytes: int
    state: str
    message: str
    progress: float
    created: str


class DatasetPage(Struct, frozen=True):
    """One page of data sets, the newest first."""

    items: list[DatasetEntry]
    next: str | None = None


class DatasetQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which data sets: those whose name or description has `q`; `after` is a page's `next`."""

    q: str = ""
    after: str | None = None


class DatasetFileEntry(Struct, frozen=True):
    """One file of a data set."""

    path: str
    sha256: str
    size: int


class DatasetFilePage(Struct, frozen=True):
    """One page of a data set's files, by path."""

    items: list[DatasetFileEntry]
    next: str | None = None


class PreviewQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which file to show; without `path`, the first one that can be shown."""

    path: str | None = None


class Thumbnail(Struct, frozen=True):
    """A small picture as a `data:` address; `width` and `height` are the original's."""

    path: str
    width: int
    height: int
    picture: str


class Preview(Struct, frozen=True):
    """The beginning of a data set: a table, pictures, a text, or nothing that can be shown.

    `note` says what it is in one line, such as an array's type and shape.
    """

    path: str
    kind: Literal["table", "pictures", "text", "nothing"]
    note: str
    columns: list[str]
    rows: list[list[str]]
    pictures: list[Thumbnail]
    text: str


class MountRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Put a data set into the project under `datasets/<name>`; the default is its own name."""

    dataset_id: str
    name: str | None = None


class Mount(Struct, frozen=True):
    """A data set that a project uses.

    `state` is "mounted", "available" (registered here, not in the folder), "altered" (files in
    the folder are not those registered) or "missing" (not registered here).
    """

    name: str
    dataset: str
    version: str
    sha256: str
    files: int
    bytes: int
    licence: str
    state: Literal["mounted", "available", "altered", "missing"]
    dataset_id: str | None


class MountList(Struct, frozen=True):
    """One page of the data sets of a project, by name."""

    items: list[Mount]
    next: str | None = None
