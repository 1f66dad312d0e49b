"""About over HTTP, and the machine's figures against what the system says."""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tengen_studio.about.machine import read_machine


async def test_about(jp_fetch: Any) -> None:
    body = json.loads((await jp_fetch("tengen-studio", "api", "about")).body)
    assert body["version"] == version("tengen-studio")
    assert body["jupyterlab"] == version("jupyterlab")
    assert body["kernels"]["numba"] == version("numba")
    assert body["machine"]["cpus"] >= 1


def test_machine_figures_are_the_systems(tmp_path: Path) -> None:
    machine = read_machine(tmp_path)
    assert 1 <= machine.cpus <= (os.cpu_count() or 1)
    assert machine.disk_total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < machine.disk_free_bytes <= machine.disk_total_bytes
    assert machine.memory_bytes is None or machine.memory_bytes > 2**20
