"""Killed or failing at any boundary, an operation has happened or not; nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .operations import OPERATIONS

ROOT = Path(__file__).parents[3]
SAMPLES = 3


# A file system of one's own, also for who is not root; not every system grants it.
ALONE = ("unshare", "-Urm")


def call(*command: str) -> dict[str, Any]:
    """Return what a program of this folder prints, in a process of its own."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kill_everywhere(most: int, *words: str) -> dict[str, Any]:
    """Run the killer, which has no threads to lose by forking there."""
    return call(sys.executable, "-m", "tests.studio.crash.runner", str(most), *words)


@pytest.fixture
def fill_everywhere() -> Callable[..., dict[str, Any]]:
    """Runs operations on a small disk of their own."""
    mount = "mount -t tmpfs tmpfs /mnt"
    if shutil.which(ALONE[0]) is None or subprocess.run([*ALONE, "sh", "-c", mount]).returncode:
        pytest.skip("this system gives no file system of one's own")
    return lambda *words: call(*ALONE, sys.executable, "-m", "tests.studio.crash.full", *words)


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


def test_a_disk_that_stays_full(fill_everywhere: Callable[..., dict[str, Any]]) -> None:
    results = fill_everywhere("every=4", "restore")
    assert all(found["refused"] >= 2 for found in results.values())
    assert problems(results) == []


@pytest.mark.long
def test_a_full_disk_without_second_names(fill_everywhere: Callable[..., dict[str, Any]]) -> None:
    results = fill_everywhere("every=2", "linkless", "restore")
    assert all(found["refused"] >= 2 for found in results.values())
    assert problems(results) == []


@pytest.mark.long
def test_every_operation_on_a_disk_that_stays_full(
    fill_everywhere: Callable[..., dict[str, Any]], tell: Callable[[str], None]
) -> None:
    results = fill_everywhere()
    assert set(results) == set(OPERATIONS)
    for name, found in results.items():
        tell(f"{name}: {found['refused']} of {found['tried']} full disks refused it")
    assert all(found["refused"] for found in results.values())
    assert problems(results) == []
