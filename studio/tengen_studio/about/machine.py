"""Reads what the machine has from the operating system: files and one call, no subprocess."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from tengen_studio.about.schemas import Machine

_CGROUP = Path("/sys/fs/cgroup")
_NVIDIA = Path("/proc/driver/nvidia/gpus")


def read_machine(folder: Path) -> Machine:
    """Return the machine's figures; the disk is the one that holds `folder`."""
    disk = shutil.disk_usage(folder)
    return Machine(_cpus(), _gpus(), _memory(), disk.free, disk.total)


def _cpus() -> int:
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells the affinity
        count = os.cpu_count() or 1
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        count = min(count, max(1, round(int(quota) / int(period))))
    return count


def _memory() -> int | None:
    sizes = [
        int(text)
        for name in ("memory.max", "memory/memory.limit_in_bytes")
        if (text := _read(_CGROUP / name)).isdigit()
    ]
    with contextlib.suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(sizes, default=None)


def _gpus() -> list[str]:
    """Return the models that NVIDIA's driver lists; empty without the driver."""
    names = []
    for card in sorted(_NVIDIA.glob("*/information")):
        for line in _read(card).splitlines():
            field, _, value = line.partition(":")
            if field.strip() == "Model":
                names.append(value.strip())
    return names


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
