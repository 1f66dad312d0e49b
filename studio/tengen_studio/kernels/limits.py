"""Memory limits of a process, and whether the system has enforced one, from Linux's own files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tengen_studio.documents.trouble import LimitKind

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Limits:
    """The narrowest limit of a process in bytes, of which kind, and how often it killed so far.

    `kills` counts within the control group, `machine_kills` on the whole machine; None where the
    system does not tell.
    """

    limit: int | None
    kind: LimitKind | None
    kills: int | None
    machine_kills: int | None


def limits_of(pid: int) -> Limits:
    """Return the limits of a running process."""
    folder = _group(pid)
    found: list[tuple[int, LimitKind]] = []
    if (size := _group_limit(folder)) is not None:
        found.append((size, "control group"))
    if (size := _address_space(pid)) is not None:
        found.append((size, "address space"))
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found.append((machine, "machine"))
    limit, kind = min(found)
    return Limits(limit, kind, _group_kills(folder), _count("/proc/vmstat", "oom_kill"))


def _group(pid: int) -> Path:
    """Return the folder of the control group that bounds the process's memory."""
    for line in _read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" and (_ROOT / "cgroup.controllers").exists():
            folder = _ROOT / path.lstrip("/")
        elif "memory" in controllers.split(","):
            folder = _ROOT / "memory" / path.lstrip("/")
        else:
            continue
        # Inside a container the path may be one that only its host can see.
        return folder if folder.is_dir() else _ROOT / ("memory" if controllers else "")
    return _ROOT


def _group_limit(folder: Path) -> int | None:
    sizes = []
    for level in (folder, *folder.parents):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _read(str(level / name)).strip()
            if text.isdigit() and int(text) < 1 << 60:
                sizes.append(int(text))
        if level == _ROOT:
            break
    return min(sizes, default=None)


def _group_kills(folder: Path) -> int | None:
    for name in ("memory.events", "memory.oom_control"):
        count = _count(str(folder / name), "oom_kill")
        if count is not None:
            return count
    return None


def _address_space(pid: int) -> int | None:
    found = re.search(r"^Max address space\s+(\d+)", _read(f"/proc/{pid}/limits"), re.M)
    return int(found[1]) if found else None


def _count(file: str, name: str) -> int | None:
    found = re.search(rf"^{name} (\d+)$", _read(file), re.M)
    return int(found[1]) if found else None


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
