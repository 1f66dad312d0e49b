"""ConversionReport: what a conversion found, as data, text, JSON and HTML."""

import dataclasses
import html
import json
import math
from pathlib import Path
from typing import Any

from .batches import Varies
from .reasons import CAUSES, Reason, suggestion
from .rewriting import Patch, patch_for


@dataclasses.dataclass
class ParityRow:
    """One comparison: the static result against the dynamic one.

    `difference` is relative to the largest value, in the array furthest beyond its `tolerance`:
    four times `reference`, which is what the dynamic program itself is off a float64 run, or moves
    when its data move by their last bits; at least a floor, more where no float64 run was possible.
    """

    what: str
    difference: float
    tolerance: float
    reference: float | None

    @property
    def agrees(self) -> bool:
        """True when the difference is within the tolerance."""
        return self.difference <= self.tolerance


@dataclasses.dataclass
class CostRow:
    """One figure before and after: milliseconds a call, or peak bytes above what was held."""

    what: str
    unit: str
    before: float
    after: float


@dataclasses.dataclass
class Blocker:
    """A root cause that keeps Python in the call: how often a call meets it and what it costs.

    `fix` says what to change; `patch` is the source as it could stand, where a safe change is
    known.
    """

    cause: str
    about: str
    file: str
    line: int
    text: str
    count: int
    cost_ms: float
    fix: str
    patch: Patch | None = None


@dataclasses.dataclass
class Finding:
    """What running something else showed: other inputs, another mode, another seed, a second call.

    `ok` False: a replay that skips Python would answer stale; `note` says in what.
    """

    what: str
    ok: bool
    note: str = ""
    file: str = ""
    line: int = 0


@dataclasses.dataclass
class ConversionReport:
    """The account of a conversion. Stages that were not run leave their lists empty.

    `batch`: "any" if one graph serves every batch size from 2 on, "each" if every size is recorded
    by itself, because of `batch_note`; "" if no other size was tried. `specialisations` counts the
    recordings, those of later calls too.
    """

    name: str
    replay: str = "checked"
    segments: int = 0
    operators: int = 0
    specialisations: int = 1
    batch: str = ""
    batch_note: str = ""
    batch_file: str = ""
    batch_line: int = 0
    runs: int = 0
    compile_seconds: float = 0.0
    parity: list[ParityRow] = dataclasses.field(default_factory=list)
    costs: list[CostRow] = dataclasses.field(default_factory=list)
    blockers: list[Blocker] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    passes: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    cancelled: bool = False

    @property
    def ok(self) -> bool:
        """True when everything that was compared agrees."""
        return all(row.agrees for row in self.parity)

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        if self.cancelled:
            return "Static; the comparison was stopped before its end."
        if not self.parity:
            return "Static; the results have not been compared yet."
        if not self.ok:
            worst = max(self.parity, key=lambda row: row.difference / max(row.tolerance, 1e-300))
            return f"Not the same: {worst.what} differ by {worst.difference:.1e}."
        parts = ["Static, same results"]
        for row in self.costs:
            if row.before > 0 and row.after > 0:
                if row.unit == "ms":
                    parts.append(_speed(row.before / row.after))
                else:
                    parts.append(_share(row.after / row.before))
        return ", ".join(parts) + "."

    def batches(self, how: str, why: Varies | None) -> None:
        """Note how other batch sizes are met, and why each by itself."""
        self.batch, self.batch_note, self.batch_file, self.batch_line = how, "", "", 0
        if why is not None:
            self.batch_note, self.batch_file, self.batch_line = str(why), why.file, why.line

    def _batches(self) -> str:
        because = f": {self.batch_note}" if self.batch_note else ""
        because += f" at {self.batch_file}:{self.batch_line}" if self.batch_file else ""
        return {"any": "one graph for all", "each": f"each recorded by itself{because}"}.get(
            self.batch, "not tried"
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, the contract of the studio's view."""
        made = dataclasses.asdict(self)
        made["version"] = 1
        made["verdict"] = self.verdict
        made["ok"] = self.ok
        for row, source in zip(made["parity"], self.parity, strict=True):
            row["agrees"] = source.agrees
            for field in ("difference", "tolerance", "reference"):
                if row[field] is not None and not math.isfinite(row[field]):
                    row[field] = None
        return made

    def to_json(self, path: str | Path | None = None) -> str:
        """The report as JSON text, written to `path` if one is given."""
        return _written(json.dumps(self.to_dict(), indent=1, allow_nan=False), path)

    def to_text(self, path: str | Path | None = None) -> str:
        """The report as plain text."""
        lines = [f"{self.name}: {self.verdict}", ""]
        for title, rows in self._tables():
            if rows:
                lines += [title, *(f"  {'  '.join(row)}" for row in _aligned(rows)), ""]
        return _written("\n".join(lines).rstrip() + "\n", path)

    def to_html(self, path: str | Path | None = None) -> str:
        """The report as one HTML page without scripts or outside parts."""
        body = [f"<h1>{html.escape(self.name)}</h1><p class=v>{html.escape(self.verdict)}</p>"]
        for title, rows in self._tables():
            if rows:
                cells = "".join(
                    "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>"
                    for row in rows
                )
                body.append(f"<h2>{html.escape(title)}</h2><table>{cells}</table>")
        page = f"<!doctype html><meta charset=utf-8><title>{html.escape(self.name)}</title>{_STYLE}"
        return _written(page + "".join(body), path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/plain": self.to_text(),
            "text/html": self.to_html(),
            "application/vnd.tengen.conversion+json": self.to_dict(),
        }

    def __str__(self) -> str:
        return self.to_text()

    def _tables(self) -> list[tuple[str, list[list[str]]]]:
        reference = "tolerance: 4x the dynamic program's own distance from a float64 run"
        blockers = []
        for b in self.blockers:
            where = f"{b.file}:{b.line}" if b.file else ""
            times = f"{b.count}x a call"
            blockers.append([where, b.text, _cause(b), times, f"{b.cost_ms:.2f} ms", b.fix])
        return [
            (
                f"Parity ({reference})",
                [
                    [r.what, f"{r.difference:.1e}", f"of {r.tolerance:.1e}", _mark(r.agrees)]
                    for r in self.parity
                ],
            ),
            (
                "Before and after",
                [[r.what, _amount(r.before, r.unit), _amount(r.after, r.unit)] for r in self.costs],
            ),
            (
                "How it runs",
                [
                    ["replay", self.replay],
                    ["segments", str(self.segments)],
                    ["operators", str(self.operators)],
                    ["specialisations", str(self.specialisations)],
                    ["other batch sizes", self._batches()],
                    ["runs of your code", str(self.runs)],
                    ["capture and compile", f"{self.compile_seconds:.2f} s"],
                ],
            ),
            (f"Stayed dynamic ({len(blockers)})", blockers),
            ("Staleness", [[f.what, _mark(f.ok), f.note] for f in self.findings]),
            ("Passes", [[p] for p in self.passes]),
            ("Notes", [[n] for n in self.notes]),
        ]


def blocker(found: Reason, count: int, cost_ms: float) -> Blocker:
    """The card of a Reason."""
    patch = patch_for(found.file, found.line) if found.cause == "host read" else None
    return Blocker(
        found.cause, found.about, found.file, found.line, found.text, count, cost_ms,
        suggestion(found), patch,
    )  # fmt: skip


def _cause(b: Blocker) -> str:
    return CAUSES[b.cause] + (f" ({b.about})" if b.about else "")


def _speed(times: float) -> str:
    if times >= 1.05:
        return f"{times:.1f}x faster"
    return "the same speed" if times > 0.95 else f"{times:.2f}x the speed"


def _share(memory: float) -> str:
    percent = f"{memory:.0%}"
    return "the same memory" if percent == "100%" else f"{percent} of the memory"


def _mark(ok: bool) -> str:
    return "ok" if ok else "NO"


def _amount(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.1f} MB"
    return f"{value:.1f} {unit}" if value >= 10 else f"{value:.3f} {unit}"


def _aligned(rows: list[list[str]]) -> list[list[str]]:
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(len(rows[0]))]
    return [[c.ljust(w) for c, w in zip(row, widths, strict=False)] for row in rows]


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


_STYLE = (
    "<style>body{font:14px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.2em;margin:0}h2{font-size:1em;margin:1.6em 0 .3em}"
    ".v{font-size:1.3em;margin:.2em 0}table{border-collapse:collapse}td{padding:.15em 1em .15em 0;"
    "vertical-align:top;font-variant-numeric:tabular-nums;border-bottom:1px solid #8883}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}</style>"
)
