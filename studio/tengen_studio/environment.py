"""What a notebook runs with here: Python, the machine's kind, and every installed package.

A version records it (`Version.details["environment"]`), so that the work can be run again with
the same; the engine is one of the packages.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import threading
from importlib.metadata import Distribution, distributions
from pathlib import Path

from msgspec import Struct

ENGINE = "tengen-studio"


class Environment(Struct, frozen=True):
    """Python's version, the system, and each package's version by its normal name.

    `local` names the packages that were installed from a folder of this machine: another one
    cannot get them by their version.
    """

    python: str
    implementation: str
    system: str
    machine: str
    packages: dict[str, str]
    local: list[str]


_lock = threading.Lock()
_known: dict[tuple[tuple[str, int], ...], Environment] = {}


def environment() -> Environment:
    """Return what is installed where the server runs, which is where its kernels run."""
    state = tuple((entry, _changed(entry)) for entry in sys.path)
    with _lock:
        if state not in _known:
            # Looking into every package takes a tenth of a second; an installation is seen by
            # its folder's time.
            _known.clear()
            _known[state] = _read()
        return _known[state]


def normal_name(name: str) -> str:
    """Return a package's name as indexes compare it: lower case, runs of `-_.` as one `-`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _changed(entry: str) -> int:
    try:
        return Path(entry or ".").stat().st_mtime_ns
    except OSError:
        return 0


def _read() -> Environment:
    packages: dict[str, str] = {}
    local: set[str] = set()
    for found in distributions():
        name = normal_name(found.metadata["Name"] or "")
        # The first on the path is the one that is imported.
        if name and name not in packages:
            packages[name] = found.version
            if _is_local(found):
                local.add(name)
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        system=platform.system(),
        machine=platform.machine(),
        packages=dict(sorted(packages.items())),
        local=sorted(local),
    )


def _is_local(found: Distribution) -> bool:
    try:
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except (OSError, ValueError):
        return False
    return str(origin.get("url", "")).startswith("file:")
