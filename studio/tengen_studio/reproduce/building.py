"""Builds the environment that a version was saved with, into the project's own folder.

uv installs if it is at hand, else pip. With a wheelhouse (a folder of wheels) nothing is asked
for over the network. A finished environment is kept and used again while the lock is the same;
no version contains it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tengen_studio.environment import ENGINE, Environment, environment, normal_name
from tengen_studio.errors import StudioError
from tengen_studio.tasks import Task

FOLDER = ".environment"
_MARK = "tengen-lock.json"
_SECRET_WORDS = ("token", "secret", "password", "passwd", "key", "cookie", "credential", "database")


class BuildError(StudioError):
    """The environment cannot be built; the message says what was missing."""

    status = 409
    code = "conflict"


def changed(packages: Mapping[str, str]) -> list[tuple[str, str, str | None]]:
    """Return each package that has another version here, or none: name, then, now."""
    here = environment().packages
    return [(name, v, here.get(name)) for name, v in packages.items() if here.get(name) != v]


def build(folder: Path, wanted: Environment, wheelhouse: str, task: Task) -> Path:
    """Return the Python of an environment in `folder` with the packages of `wanted`.

    Raises:
        BuildError: another Python is needed, or a package is not to be had.
        CancelledError: the task was cancelled.
    """
    lock = _requirements(wanted)
    python = folder / FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = folder / FOLDER / _MARK
    digest = hashlib.sha256("\n".join([wanted.python, *lock]).encode()).hexdigest()
    if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")).get("lock") == digest:
        return python
    _check_python(wanted)
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    make, install = _tools(folder / FOLDER, python)
    _call(make, task)
    requirements = folder / FOLDER / "requirements.txt"
    requirements.write_text("\n".join(lock) + "\n", encoding="utf-8")
    # The lock is complete: what it does not name is not wanted.
    offline = ["--no-index", "--find-links", wheelhouse] if wheelhouse else []
    _call([*install, "--no-deps", *offline, "-r", str(requirements)], task)
    if ENGINE in wanted.local:
        _link_ourselves(folder / FOLDER)
    mark.write_text(json.dumps({"lock": digest}), encoding="utf-8")
    return python


def _tools(place: Path, python: Path) -> tuple[list[str], list[str]]:
    """Return the commands that make the environment and that install into it."""
    uv = shutil.which("uv") or shutil.which("uv", path=sysconfig.get_path("scripts"))
    if uv:
        make = [uv, "venv", "--python", sys.executable, str(place)]
        return make, [uv, "pip", "install", "--python", str(python)]
    if importlib.util.find_spec("pip"):
        # Our own pip installs into the environment, which then needs none: that saves seconds.
        make = [sys.executable, "-m", "venv", "--without-pip", str(place)]
        return make, [sys.executable, "-m", "pip", "--python", str(python), "install"]
    return [sys.executable, "-m", "venv", str(place)], [str(python), "-m", "pip", "install"]


def _check_python(wanted: Environment) -> None:
    here = environment()
    one, two = wanted.python.split(".")[:2], here.python.split(".")[:2]
    if one != two:
        raise BuildError(
            f"Python {'.'.join(one)} was recorded; this server runs on {'.'.join(two)}."
        )
    others = [name for name in wanted.local if name != ENGINE]
    if others:
        raise BuildError(
            f"{', '.join(others)} came from a folder of the machine where the version was saved, "
            "which cannot be installed here."
        )
    if ENGINE in wanted.local and wanted.packages.get(ENGINE) != here.packages.get(ENGINE):
        raise BuildError(
            f"Tengen {wanted.packages.get(ENGINE)} was recorded, from a folder; "
            f"{here.packages.get(ENGINE)} is here."
        )


def _requirements(wanted: Environment) -> list[str]:
    return [
        f"{name}=={version}"
        for name, version in wanted.packages.items()
        if name not in wanted.local
    ]


def _link_ourselves(place: Path) -> None:
    """Make the Tengen that runs here importable in the environment."""
    import tengen_studio

    studio = Path(tengen_studio.__file__).resolve().parents[1]
    engine = studio.parent / "engine"
    folders = [str(path) for path in (studio, engine) if path.is_dir()]
    (site,) = (
        place.glob("lib/python*/site-packages")
        if os.name != "nt"
        else [place / "Lib" / "site-packages"]
    )
    (site / "tengen_here.pth").write_text("\n".join(folders) + "\n", encoding="utf-8")


def quiet_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without what looks like a secret or is the server's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "JPY_"))
        and not any(word in name.lower() for word in _SECRET_WORDS)
    }
    return kept | dict(extra or {})


def _call(command: Sequence[str], task: Task) -> None:
    """Run a command to its end, or stop it with all its children when the task is cancelled."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=quiet_environment(),
    ) as process:
        said = ""
        while True:
            try:
                said, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if task.cancelled.is_set():
                    stop(process)
        task.check()
        if process.returncode:
            lines = [line for line in said.splitlines() if line.strip()]
            raise BuildError(f"The packages could not be installed: {' '.join(lines[-3:])[:600]}")


def stop(process: subprocess.Popen[Any]) -> None:
    """Kill a process with everything that it started: a kernel leads a session of its own."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.kill()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def engine_version(packages: Mapping[str, str]) -> str | None:
    """Return the engine's version among recorded packages."""
    return packages.get(normal_name(ENGINE))
