"""The conversion documents: what can be made static, how far a conversion is, and its report.

A report is what `tengen.jit.ConversionReport.to_dict` gives; the other documents are answered by
the notebook's process. Infinite differences are left out of JSON as null.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TargetKind = Literal["step", "module", "function"]
ConversionState = Literal["running", "done", "failed", "stopped"]
ReplayKind = Literal["frozen", "checked"]
BatchKind = Literal["", "any", "each"]


class ConversionPatch(msgspec.Struct, frozen=True):
    """Lines `first` to `last` (from 1) of a file or cell as they stand and as they could."""

    file: str
    first: int
    last: int
    before: str
    after: str


class ParityRow(msgspec.Struct, frozen=True):
    """A comparison of static with dynamic results, relative to the largest value."""

    what: str
    difference: float | None
    tolerance: float | None
    reference: float | None
    agrees: bool


class CostRow(msgspec.Struct, frozen=True):
    """A figure before and after, in milliseconds ("ms") or bytes ("bytes")."""

    what: str
    unit: Literal["ms", "bytes"]
    before: float
    after: float


class ConversionBlocker(msgspec.Struct, frozen=True):
    """A root cause that keeps Python in the call; `fix` says what to change."""

    cause: str
    about: str
    file: str
    line: int
    text: str
    count: int
    cost_ms: float
    fix: str
    patch: ConversionPatch | None


class ConversionFinding(msgspec.Struct, frozen=True):
    """What running something else showed; `ok` false: skipping Python would answer stale."""

    what: str
    ok: bool
    note: str
    file: str
    line: int


class ConversionReport(msgspec.Struct, frozen=True):
    """The account of a conversion."""

    version: int
    name: str
    verdict: str
    ok: bool
    replay: ReplayKind
    segments: int
    operators: int
    specialisations: int
    batch: BatchKind
    batch_note: str
    batch_file: str
    batch_line: int
    runs: int
    compile_seconds: float
    parity: list[ParityRow]
    costs: list[CostRow]
    blockers: list[ConversionBlocker]
    findings: list[ConversionFinding]
    passes: list[str]
    notes: list[str]
    cancelled: bool


class ConversionError(msgspec.Struct, frozen=True):
    """An exception of the user's code."""

    name: str
    message: str
    traceback: list[str]


class Conversion(msgspec.Struct, frozen=True):
    """A conversion in the notebook's process; `done` runs from 0 to 1, `code` does the same."""

    version: int
    number: int
    name: str
    samples: list[str]
    state: ConversionState
    stage: str
    done: float
    error: ConversionError | None
    report: ConversionReport | None
    code: str


class SampleOffer(msgspec.Struct, frozen=True):
    """An argument and the expression to try it on, "" where it has to be asked for."""

    argument: str
    expression: str
    text: str


class ConversionTarget(msgspec.Struct, frozen=True):
    """A module or function of the notebook that can be converted."""

    name: str
    kind: TargetKind
    text: str
    file: str
    line: int
    static: bool
    samples: list[SampleOffer]


class ConversionTargets(msgspec.Struct, frozen=True):
    """What the notebook holds that can be converted."""

    version: int
    targets: list[ConversionTarget]
