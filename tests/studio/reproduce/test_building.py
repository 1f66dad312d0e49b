"""Environments: built offline from a wheelhouse with the recorded versions, and used again."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tengen_studio.environment import Environment, environment, normal_name
from tengen_studio.reproduce import building
from tengen_studio.reproduce.building import BuildError
from tengen_studio.tasks import CancelledError, Task


def wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel of one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{path},sha256={digest.decode()},{len(text)}\n")
    files[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


@dataclass
class Place:
    """A project's folder beside a wheelhouse with two versions of one package."""

    project: Path
    wheels: Path

    def build(self, wanted: Environment, task: Task | None = None) -> Path:
        """Build `wanted` into the project."""
        return building.build(self.project, wanted, str(self.wheels), task or Task("test"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty project, and `tengen_tiny` 1.0 and 2.0 as wheels."""
    made = Place(tmp_path / "project", tmp_path / "wheels")
    made.project.mkdir()
    made.wheels.mkdir()
    for version in ("1.0", "2.0"):
        wheel(made.wheels, "tengen_tiny", version)
    return made


def wanted(**changes: Any) -> Environment:
    """Return this machine's environment with one small package in it."""
    here = environment()
    fields = {"packages": {"tengen-tiny": "1.0"}, "local": []} | changes
    return msgspec.structs.replace(here, **fields)


def says(python: Path, code: str) -> str:
    """Return what a program of that Python prints."""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_recorded_version_is_installed_and_used_again(place: Place) -> None:
    python = place.build(wanted())
    assert says(python, "import tengen_tiny; print(tengen_tiny.VERSION)") == "1.0"
    (place.project / ".environment" / "kept").write_text("")
    assert place.build(wanted()) == python
    assert (place.project / ".environment" / "kept").exists()
    place.build(wanted(packages={"tengen-tiny": "2.0"}))
    assert says(python, "import tengen_tiny; print(tengen_tiny.VERSION)") == "2.0"
    assert not (place.project / ".environment" / "kept").exists()


def test_nothing_but_the_lock_is_there(place: Place) -> None:
    python = place.build(wanted())
    code = "import importlib.util as u; print(u.find_spec('numpy'), u.find_spec('tengen'))"
    assert says(python, code) == "None None"


def test_the_tengen_that_runs_here_is_linked_in(place: Place) -> None:
    packages = {"tengen-tiny": "1.0", "tengen-studio": environment().packages["tengen-studio"]}
    python = place.build(wanted(packages=packages, local=["tengen-studio"]))
    code = "import importlib.util as u; print(u.find_spec('tengen').origin)"
    assert says(python, code).endswith(os.path.join("tengen", "__init__.py"))


def test_what_is_not_to_be_had_is_named(place: Place) -> None:
    with pytest.raises(BuildError, match=r"tengen-tiny==3\.0"):
        place.build(wanted(packages={"tengen-tiny": "3.0"}))
    assert place.build(wanted()).exists()


def test_another_python_and_local_packages_are_refused(place: Place) -> None:
    with pytest.raises(BuildError, match=r"Python 3\.7 was recorded"):
        place.build(wanted(python="3.7.1"))
    with pytest.raises(BuildError, match="mine came from a folder"):
        place.build(wanted(packages={"mine": "1"}, local=["mine"]))
    with pytest.raises(BuildError, match=r"Tengen 0\.0 was recorded"):
        place.build(wanted(packages={"tengen-studio": "0.0"}, local=["tengen-studio"]))
    assert list(place.project.iterdir()) == []


def test_a_cancelled_build_leaves_no_finished_environment(place: Place) -> None:
    task = Task("test")
    task.cancelled.set()
    with pytest.raises(CancelledError):
        place.build(wanted(), task)
    python = place.build(wanted())
    assert says(python, "import tengen_tiny; print(tengen_tiny.VERSION)") == "1.0"


def test_what_is_installed_is_recorded_once_and_anew_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment() is environment()
    assert environment().packages["msgspec"] == msgspec.__version__
    assert "tengen-studio" in environment().packages
    info = tmp_path / "fresh_thing-4.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Fresh_Thing\nVersion: 4.5\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert environment().packages["fresh-thing"] == "4.5"


@pytest.mark.parametrize("name", ["Fresh_Thing", "fresh.thing", "fresh--thing", "FRESH-THING"])
def test_names_are_compared_as_indexes_do(name: str) -> None:
    assert normal_name(name) == "fresh-thing"


def test_the_servers_secrets_stay_out_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MY_API_KEY", "DB_PASSWORD", "JUPYTER_TOKEN", "JPY_PARENT_PID", "DATABASE_URL"):
        monkeypatch.setenv(name, "value")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    kept = building.quiet_environment({"EXTRA": "1"})
    assert "value" not in kept.values()
    assert (kept["OMP_NUM_THREADS"], kept["EXTRA"]) == ("2", "1")
