"""Choices measured on a kind of GPU, kept in a file so that later processes need not measure."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import library, program

FILE = "fast_run.json"
RUNS = 5


def remembered(key: str) -> int | None:
    """The number kept under a key; None where there is none."""
    found = _read().get(key)
    return found if isinstance(found, int) else None


def remember(key: str, choice: int) -> None:
    """Keep a number, together with what other processes have added meanwhile."""
    folder = program.cache_directory()
    if folder is None:
        return
    merged = {**_read(), key: choice}
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(merged, file, indent=0, sort_keys=True)
        os.replace(name, folder / FILE)


def _read() -> dict[str, Any]:
    folder = program.cache_directory()
    if folder is None:
        return {}
    try:
        found = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def gpu_name() -> str:
    """The model of the current GPU."""
    cupy = library.load()
    properties = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())
    return properties["name"].decode()  # type: ignore[no-any-return]


def milliseconds(call: Callable[[], None]) -> float:
    """The shortest of a few runs on the current stream, after one that does not count."""
    cupy = library.load()
    call()
    times = []
    for _ in range(RUNS):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        start.record()
        call()
        end.record()
        end.synchronize()
        times.append(cupy.cuda.get_elapsed_time(start, end))
    return min(times)


def fastest(key: str, calls: dict[int, Callable[[], None]], time: Any = milliseconds) -> int:
    """The number of the call that takes least, measured once for each key and kept.

    Calls that raise are left out; with none left the first number is the answer.
    """
    known = remembered(key)
    if known in calls:
        return known  # type: ignore[return-value]
    times: dict[int, float] = {}
    for number, call in calls.items():
        with contextlib.suppress(Exception):  # an engine may refuse only when it is run
            times[number] = time(call)
    choice = min(times, key=lambda number: times[number]) if times else next(iter(calls))
    remember(key, choice)
    return choice
