"""What the history's routes take and give."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from tengen_studio.contract import Count

Status = Literal["added", "removed", "changed", "renamed"]
FileKind = Literal["text", "notebook", "binary", "link"]


class Version(Struct, frozen=True):
    """One saved state; the counts compare it with the version before.

    An automatic version has the `reason` that it was made for. `skipped` gives the reason for
    each file that is not part of it. A version that is `held` back is for editors and owners
    alone: the files in `suspects` may hold secrets, and no owner has cleared it.
    """

    id: str
    number: int
    message: str
    author_id: str
    author: str
    created: str
    automatic: bool
    reason: str
    files: int
    bytes: int
    added: int
    changed: int
    removed: int
    cells_added: int
    cells_changed: int
    cells_removed: int
    skipped: dict[str, str]
    held: bool
    suspects: list[str]
    details: dict[str, Any]


class VersionPage(Struct, frozen=True):
    """One page of a project's versions, the newest first."""

    items: list[Version]
    next: str | None = None


class SaveRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new version; with a message one is made even where nothing has changed."""

    message: str = ""


class VersionFile(Struct, frozen=True):
    """One file of a version; `sha256` is known for large files only."""

    path: str
    size: int
    kind: Literal["file", "executable", "link"]
    oid: str


class FilePage(Struct, frozen=True):
    """One page of a version's files, sorted by path."""

    items: list[VersionFile]
    next: str | None = None


class ContentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which file of the version, relative to the project's folder."""

    path: str


class ArchiveQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the archive is wanted although the version may hold secrets."""

    despite_findings: bool = False


class DiffQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which two versions; `to` is the newest by default, `from` the one before `to`.

    With `folder` the later side is the project's folder as it is now.
    """

    from_: Count | None = None
    to: Count | None = None
    folder: bool = False
    after: str | None = None


class FileDiffQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which file of which two versions; `old_path` where it had another name before."""

    path: str
    old_path: str | None = None
    from_: Count | None = None
    to: Count | None = None
    folder: bool = False


class FileChange(Struct, frozen=True):
    """A file that differs; `old_path` is null unless it was renamed."""

    path: str
    old_path: str | None
    status: Status
    old_size: int | None
    new_size: int | None


class ChangePage(Struct, frozen=True):
    """The files that differ between two versions; `to_version` is null for the folder."""

    from_version: int
    to_version: int | None
    items: list[FileChange]
    next: str | None = None


class Hunk(Struct, frozen=True):
    """A stretch of lines that differ, and those around it.

    Each line starts with a blank (in both), `-` (in the old one) or `+` (in the new one). Line
    numbers count from 1.
    """

    old_start: int
    new_start: int
    lines: list[str]


class Side(Struct, frozen=True):
    """One side of a comparison; `sha256` is the content's."""

    size: int
    sha256: str
    executable: bool


class Cell(Struct, frozen=True):
    """A cell of one side, `outputs` in the notebook format."""

    index: int
    id: str | None
    kind: str
    source: str
    outputs: list[dict[str, Any]]
    metadata: dict[str, Any]


class CellDiff(Struct, frozen=True):
    """One row of two notebooks side by side; `source` holds the lines that differ."""

    status: Literal["same", "added", "removed", "changed"]
    old: Cell | None
    new: Cell | None
    source: list[Hunk]
    source_changed: bool
    outputs_changed: bool
    metadata_changed: bool


class FileDiff(Struct, frozen=True):
    """How one file differs: texts by `hunks`, notebooks by `cells`, others by their sides.

    `metadata` are the lines of a notebook's own metadata that differ. `large` says that the
    file is too large to be compared further.
    """

    path: str
    kind: FileKind
    old: Side | None
    new: Side | None
    large: bool
    hunks: list[Hunk]
    cells: list[CellDiff]
    metadata: list[Hunk]


class RestoreRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The version to bring back; with `path`, that file of it alone."""

    version: Count
    path: str | None = None


class PullRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which version of the origin to bring in; the newest if null."""

    version: Count | None = None


class Merged(Struct, frozen=True):
    """What joining two sides gave: the version, and the files where both had changed the same.

    There the project's own side stays, and the other one lies beside it under the given name.
    """

    version: Version
    taken: list[str]
    merged: list[str]
    conflicts: dict[str, str]


class PushQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that the pushed files build on, and what they change.

    Where another version came first, `merge` joins both; without it the push is refused.
    """

    base: Count
    message: str = ""
    merge: bool = False
