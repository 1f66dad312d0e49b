"""Killed or failing at any boundary, an operation has happened or not; nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .operations import OPERATIONS

ROOT = Path(__file__).parents[3]
SAMPLES = 3


def kill_everywhere(most: int, *words: str) -> dict[str, Any]:
    """Run the killer in a process of its own, which has no threads to lose by forking."""
    command = [sys.executable, "-m", "tests.studio.crash.runner", str(most), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def problems(results: dict[str, Any]) -> list[str]:
    """Return what went wrong in any operation."""
    return [problem for found in results.values() for problem in found["problems"]]


def test_a_sample_of_boundaries() -> None:
    results = kill_everywhere(SAMPLES)
    assert set(results) == set(OPERATIONS)
    assert all(found["tried"] >= SAMPLES for found in results.values())
    assert problems(results) == []


@pytest.mark.long
def test_every_boundary(tell: Callable[[str], None]) -> None:
    results = kill_everywhere(0)
    for name, found in results.items():
        tell(f"{name}: killed at {found['tried']} boundaries")
    tell(f"{sum(found['tried'] for found in results.values())} boundaries in all")
    assert problems(results) == []


def test_a_full_disk_while_a_version_is_saved() -> None:
    results = kill_everywhere(2, "--full", "version")
    assert results["version"]["tried"] >= 2
    assert problems(results) == []


@pytest.mark.long
@pytest.mark.parametrize("failure", ["--full", "--denied"])
def test_a_full_disk_and_a_closed_folder_at_every_boundary(failure: str) -> None:
    results = kill_everywhere(0, failure)
    assert sum(found["tried"] for found in results.values()) > 200
    assert problems(results) == []
