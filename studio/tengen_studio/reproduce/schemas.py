"""What the reproductions' routes take and give, and what a report holds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tengen_studio.contract import Count

Verdict = Literal["same", "close", "different", "failed", "new", "not run"]
Rebuild = Literal["auto", "never", "always"]


class Readiness(Struct, frozen=True):
    """One thing that a version needs to be run again: whether it is here, and what to do if not."""

    name: Literal["code", "packages", "data", "seeds"]
    ready: bool
    note: str


class VersionEnvironment(Struct, frozen=True):
    """What a version was saved with; `recorded` is false where an older one had to stand in.

    `changed` names the packages that have another version here, or none: name, then, now.
    """

    version: int
    recorded: bool
    python: str
    system: str
    engine: str | None
    packages: dict[str, str]
    changed: list[tuple[str, str, str | None]]
    readiness: list[Readiness]


class ReproductionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What to run again, with which packages, and how close numbers must be.

    Without `version` the newest. `rebuild` "auto" makes an environment with the recorded
    packages where they differ from those here. Without `notebooks` all that have outputs.
    """

    version: Count | None = None
    rebuild: Rebuild = "auto"
    notebooks: list[str] | None = None
    relative: float = 1e-5
    absolute: float = 1e-8
    minutes: float = 60.0


class CellReport(Struct, frozen=True):
    """How the outputs of one cell compare; cells count from 1 over the whole notebook.

    `difference` is the largest relative one between numbers that were compared.
    """

    cell: int
    verdict: Verdict
    difference: float | None
    note: str


class NotebookReport(Struct, frozen=True):
    """How one notebook went; `error` says why it was not run to its end."""

    path: str
    seconds: float
    error: str
    cells: list[CellReport]


class Report(Struct, frozen=True):
    """What was run, with what, and how it compares.

    `rebuilt` says that the packages were installed anew; `changed` names those that differed
    from the recorded ones nevertheless. `missing` are data sets that were not here.
    """

    rebuilt: bool
    python: str
    changed: list[tuple[str, str, str | None]]
    missing: list[str]
    relative: float
    absolute: float
    notebooks: list[NotebookReport]


class ReproductionEntry(Struct, frozen=True):
    """One run of a version; `progress` goes from 0 to 1, and `step` says what is being done."""

    id: str
    version: int
    state: Literal["running", "agreed", "differed", "failed", "cancelled", "lost"]
    message: str
    step: str
    progress: float
    created: str
    finished: str | None
    report: Report | None


class ReproductionPage(Struct, frozen=True):
    """One page of a project's reproductions, the newest first."""

    items: list[ReproductionEntry]
    next: str | None = None
