"""Asks NVIDIA's driver (NVML) about the GPUs and their processes, where there is a driver.

The package `nvidia-ml-py` is optional and imported at the first question; the driver stays open
between questions.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

RECENT = 3_000_000
"""Microseconds that a process's utilisation is told of; the driver samples a few times a second."""
_LOCK = Lock()

Value = TypeVar("Value")


@dataclass(frozen=True)
class Process:
    """A process on a GPU; None for what the driver does not tell."""

    pid: int
    bytes: int | None
    percent: int | None


@dataclass(frozen=True)
class Card:
    """A GPU; None for what the driver does not tell."""

    name: str
    used: int | None = None
    total: int | None = None
    percent: int | None = None
    processes: list[Process] = field(default_factory=list)


def look() -> tuple[list[Card], str]:
    """Return the GPUs, and "" or why none is seen."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return [], "the package nvidia-ml-py is not installed"
    with _LOCK:
        try:
            nvml.nvmlInit()
            try:
                found = [_card(nvml, number) for number in range(nvml.nvmlDeviceGetCount())]
            finally:
                nvml.nvmlShutdown()
        except nvml.NVMLError as error:
            if error.value == nvml.NVML_ERROR_LIBRARY_NOT_FOUND:
                return [], "no NVIDIA driver was found"
            return [], f"the NVIDIA driver does not answer: {error}"
    return found, "" if found else "the NVIDIA driver shows no GPU"


def _card(nvml: Any, number: int) -> Card:
    handle = nvml.nvmlDeviceGetHandleByIndex(number)
    memory = _told(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    rates = _told(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    return Card(
        name=str(_told(nvml, lambda: nvml.nvmlDeviceGetName(handle)) or f"GPU {number}"),
        used=None if memory is None else int(memory.used),
        total=None if memory is None else int(memory.total),
        percent=None if rates is None else int(rates.gpu),
        processes=_processes(nvml, handle),
    )


def _processes(nvml: Any, handle: Any) -> list[Process]:
    since = int(time.time() * 1e6) - RECENT
    samples = _told(nvml, lambda: nvml.nvmlDeviceGetProcessUtilization(handle, since)) or []
    busy = {int(s.pid): int(s.smUtil) for s in sorted(samples, key=lambda s: int(s.timeStamp))}
    running = _told(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle)) or []
    return [Process(int(p.pid), p.usedGpuMemory, busy.get(int(p.pid))) for p in running]


def _told(nvml: Any, ask: Callable[[], Value]) -> Value | None:
    """Return the answer, or None: not every card, nor every container, answers every question."""
    try:
        return ask()
    except nvml.NVMLError:
        return None
