"""Tells how a process came to its end: from its status, its limits, and what it left behind."""

from __future__ import annotations

import contextlib
import json
import linecache
import re
import secrets
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tengen_studio.documents.source import Source
from tengen_studio.documents.trouble import Cause, KernelDeath, LimitKind
from tengen_studio.kernels.journal import crash_of, is_own, journal_of
from tengen_studio.kernels.limits import Limits

NEAR = 0.85
"""From this share of a limit on, a killed process is taken to have died of it."""
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.M)
_CELL = re.compile(r"[\\/]ipykernel_\d+[\\/]\d+\.py$")


@dataclass(frozen=True)
class Ending:
    """What the system says of a process that is gone: status as Popen's, peak in bytes."""

    status: int
    peak: int | None
    before: Limits
    after: Limits


def explain(connection_file: str, ending: Ending) -> KernelDeath:
    """Return the death of the kernel that had this connection file."""
    entry = _journal(journal_of(connection_file))
    crash = _crash(crash_of(connection_file))
    stack = crash or [_source(file, line, entry) for file, line, _ in entry.get("stack", [])]
    limit, kind = _limit(ending.before, entry)
    cause, certain = _cause(ending, entry, limit, kind)
    now = time.time()
    return KernelDeath(
        id=secrets.token_urlsafe(8),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        cause=cause,
        certain=certain,
        signal=_signal(ending.status),
        status=ending.status if ending.status >= 0 else None,
        peak=ending.peak,
        limit=limit,
        limit_kind=kind,
        held=entry.get("held"),
        capacity=entry.get("capacity"),
        cell=entry.get("cell"),
        ran=round(now - entry["started"], 1) if "started" in entry else None,
        stack=stack,
        exact=bool(crash),
        age=round(now - entry["looked"], 1) if not crash and "looked" in entry else None,
    )


def forget(connection_file: str) -> None:
    """Remove what a kernel left behind."""
    for path in (journal_of(connection_file), crash_of(connection_file)):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _limit(before: Limits, entry: dict[str, Any]) -> tuple[int | None, LimitKind | None]:
    """Return the narrowest limit; a program may have set one for itself since it started."""
    own = entry.get("address_space")
    if own and (before.limit is None or own < before.limit):
        return own, "address space"
    return before.limit, before.kind


def _cause(
    ending: Ending, entry: dict[str, Any], limit: int | None, kind: LimitKind | None
) -> tuple[Cause, bool]:
    """Return the cause, and whether the system itself tells it."""
    if ending.status >= 0:
        return "exit", True
    before, after = ending.before, ending.after
    if ending.status == -signal.SIGKILL:
        if (after.kills or 0) > (before.kills or 0):
            return "memory", True
        if (after.machine_kills or 0) > (before.machine_kills or 0):
            return "memory", False
    elif kind != "address space":
        return "signal", True
    largest = max(ending.peak or 0, entry.get("held") or 0)
    if kind == "address space":
        largest = max(largest, entry.get("address_used") or 0)
    if limit and largest >= NEAR * limit:
        return "memory", False
    return "signal", True


def _signal(status: int) -> str | None:
    if status >= 0:
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _journal(path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _crash(path: Path) -> list[Source]:
    """Return the user's lines of the interpreter's last words, the outermost first."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    frames = [(file, int(line)) for file, line in _FRAME.findall(text)]
    return [_source(file, line, {}) for file, line in reversed(frames) if is_own(file)]


def _source(file: str, line: int, entry: dict[str, Any]) -> Source:
    """Return a line as the viewers know it; those of cells have their text in the notebook."""
    cell = entry.get("cell") if file == entry.get("file") else None
    text = "" if _CELL.search(file) else linecache.getline(file, line).strip()
    return Source(file=file, line=line, cell=cell, text=text)
